import { expect, test } from 'vitest';

import { lanesOf } from './lanes';

test('a second change of one state is a branch', () => {
  const lanes = lanesOf([{ id: 'a', parent: null }, { id: 'b', parent: 'a' }, { id: 'c', parent: 'a' }, { id: 'd', parent: 'c' }, { id: 'e', parent: 'b' }]);
  expect([...lanes.values()]).toEqual([0, 0, 1, 1, 0]);
});
