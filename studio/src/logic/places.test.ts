import { expect, test } from 'vitest';

import { back, onto, placesOf } from './places';
import { graphOf, link, node } from './samples';

test('a mask of a blend lies on the decoded picture', () => {
  const graph = graphOf([node('m', 'mask'), node('b', 'blend'), node('i', 'decode')], [link('m', 'b', 'mask'), link('b', 'i', 'of')]);
  expect(placesOf(graph, 'm', 'i')).toEqual([{ scale: [1, 1], offset: [0, 0], row: 0 }]);
});

test('a mask has a place on each span of a panorama', () => {
  const graph = graphOf(
    [node('m', 'mask'), node('b', 'blend', {}, 4), node('i', 'decode', {}, 4), node('p', 'knit', { start: 0.25, stop: 0.75 })],
    [link('m', 'b', 'mask'), link('b', 'i', 'of'), link('i', 'p', 'of')],
  );
  const places = placesOf(graph, 'm', 'p') ?? [];
  expect(places).toHaveLength(4);
  const [, second] = places;
  // 4 spans, each half a canvas after the other: 2.5 canvases in all.
  expect(second && onto(second, [0.5, 0.5])).toEqual([0.4, 0.5]);
  expect(places[3] && onto(places[3], [1, 0])[0]).toBeCloseTo(1);
  const there = second && back(second, onto(second, [0.3, 0.6]));
  expect(there?.[0]).toBeCloseTo(0.3);
});

test('pads, crops and flips move the canvas', () => {
  const graph = graphOf(
    [node('m', 'mask'), node('o', 'overlay'), node('w', 'pad', { left: 0.5, right: '1/2' }), node('f', 'flip', { axis: 'x' })],
    [link('m', 'o', 'mask'), link('o', 'w', 'of'), link('w', 'f', 'of')],
  );
  const [place] = placesOf(graph, 'm', 'f') ?? [];
  expect(place && onto(place, [0, 0])[0]).toBeCloseTo(0.75);
  expect(place && onto(place, [1, 0])[0]).toBeCloseTo(0.25);
});

test('the cells of a mosaic are rows of its codes', () => {
  const graph = graphOf([node('z', 'sample', {}, 6), node('m', 'mosaic', { grid: [2, 3] }), node('i', 'decode')], [link('z', 'm', 'of'), link('m', 'i', 'of')]);
  const places = placesOf(graph, 'z', 'i') ?? [];
  expect(places.map((place) => place.row)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(places[4] && onto(places[4], [0, 0])).toEqual([1 / 3, 0.5]);
});

test('no path, no place', () => {
  const graph = graphOf([node('m', 'mask'), node('t', 'transform'), node('i', 'decode')], [link('m', 't', 'of'), link('t', 'i', 'of')]);
  expect(placesOf(graph, 'm', 'i')).toBeNull();
});

test('a mask that nothing reads yet lies on the picture as it was drawn', () => {
  const graph = graphOf([node('mask', 'mask'), node('image', 'decode')]);
  expect(placesOf(graph, 'mask', 'image')).toEqual([{ scale: [1, 1], offset: [0, 0], row: 0 }]);
});
