/** Where the canvas of a node lies on the picture: maps from fractions of the one to fractions of the other. */

import type { GraphEvent, LinkState, NodeState } from '../protocol';
import type { Point } from './contour';
import { ratio } from './overlay';
import type { Value } from './schema';

/** A scaling and a shift of both axes, and the row of the node whose canvas it places. */
export interface Place {
  scale: Point;
  offset: Point;
  row: number;
}

export const WHOLE: Place = { scale: [1, 1], offset: [0, 0], row: 0 };

const MOST = 256; // copies of one canvas on a picture

/** Nodes whose result lies on the canvas of what they read. */
const SAME = new Set([
  'decode', 'blend', 'restyle', 'tap', 'bend', 'overlay', 'text', 'arrows', 'rows', 'stack', 'resize', 'truncate', 'direction', 'lerp', 'mix',
  'align', 'own', 'drag', 'invert', 'walk', 'patches',
]);

export function onto(place: Place, [x, y]: Point): Point {
  return [x * place.scale[0] + place.offset[0], y * place.scale[1] + place.offset[1]];
}

export function back(place: Place, [x, y]: Point): Point {
  return [(x - place.offset[0]) / place.scale[0], (y - place.offset[1]) / place.scale[1]];
}

function after(outer: Omit<Place, 'row'>, inner: Place, row: number): Place {
  return {
    scale: [outer.scale[0] * inner.scale[0], outer.scale[1] * inner.scale[1]],
    offset: [outer.scale[0] * inner.offset[0] + outer.offset[0], outer.scale[1] * inner.offset[1] + outer.offset[1]],
    row,
  };
}

/** Return the places of a node's canvas on the picture of an output, or null if no path of nodes with a known geometry leads there. */
export function placesOf(graph: GraphEvent, id: string, output: string): Place[] | null {
  const node = graph.nodes.find((one) => one.id === id);
  const end = graph.outputs.find((one) => one.name === output)?.node;
  if (!node || end === undefined) return null;
  if (node.op === 'mask' && !graph.links.some((link) => link.source === id)) return [WHOLE]; // it was just drawn on the picture
  // The handles of a pad lie on the padded canvas, and the handles of a knit on the spans that it reads.
  if (node.op === 'knit') return follow(graph, node, knitted(node, graph), end, new Set());
  return follow(graph, node, [WHOLE], end, new Set());
}

function follow(graph: GraphEvent, node: NodeState, places: Place[], end: string, seen: Set<string>): Place[] | null {
  if (node.id === end) return places;
  if (seen.has(node.id) || places.length > MOST) return null;
  seen.add(node.id);
  for (const link of graph.links) {
    if (link.source !== node.id) continue;
    const reader = graph.nodes.find((one) => one.id === link.target);
    const moved = reader && through(graph, reader, link, places);
    const found = moved && follow(graph, reader, moved, end, seen);
    if (found) return found;
  }
  return null;
}

function through(graph: GraphEvent, reader: NodeState, link: LinkState, places: Place[]): Place[] | null {
  const number = (name: string, missing: number): number => numberOf(reader.fields[name], missing);
  const along = (x: boolean, scale: number, offset: number): Omit<Place, 'row'> =>
    x ? { scale: [scale, 1], offset: [offset, 0] } : { scale: [1, scale], offset: [0, offset] };
  const all = (outer: Omit<Place, 'row'>): Place[] => places.map((place) => after(outer, place, place.row));
  switch (reader.op) {
    case 'pad': {
      if (reader.fields.unit === 'pixel') return null;
      const [left, top] = [number('left', 0), number('top', 0)];
      const [width, height] = [1 + left + number('right', 0), 1 + top + number('bottom', 0)];
      return all({ scale: [1 / width, 1 / height], offset: [left / width, top / height] });
    }
    case 'crop': {
      if (reader.fields.unit === 'pixel') return null;
      const [left, top] = [number('left', 0), number('top', 0)];
      const [width, height] = [number('width', 1 - left), number('height', 1 - top)];
      return all({ scale: [1 / width, 1 / height], offset: [-left / width, -top / height] });
    }
    case 'shift':
      if (reader.fields.unit === 'pixel' || (reader.fields.layers ?? 'here') !== 'here') return places;
      return all({ scale: [1, 1], offset: [number('dx', 0), number('dy', 0)] });
    case 'flip':
      return all(along(reader.fields.axis !== 'y', -1, 1));
    case 'concat': {
      const count = graph.links.filter((other) => other.target === reader.id && other.input === link.input).length;
      return all(along(reader.fields.axis !== 'y', 1 / count, (link.index ?? 0) / count));
    }
    case 'mosaic':
      return tiles(reader, places);
    case 'knit':
      return knitted(reader, graph).flatMap((outer) => places.map((place) => after(outer, place, outer.row)));
    default:
      return SAME.has(reader.op) ? places : null;
  }
}

function tiles(reader: NodeState, places: Place[]): Place[] | null {
  const grid = reader.fields.grid;
  const [down, along] = Array.isArray(grid) ? grid : [];
  if (typeof down !== 'number' || typeof along !== 'number' || down * along > MOST) return null;
  return Array.from({ length: down * along }, (_, cell) => ({
    scale: [1 / along, 1 / down] as Point,
    offset: [(cell % along) / along, Math.floor(cell / along) / down] as Point,
    row: cell,
  })).flatMap((outer) => places.map((place) => after(outer, place, outer.row)));
}

/** Return the places of the spans of a knit: the first up to `stop`, each later one from `start`, the last to its end. */
function knitted(knit: NodeState, graph: GraphEvent): Place[] {
  const read = graph.links.find((link) => link.target === knit.id)?.source;
  const rows = Math.min(graph.nodes.find((node) => node.id === read)?.rows ?? 1, MOST);
  const [start, stop] = [numberOf(knit.fields.start, 0.25), numberOf(knit.fields.stop, 0.75)];
  const step = stop - start;
  const total = 1 + (rows - 1) * step;
  const x = knit.fields.axis !== 'y';
  return Array.from({ length: rows }, (_, row) => ({
    scale: x ? [1 / total, 1] : [1, 1 / total],
    offset: x ? [(row * step) / total, 0] : [0, (row * step) / total],
    row,
  }));
}

function numberOf(value: Value | undefined, missing: number): number {
  if (typeof value === 'number') return value;
  return (typeof value === 'string' ? ratio(value) : null) ?? missing;
}
