import { expect, test } from 'vitest';

import { overlayOf, ratio, type Fields } from './overlay';

function handle(op: string, fields: Fields, id: string, row = 0) {
  const found = overlayOf({ op, fields }, row)?.handles.find((one) => one.id === id);
  if (!found) throw new Error(`no handle ${id}`);
  return found;
}

test('the ends of a ramp do not pass each other', () => {
  const ramp = { kind: 'ramp', start: 0.25, stop: 0.75 };
  expect(handle('mask', ramp, 'start').move([0.4, 0.9])).toEqual({ start: 0.4 });
  expect(handle('mask', ramp, 'start').move([0.9, 0])).toEqual({ start: 0.75 });
  expect(overlayOf({ op: 'mask', fields: ramp }, 0)?.shift?.([0.1, 0])).toEqual({ start: 0.35, stop: 0.85 });
});

test('a ramp along y reads y', () => {
  expect(handle('mask', { kind: 'ramp', axis: 'y' }, 'stop').move([0.1, 0.6])).toEqual({ stop: 0.6 });
});

test('a corner of a box keeps the opposite one, through it as well', () => {
  const fields = { kind: 'box', box: [0.2, 0.2, 0.4, 0.4] };
  expect(handle('mask', fields, 'top-left').move([0.1, 0.3])).toEqual({ box: [0.1, 0.3, 0.5, 0.3] });
  expect(handle('mask', fields, 'top-left').move([0.8, 0.3])).toEqual({ box: [0.6, 0.3, 0.2, 0.3] });
});

test('coordinates of a grid are in its units', () => {
  const fields = { kind: 'box', grid: 256, box: [64, 64, 128, 128] };
  expect(handle('mask', fields, 'top-left').at).toEqual([0.25, 0.25]);
  expect(handle('mask', fields, 'bottom-right').move([1, 1])).toEqual({ box: [64, 64, 192, 192] });
});

test('of a list with a value per row, only the value of the row changes', () => {
  const boxes = { kind: 'box', box: [[0, 0, 1, 1], [0.5, 0.5, 0.5, 0.5]] };
  expect(handle('mask', boxes, 'top-left', 1).move([0.6, 0.6])).toEqual({ box: [[0, 0, 1, 1], [0.6, 0.6, 0.4, 0.4]] });
  expect(handle('mask', { kind: 'ramp', start: [0.1, 0.2], stop: 1 }, 'start', 1).move([0.3, 0])).toEqual({ start: [0.1, 0.3] });
});

test('an ellipse has a radius above 0', () => {
  expect(handle('mask', { kind: 'ellipse' }, 'right').move([0.5, 0.5])).toEqual({ radii: [0.005, 0.25] });
});

test('corners of a polygon, and all of them', () => {
  const fields: Fields = { kind: 'polygon', points: [[0, 0], [1, 0], [0, 1]] };
  expect(handle('mask', fields, 'corner-1').move([0.5, 0.5])).toEqual({ points: [[0, 0], [0.5, 0.5], [0, 1]] });
  expect(overlayOf({ op: 'mask', fields }, 0)?.shift?.([0.1, 0.1])).toEqual({ points: [[0.1, 0.1], [1.1, 0.1], [0.1, 1.1]] });
});

test('the edge of a pad is where it is dragged to', () => {
  const moved = handle('pad', { left: 0.5, right: 0.5 }, 'left').move([0.4, 0.5]);
  expect(moved).toEqual({ left: 1 });
  expect(handle('pad', { left: 1, right: 0.5 }, 'left').at[0]).toBeCloseTo(0.4);
});

test('what is interpolated or listed otherwise has no handles', () => {
  expect(overlayOf({ op: 'mask', fields: { kind: 'ramp', start: '${...params.t}' } }, 0)).toBeNull();
  expect(overlayOf({ op: 'mask', fields: { kind: 'constant' } }, 0)).toBeNull();
});

test('fractions may be written as such', () => {
  expect(ratio('1/3')).toBeCloseTo(1 / 3);
  expect(ratio('0.5')).toBe(0.5);
  expect(ratio('b8')).toBeNull();
});
