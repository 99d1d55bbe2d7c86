import { expect, test } from 'vitest';

import { dragPoint, moved, moveSpan, reshape, spansOf, maskChanges } from './compose';
import { graphOf, link, node } from './samples';

const z = { ...node('z', 'sample', { count: 4 }, 4), makes: 'Latent' };
const ring = { ...node('ring', 'mosaic', { grid: [1, 4] }), makes: 'Features' };
const panorama = graphOf([z, ring, node('m', 'mask'), node('p', 'decode')], [link('z', 'ring', 'of'), link('ring', 'p', 'of')]);

test('another seed is blended into the pass, on its canvas', () => {
  const changes = maskChanges(panorama, null, 'm', 'p', 'another', 7);
  expect(changes).toContainEqual({ connect: { source: 'ring', target: 'inside_pass', input: 'of', index: null } });
  expect(changes).toContainEqual({ connect: { source: 'm', target: 'painted', input: 'mask', index: null } });
  expect(changes.at(-1)).toEqual({ connect: { source: 'painted', target: 'p', input: 'of', index: null } });
});

test('a code is blended without a restyle', () => {
  const graph = graphOf([z, node('m', 'mask'), node('p', 'decode')], [link('z', 'p', 'of')]);
  expect(maskChanges(graph, null, 'm', 'p', 'another', 7).some((change) => 'add' in change && change.add.op === 'restyle')).toBe(false);
});

test('a picture that no pass ends in is blended with a second take of it', () => {
  const graph = graphOf([z, node('i', 'decode'), node('m', 'mask'), node('k', 'knit')], [link('z', 'i', 'of'), link('i', 'k', 'of')]);
  const changes = maskChanges(graph, null, 'm', 'k', 'another', 7);
  expect(changes).toContainEqual({ add: { op: 'sample', id: 'z_2', fields: { count: 4, seed: 7 }, position: null } });
  expect(changes.at(-1)).toEqual({ outputs: [{ name: 'k', node: 'painted' }] });
});

test('a tint takes the place of the output', () => {
  expect(maskChanges(panorama, null, 'm', 'p', 'tint', 1).at(-1)).toEqual({ outputs: [{ name: 'p', node: 'tinted' }] });
});

test('a span moves to a place, and the others keep their order', () => {
  expect(moved(5, 0, 2)).toEqual([1, 2, 0, 3, 4]);
  expect(moved(5, 4, 0)).toEqual([4, 0, 1, 2, 3]);
});

test('the first move adds the order of the rows, later ones change it', () => {
  const changes = moveSpan(panorama, 'p', 0, 2);
  expect(changes[0]).toEqual({ add: { op: 'rows', id: 'order', fields: { take: '1,2,0,3' }, position: null } });
  expect(changes.at(-1)).toEqual({ connect: { source: 'order', target: 'ring', input: 'of', index: null } });
  const later = graphOf([z, node('order', 'rows', { take: '1,2,0,3' }, 4), ring, node('p', 'decode')],
    [link('z', 'order', 'of'), link('order', 'ring', 'of'), link('ring', 'p', 'of')]);
  expect(spansOf(later, 'p')?.id).toBe('order');
  expect(moveSpan(later, 'p', 3, 0)).toEqual([{ set: { node: 'order', field: 'take', value: '3,1,2,0' } }]);
});

test('listed seeds are moved themselves', () => {
  const graph = graphOf([node('z', 'sample', { seed: [5, 6, 7] }, 3), ring], [link('z', 'ring', 'of')]);
  expect(moveSpan(graph, 'ring', 2, 0)).toEqual([{ set: { node: 'z', field: 'seed', value: [7, 5, 6] } }]);
});

test('another shape leaves what all masks have', () => {
  const mask = node('m', 'mask', { kind: 'box', box: [0, 0, 1, 1], grid: 256, feather: 0.1 });
  expect(reshape(mask, { kind: 'ellipse', centre: [0.5, 0.5], radii: [0.1, 0.2] })).toEqual([
    { unset: { node: 'm', field: 'box' } },
    { unset: { node: 'm', field: 'grid' } },
    { set: { node: 'm', field: 'kind', value: 'ellipse' } },
    { set: { node: 'm', field: 'centre', value: [0.5, 0.5] } },
    { set: { node: 'm', field: 'radii', value: [0.1, 0.2] } },
  ]);
});

test('a new drag goes between code and decode, and has not moved', () => {
  expect(dragPoint(panorama, 'p', [0, 0], [1, 1])).toContain('decode of a code');
  const plain = graphOf([z, node('p', 'decode')], [link('z', 'p', 'of')]);
  const changes = dragPoint(plain, 'p', [0, 0], [1, 1]);
  expect(changes[0]).toEqual({ add: { op: 'drag', id: 'moved', fields: { of: 'z', points: [[0, 0]], to: [[1, 1]], steps: 0 }, position: null } });
  expect(changes).toContainEqual({ connect: { source: 'moved', target: 'p', input: 'of', index: null } });
});
