import { expect, test } from 'vitest';

import { filmKeys, valuesAt, withKey } from './timeline';

const keys = [{ time: 2, values: { 'fade.start': 1, 'z.seed': 7 } }, { time: 0, values: { 'fade.start': 0, 'z.seed': 3 } }];

test('numbers move evenly, seeds change at their key', () => {
  expect(valuesAt(keys, 1)).toEqual({ 'fade.start': 0.5, 'z.seed': 3 });
  expect(valuesAt(keys, 3)).toEqual({ 'fade.start': 1, 'z.seed': 7 });
  expect(valuesAt(keys, -1)).toEqual({ 'fade.start': 0, 'z.seed': 3 });
});

test('a key close to another joins it', () => {
  expect(withKey(keys, 0.02, { 'a.t': 1 })[0]).toEqual({ time: 0, values: { 'fade.start': 0, 'z.seed': 3, 'a.t': 1 } });
  expect(withKey(keys, 1, {})).toHaveLength(3);
});

test('the studio reads keys in order', () => {
  expect(filmKeys(keys)[0]?.values[0]).toEqual({ node: 'fade', field: 'start', value: 0 });
});
