/** Handles on the picture: the shape of a node's fields, and the fields that follow when a handle moves. */

import { type Point, round } from './contour';
import { type Value, written } from './schema';

export type Fields = Record<string, Value>;

/** A handle at a place on the canvas of the node, in fractions. */
export interface Handle {
  id: string;
  label: string;
  at: Point;
  axis?: 'x' | 'y';
  move(to: Point): Fields;
}

export type Shape =
  | { kind: 'polygon'; points: Point[] }
  | { kind: 'ellipse'; centre: Point; radii: Point }
  | { kind: 'line'; axis: 'x' | 'y'; at: number; dashed: boolean };

export interface Overlay {
  shapes: Shape[];
  handles: Handle[];
  /** The fields after the whole shape has moved by a distance. */
  shift?: (by: Point) => Fields;
}

/** What the overlay needs of a node. */
export interface Source {
  op: string;
  fields: Fields;
}

const MOST_CORNERS = 16; // more handles would overlap

/** Return the overlay of a node for a row of the picture, or null if its fields have no place on it. */
export function overlayOf(node: Source, row: number): Overlay | null {
  const at = new Reader(node.fields, row);
  switch (node.op === 'mask' ? `mask ${written(node.fields.kind)}` : node.op) {
    case 'mask ramp':
    case 'knit':
      return between(at);
    case 'mask box':
      return box(at);
    case 'mask ellipse':
      return ellipse(at);
    case 'mask polygon':
      return polygon(at);
    case 'mask text':
    case 'text':
      return anchored(at, node.op === 'mask' ? [0.5, 0.5] : [0.5, 0.97]);
    case 'pad':
      return padded(at);
    default:
      return null;
  }
}

/** Return the points of a field that may have a list for each row; none if it has no points. */
export function pointsIn(fields: Fields, name: string, row: number): Point[] {
  return new Reader(fields, row).points(name) ?? [];
}

/** Reader of fields that may have a value for each row; it writes the value of one row. */
class Reader {
  readonly unit: number;
  private readonly fields: Fields;
  private readonly row: number;

  constructor(fields: Fields, row: number) {
    this.fields = fields;
    this.row = row;
    this.unit = typeof fields.grid === 'number' ? fields.grid : 1;
  }

  number(name: string, missing: number): number | null {
    const value = this.one(this.fields[name] ?? missing, 0);
    return typeof value === 'number' ? value : typeof value === 'string' ? ratio(value) : null;
  }

  numbers(name: string, missing: number[] | null): number[] | null {
    const value = this.one(this.fields[name] ?? missing, 1);
    return Array.isArray(value) && value.every((part) => typeof part === 'number') ? value : null;
  }

  points(name: string): Point[] | null {
    const value = this.one(this.fields[name] ?? null, 2);
    return Array.isArray(value) && value.every(isPoint) ? value : null;
  }

  word(name: string, missing: string): string {
    const value = this.fields[name];
    return typeof value === 'string' ? value : missing;
  }

  /** Return the field with the value of the row replaced. */
  write(name: string, value: Value, depth: number): Fields {
    const whole = this.fields[name];
    if (!Array.isArray(whole) || depthOf(whole) <= depth) return { [name]: value };
    const index = Math.min(this.row, whole.length - 1);
    return { [name]: whole.map((item, place) => (place === index ? value : item)) };
  }

  private one(value: Value, depth: number): Value {
    if (!Array.isArray(value) || depthOf(value) <= depth) return value;
    return value[Math.min(this.row, value.length - 1)] ?? null;
  }
}

function depthOf(value: Value): number {
  return Array.isArray(value) ? 1 + (value[0] === undefined ? 0 : depthOf(value[0])) : 0;
}

function isPoint(value: Value): value is Point {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'number');
}

/** Return the number that a text such as 1/3 means. */
export function ratio(text: string): number | null {
  const [, over, under] = /^\s*(-?[\d.]+)\s*(?:\/\s*([\d.]+))?\s*$/.exec(text) ?? [];
  if (over === undefined) return null;
  return Number(over) / (under === undefined ? 1 : Number(under));
}

function between(at: Reader): Overlay | null {
  const axis = at.word('axis', 'x') === 'y' ? 'y' : 'x';
  const start = at.number('start', 0.25);
  const stop = at.number('stop', 0.75);
  if (start === null || stop === null) return null;
  const place = (along: number, across: number): Point => (axis === 'x' ? [along, across] : [across, along]);
  const part = (to: Point): number => round(axis === 'x' ? to[0] : to[1]);
  return {
    shapes: [
      { kind: 'line', axis, at: start, dashed: true },
      { kind: 'line', axis, at: stop, dashed: false },
    ],
    handles: [
      { id: 'start', label: 'start', axis, at: place(start, 0.5), move: (to) => at.write('start', Math.min(part(to), stop), 0) },
      { id: 'stop', label: 'stop', axis, at: place(stop, 0.5), move: (to) => at.write('stop', Math.max(part(to), start), 0) },
    ],
    shift: (by) => ({ ...at.write('start', round(start + part(by)), 0), ...at.write('stop', round(stop + part(by)), 0) }),
  };
}

