import { expect, test } from 'vitest';

import type { DragEvent, DragRow } from '../protocol';
import { dragInFocus, moved, pointsOf, statusOf, withPoint } from './drags';
import { graphOf, link, node } from './samples';

const ROW: DragRow = {
  row: 0, steps: 12, points: [[0.3, 0.3]], targets: [[0.3, 0.1]], trail: [[[0.3, 0.4]], [[0.3, 0.3]]], distance: 12.34, ending: null, remedy: null,
};
const event = (rows: DragRow[], running = false): DragEvent => ({ event: 'drag', revision: 1, node: 'd', running, rows });
const drag = node('d', 'drag', { points: [[0.3, 0.4]], to: [[0.3, 0.1]], steps: 12 });
const further = node('e', 'drag', { points: [[0.3, 0.3]], to: [[0.5, 0.1]], steps: 0 });
const graph = graphOf([node('z', 'sample'), drag, further, node('p', 'decode')],
  [link('z', 'd', 'of'), link('d', 'e', 'of'), link('e', 'p', 'of')]);

test('the chosen drag is in focus, then one that runs, then the last one of the picture', () => {
  expect(dragInFocus(graph, ['d'], { d: event([ROW]) }, false)?.id).toBe('d');
  expect(dragInFocus(graph, [], { d: event([ROW], true) }, false)?.id).toBe('d');
  expect(dragInFocus(graph, [], {}, true)?.id).toBe('e');
  expect(dragInFocus(graph, ['z'], {}, false)).toBeNull();
});

test('points are where the drag has moved them, or as the fields have them', () => {
  expect(pointsOf(drag, event([ROW]), 3)).toEqual({ row: 0, points: [[0.3, 0.3]], to: [[0.3, 0.1]], trails: [[[0.3, 0.4], [0.3, 0.3]]] });
  expect(pointsOf(drag, event([ROW, { ...ROW, row: 1, points: [[0.7, 0.7]] }]), 1).points).toEqual([[0.7, 0.7]]);
  expect(pointsOf(further, undefined, 0)).toEqual({ row: 0, points: [[0.3, 0.3]], to: [[0.5, 0.1]], trails: [] });
  const rowed = node('f', 'drag', { points: [[[0.1, 0.1]], [[0.2, 0.2]]], to: [[0.3, 0.3]], steps: 0 });
  expect(pointsOf(rowed, undefined, 1)).toMatchObject({ points: [[0.2, 0.2]], to: [[0.3, 0.3]] });
});

test('a point is added, and one is moved', () => {
  const known = pointsOf(further, undefined, 0);
  expect(withPoint(known, [0.1, 0.2], [0.3, 0.4])).toEqual({ points: [[0.3, 0.3], [0.1, 0.2]], to: [[0.5, 0.1], [0.3, 0.4]] });
  expect(moved([[0, 0], [1, 1]], 1, [0.5, 0.5])).toEqual([[0, 0], [0.5, 0.5]]);
});

test('how far it is, with the remedy where it does not get on', () => {
  expect(statusOf(further, undefined).words).toBe('not started');
  expect(statusOf(drag, undefined).words).toBe('not drawn yet');
  expect(statusOf(drag, event([ROW], true)).words).toBe('12 steps, 12.3 pixels left');
  expect(statusOf(drag, event([ROW])).words).toBe('stopped after 12 steps, 12.3 pixels left');
  expect(statusOf(drag, event([{ ...ROW, ending: 'arrived' }])).words).toBe('arrived after 12 steps');
  const stuck: DragRow = { ...ROW, ending: 'stuck', remedy: 'a nearer target' };
  expect(statusOf(drag, event([{ ...ROW, ending: 'arrived' }, stuck]))).toEqual({ words: 'stuck after 12 steps, 12.3 pixels left', remedy: 'a nearer target' });
});
