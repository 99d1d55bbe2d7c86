import { expect, test } from 'vitest';

import type { Point } from './contour';
import { fitting, panned, rectOf, toPicture, toWindow, zoomedAt } from './view';

const picture = { width: 128, height: 64 };
const window = { width: 800, height: 600 };

test('a fitting picture leaves room for the tools', () => {
  const rect = rectOf(fitting(picture, window), picture, window);
  expect(rect.left).toBeCloseTo(68);
  expect(rect.left + rect.width).toBeCloseTo(800 - 24);
  expect(rect.top + rect.height / 2).toBeCloseTo((8 + 600 - 44) / 2);
});

test('a wide picture in a low window leaves room below it first', () => {
  const low = { width: 800, height: 456 };
  const rect = rectOf(fitting(picture, low), picture, low);
  expect(rect.height).toBeCloseTo(354);
  expect(rect.top).toBeCloseTo(8 + 14);
  const free = rectOf(fitting(picture, { ...low, height: 436 }), picture, { ...low, height: 436 });
  expect(free.top).toBeCloseTo(8);
  expect(436 - 44 - (free.top + free.height)).toBeCloseTo(30);
});

test('the point below the pointer stays there', () => {
  const place: Point = [100, 500];
  const view = fitting(picture, window);
  const before = toPicture(rectOf(view, picture, window), place);
  const after = toPicture(rectOf(zoomedAt(view, 3, place, picture, window), picture, window), place);
  expect(after[0]).toBeCloseTo(before[0]);
  expect(after[1]).toBeCloseTo(before[1]);
});

test('a pan moves the picture with the hand', () => {
  const view = fitting(picture, window);
  const rect = rectOf(panned(view, [20, -10], picture), picture, window);
  expect(rect.left - rectOf(view, picture, window).left).toBeCloseTo(20);
  expect(toWindow(rect, toPicture(rect, [5, 7]))[0]).toBeCloseTo(5);
});
