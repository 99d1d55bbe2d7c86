import { expect, test } from 'vitest';

import { filmKeys, isStill, keysOf, stretched, tracksOf, valuesAt, withKey, withoutTrack } from './timeline';

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

test('a film comes back from the studio as it was sent', () => {
  expect(keysOf({ seconds: 4, keys: filmKeys(keys) })).toEqual([keys[1], keys[0]]);
  expect(keysOf(null)).toEqual([]);
});

test('a field leaves the film with its keys', () => {
  expect(tracksOf(keys)).toEqual(['fade.start', 'z.seed']);
  expect(tracksOf(withoutTrack(keys, 'z.seed'))).toEqual(['fade.start']);
  expect(withoutTrack([{ time: 1, values: { 'z.seed': 3 } }], 'z.seed')).toEqual([]);
});

test('a film is still until a field has two values', () => {
  expect(isStill(keys)).toBe(false);
  expect(isStill([])).toBe(true);
  expect(isStill([{ time: 0, values: { 'fade.start': 1 } }, { time: 2, values: { 'fade.start': 1, 'z.seed': 7 } }])).toBe(true);
});

test('keys keep their place in a film that gets another length', () => {
  expect(stretched(keys, 0.5).map((key) => key.time)).toEqual([1, 0]);
  expect(stretched([{ time: 1, values: {} }], 1 / 3)[0]?.time).toBe(0.333);
});
