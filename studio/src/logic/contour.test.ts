import { expect, test } from 'vitest';

import { joined, outlines, Painted, type Point, polygonOf, simplify } from './contour';

function area(corners: Point[]): number {
  return Math.abs(corners.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = corners[(index + 1) % corners.length] ?? [0, 0];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0));
}

function inside(corners: Point[], x: number, y: number): boolean {
  let odd = false;
  corners.forEach(([ax, ay], index) => {
    const [bx, by] = corners[(index + 1) % corners.length] ?? [0, 0];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  });
  return odd;
}

test('the outline of a rectangle is its four corners', () => {
  const painted = new Painted(8, 8);
  for (let y = 2; y < 5; y++) for (let x = 1; x < 7; x++) painted.cells[y * 8 + x] = 1;
  const found = outlines(painted);
  expect(found).toHaveLength(1);
  expect(found[0]).toHaveLength(4);
  expect(area(found[0] ?? [])).toBe(18);
});

test('a hole and a second area are parts of one polygon', () => {
  const painted = new Painted(64, 64);
  painted.line([20, 20], [20, 20], 12, 1);
  painted.line([20, 20], [20, 20], 5, 0);
  painted.line([52, 50], [52, 50], 6, 1);
  expect(outlines(painted)).toHaveLength(3);
  const corners = polygonOf(painted);
  for (const [x, y] of [[20, 12], [28, 20], [52, 50]] as Point[]) expect(inside(corners, (x + 0.5) / 64, (y + 0.5) / 64)).toBe(true);
  for (const [x, y] of [[20, 20], [40, 40], [60, 8]] as Point[]) expect(inside(corners, (x + 0.5) / 64, (y + 0.5) / 64)).toBe(false);
});

test('areas that touch at a corner stay apart', () => {
  const painted = new Painted(2, 2);
  painted.cells.set([1, 0, 0, 1]);
  expect(outlines(painted)).toHaveLength(2);
});

test('a simplified outline keeps its shape within the tolerance', () => {
  const circle = Array.from({ length: 400 }, (_, index): Point => [50 + 40 * Math.cos(index / 63.66), 50 + 40 * Math.sin(index / 63.66)]);
  const fewer = simplify(circle, 0.5);
  expect(fewer.length).toBeLessThan(60);
  expect(area(fewer)).toBeGreaterThan(area(circle) * 0.97);
});

test('the number of corners is bounded', () => {
  const painted = new Painted(64, 64);
  for (let index = 0; index < 64 * 64; index += 7) painted.cells[index] = 1;
  expect(polygonOf(painted, 100).length).toBeLessThanOrEqual(100);
});

test('nothing painted is no polygon', () => {
  expect(polygonOf(new Painted(4, 4))).toEqual([]);
  expect(joined([])).toEqual([]);
});