function box(at: Reader): Overlay | null {
  const [x, y, width, height] = (at.numbers('box', null) ?? []).map((part) => part / at.unit);
  if (x === undefined || y === undefined || width === undefined || height === undefined) return null;
  const write = (left: number, top: number, right: number, bottom: number): Fields => {
    const sides = [Math.min(left, right), Math.min(top, bottom), Math.abs(right - left), Math.abs(bottom - top)];
    return at.write('box', sides.map((side) => round(side * at.unit)), 1);
  };
  const [right, bottom] = [x + width, y + height];
  return {
    shapes: [{ kind: 'polygon', points: [[x, y], [right, y], [right, bottom], [x, bottom]] }],
    handles: [
      { id: 'top-left', label: 'top left corner', at: [x, y], move: ([a, b]) => write(a, b, right, bottom) },
      { id: 'top-right', label: 'top right corner', at: [right, y], move: ([a, b]) => write(x, b, a, bottom) },
      { id: 'bottom-right', label: 'bottom right corner', at: [right, bottom], move: ([a, b]) => write(x, y, a, b) },
      { id: 'bottom-left', label: 'bottom left corner', at: [x, bottom], move: ([a, b]) => write(a, y, right, b) },
    ],
    shift: ([a, b]) => write(x + a, y + b, right + a, bottom + b),
  };
}

function ellipse(at: Reader): Overlay | null {
  const [x, y] = (at.numbers('centre', [0.5 * at.unit, 0.5 * at.unit]) ?? []).map((part) => part / at.unit);
  const [along, down] = (at.numbers('radii', [0.25 * at.unit, 0.25 * at.unit]) ?? []).map((part) => part / at.unit);
  if (x === undefined || y === undefined || along === undefined || down === undefined) return null;
  const pair = (name: string, one: number, other: number): Fields => at.write(name, [round(one * at.unit), round(other * at.unit)], 1);
  const least = 0.005;
  return {
    shapes: [{ kind: 'ellipse', centre: [x, y], radii: [along, down] }],
    handles: [
      { id: 'centre', label: 'centre', at: [x, y], move: ([a, b]) => pair('centre', a, b) },
      { id: 'right', label: 'width', axis: 'x', at: [x + along, y], move: ([a]) => pair('radii', Math.max(Math.abs(a - x), least), down) },
      { id: 'bottom', label: 'height', axis: 'y', at: [x, y + down], move: ([, b]) => pair('radii', along, Math.max(Math.abs(b - y), least)) },
    ],
    shift: ([a, b]) => pair('centre', x + a, y + b),
  };
}

function polygon(at: Reader): Overlay | null {
  const points = at.points('points')?.map(([x, y]): Point => [x / at.unit, y / at.unit]);
  if (!points) return null;
  const write = (moved: Point[]): Fields => at.write('points', moved.map(([x, y]) => [round(x * at.unit), round(y * at.unit)]), 2);
  const few = points.length <= MOST_CORNERS ? points : [];
  return {
    shapes: [{ kind: 'polygon', points }],
    handles: few.map((item, index) => ({
      id: `corner-${index}`, label: `corner ${index + 1}`, at: item,
      move: (to) => write(points.map((point, place) => (place === index ? to : point))),
    })),
    shift: ([a, b]) => write(points.map(([x, y]) => [x + a, y + b])),
  };
}

function anchored(at: Reader, missing: Point): Overlay | null {
  const place = at.numbers('at', missing);
  if (place?.length !== 2) return null;
  const move = ([x, y]: Point): Fields => at.write('at', [round(x), round(y)], 1);
  return { shapes: [], handles: [{ id: 'at', label: 'place of the text', at: place as Point, move }] };
}

function padded(at: Reader): Overlay | null {
  if (at.word('unit', 'fraction') !== 'fraction') return null;
  const [left, right, top, bottom] = ['left', 'right', 'top', 'bottom'].map((name) => at.number(name, 0));
  if (left == null || right == null || top == null || bottom == null) return null;
  const width = 1 + left + right;
  const height = 1 + top + bottom;
  // An edge at x of the padded canvas means a pad p with p / (1 + p + other) = x.
  const amount = (x: number, other: number): number => round((Math.min(Math.max(x, 0), 0.8) * (1 + other)) / (1 - Math.min(Math.max(x, 0), 0.8)));
  const edge = (name: string, axis: 'x' | 'y', place: number, other: number, flip: boolean): Handle => ({
    id: name, label: `${name} edge`, axis, at: axis === 'x' ? [place, 0.5] : [0.5, place],
    move: (to) => ({ [name]: amount(flip ? 1 - to[axis === 'x' ? 0 : 1] : to[axis === 'x' ? 0 : 1], other) }),
  });
  return {
    shapes: [
      { kind: 'line', axis: 'x', at: left / width, dashed: true },
      { kind: 'line', axis: 'x', at: 1 - right / width, dashed: true },
      { kind: 'line', axis: 'y', at: top / height, dashed: true },
      { kind: 'line', axis: 'y', at: 1 - bottom / height, dashed: true },
    ],
    handles: [
      edge('left', 'x', left / width, right, false),
      edge('right', 'x', 1 - right / width, left, true),
      edge('top', 'y', top / height, bottom, false),
      edge('bottom', 'y', 1 - bottom / height, top, true),
    ],
  };
}
