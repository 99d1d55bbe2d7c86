import { expect, test } from 'vitest';

import { cardSize, frameOf, positionsOf, summary } from './cards';
import { entry, graphOf, link, node } from './samples';

test('a card shows what is set, without ports', () => {
  const blend = entry('blend', null, [['a', ['Features']], ['mask', ['Mask']]], 'Features');
  const mix = node('b', 'blend', { a: 'z', mask: 'm', layers: 'here' });
  expect(summary(mix, blend)).toBe('layers here');
  expect(cardSize(mix, blend).height).toBe(34 + 2 * 22 + 24 + 6);
});

test('chosen places stay, and a new node covers none of them', () => {
  const z = { ...node('z', 'sample'), position: [100, 100] as [number, number] };
  const graph = graphOf([z, node('i', 'decode'), node('m', 'mask')], [link('z', 'i', 'of')]);
  const places = positionsOf(graph, null);
  expect(places.get('z')).toEqual([100, 100]);
  const [x, y] = places.get('m') ?? [100, 100];
  expect(Math.abs(x - 100) >= 188 || Math.abs(y - 100) >= 34).toBe(true);
});

test('a frame holds its nodes', () => {
  const size = { width: 100, height: 50 };
  const frame = frameOf(['a', 'b'], new Map([['a', [0, 0]], ['b', [200, 80]]]), new Map([['a', size], ['b', size]]));
  expect(frame).toEqual({ x: -16, y: -34, width: 332, height: 180 });
  expect(frameOf([], new Map(), new Map())).toBeNull();
});
