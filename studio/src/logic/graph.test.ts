import { expect, test } from 'vitest';

import type { GraphEvent, NodeEntry } from '../protocol';
import { accepts, ancestors, canMake, copyNodes, descendants, entryOf, freeId, pasteNodes, portFor, search } from './graph';
import { entry, graphOf, link, node } from './samples';

const links = [link('z', 'a', 'of'), link('a', 'b', 'a'), link('c', 'b', 'mask')];

test('ancestors and descendants include the node', () => {
  expect([...ancestors(links, 'b')].sort()).toEqual(['a', 'b', 'c', 'z']);
  expect([...descendants(links, 'a')].sort()).toEqual(['a', 'b']);
});

test('an unknown kind fits every port', () => {
  expect(accepts({ types: ['Mask'] }, null)).toBe(true);
  expect(accepts({ types: ['Mask'] }, 'Latent')).toBe(false);
});

const blend = entry('blend', null, [['a', ['Features', 'Latent', 'Image']], ['mask', ['Mask']]], 'Features');
const flip = entry('flip', null, [['of', ['Features', 'Latent', 'Mask']]], null);
const box = entry('mask', 'box', [], 'Mask');

test('a mask fits the mask port, and a node without a kind of its own can make each kind that it takes', () => {
  expect(portFor(blend, 'Mask')?.name).toBe('mask');
  expect(canMake(flip, ['Mask'])).toBe(true);
  expect(canMake(blend, ['Mask'])).toBe(false);
});

test('names that begin with the text come first', () => {
  const about: NodeEntry = { ...flip, summary: 'not a mask' };
  expect(search([about, blend, box], 'mask').map((one) => one.op)).toEqual(['mask', 'flip']);
});

test('the entry of a node depends on its kind', () => {
  const catalogue = { nodes: [entry('mask', 'ramp', [], 'Mask'), box] } as never;
  expect(entryOf(catalogue, { op: 'mask', fields: { kind: 'box' } })?.kind).toBe('box');
});

test('free ids count up', () => {
  expect(freeId(['z'], 'mask')).toBe('mask');
  expect(freeId(['mask', 'mask_2'], 'mask_2')).toBe('mask_3');
});

test('a pasted node reads the copies of copied nodes, and the originals of all others', () => {
  const graph: GraphEvent = graphOf(
    [node('z', 'sample', { seed: 3 }), node('c', 'mask', { kind: 'box' }), node('b', 'blend', { a: 'z', mask: 'c', layers: 'all' })],
    [link('z', 'b', 'a'), link('c', 'b', 'mask')],
  );
  const { changes, ids } = pasteNodes(graph, copyNodes(graph, ['b', 'c']));
  expect(ids.get('b')).toBe('b_2');
  expect(changes).toContainEqual({ add: { op: 'blend', id: 'b_2', fields: { layers: 'all' }, position: null } });
  expect(changes).toContainEqual({ connect: { source: 'z', target: 'b_2', input: 'a', index: null } });
  expect(changes).toContainEqual({ connect: { source: 'c_2', target: 'b_2', input: 'mask', index: null } });
});
