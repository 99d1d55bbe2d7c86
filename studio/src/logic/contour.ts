/** Strokes of a brush -> the corners of one polygon, which a mask node keeps as text. */

export type Point = [number, number];

/** A grid of painted cells, row by row. */
export class Painted {
  readonly width: number;
  readonly height: number;
  readonly cells: Uint8Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.cells = new Uint8Array(width * height);
  }

  at(x: number, y: number): number {
    return x < 0 || y < 0 || x >= this.width || y >= this.height ? 0 : (this.cells[y * this.width + x] ?? 0);
  }

  /** Paint, or erase, a line of round dabs between two points in cells. */
  line(from: Point, to: Point, radius: number, value: 0 | 1): void {
    const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / Math.max(radius / 2, 0.5)));
    for (let step = 0; step <= steps; step++) {
      const t = step / steps;
      this.dab(from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1]), radius, value);
    }
  }

  private dab(x: number, y: number, radius: number, value: 0 | 1): void {
    for (let row = Math.max(0, Math.floor(y - radius)); row < Math.min(this.height, y + radius); row++) {
      for (let column = Math.max(0, Math.floor(x - radius)); column < Math.min(this.width, x + radius); column++) {
        if (Math.hypot(column + 0.5 - x, row + 0.5 - y) <= radius) this.cells[row * this.width + column] = value;
      }
    }
  }
}

/** Return the closed outlines of the painted cells, holes included, as corners of cells. */
export function outlines(painted: Painted): Point[][] {
  // The painted side of every edge is on its right: edges that leave a corner are looked up by that corner.
  const edges = new Map<number, Point[]>();
  const key = (x: number, y: number): number => y * (painted.width + 1) + x;
  const add = (x: number, y: number, dx: number, dy: number): void => {
    const leaving = edges.get(key(x, y)) ?? [];
    leaving.push([dx, dy]);
    edges.set(key(x, y), leaving);
  };
  for (let y = 0; y < painted.height; y++) {
    for (let x = 0; x < painted.width; x++) {
      if (!painted.at(x, y)) continue;
      if (!painted.at(x, y - 1)) add(x, y, 1, 0);
      if (!painted.at(x + 1, y)) add(x + 1, y, 0, 1);
      if (!painted.at(x, y + 1)) add(x + 1, y + 1, -1, 0);
      if (!painted.at(x - 1, y)) add(x, y + 1, 0, -1);
    }
  }
  const found: Point[][] = [];
  for (const [start, leaving] of edges) while (leaving.length > 0) found.push(follow(edges, start, painted.width + 1));
  return found;
}

function follow(edges: Map<number, Point[]>, start: number, stride: number): Point[] {
  const corners: Point[] = [];
  let at = start;
  let heading: Point = [0, 0];
  do {
    const leaving = edges.get(at) ?? [];
    // At a corner where two areas touch, turn right: the areas stay apart.
    const right = leaving.findIndex(([dx, dy]) => heading[0] * dy - heading[1] * dx > 0);
    const [edge] = leaving.splice(Math.max(right, 0), 1);
    if (!edge) break;
    if (edge[0] !== heading[0] || edge[1] !== heading[1]) corners.push([at % stride, Math.floor(at / stride)]);
    heading = edge;
    at += edge[0] + edge[1] * stride;
  } while (at !== start);
  return corners;
}

/** Leave out corners of a closed outline that are nearer to the rest than a tolerance (Douglas and Peucker 1973). */
export function simplify(outline: Point[], tolerance: number): Point[] {
  if (outline.length < 4) return outline;
  const far = farthest(outline, outline[0] ?? [0, 0]);
  const one = reduce(outline.slice(0, far + 1), tolerance);
  const other = reduce([...outline.slice(far), outline[0] ?? [0, 0]], tolerance);
  return [...one.slice(0, -1), ...other.slice(0, -1)];
}

function farthest(points: Point[], from: Point): number {
  let best = 0;
  let distance = -1;
  points.forEach(([x, y], index) => {
    const length = Math.hypot(x - from[0], y - from[1]);
    if (length > distance) [best, distance] = [index, length];
  });
  return best;
}

function reduce(points: Point[], tolerance: number): Point[] {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last || points.length < 3) return points;
  let worst = 0;
  let distance = 0;
  for (let index = 1; index < points.length - 1; index++) {
    const length = away(points[index] ?? first, first, last);
    if (length > distance) [worst, distance] = [index, length];
  }
  if (distance <= tolerance) return [first, last];
  return [...reduce(points.slice(0, worst + 1), tolerance).slice(0, -1), ...reduce(points.slice(worst), tolerance)];
}

function away([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const length = Math.hypot(bx - ax, by - ay);
  if (length === 0) return Math.hypot(x - ax, y - ay);
  return Math.abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length;
}

/** Join outlines into one polygon by bridges. Each bridge is passed twice, so the even-odd rule ignores it. */
export function joined(found: Point[][]): Point[] {
  const [first, ...others] = found;
  if (!first) return [];
  const hub = first[0];
  if (!hub) return [];
  const result = [...first, hub];
  for (const outline of others) if (outline[0]) result.push(...outline, outline[0], hub);
  return others.length === 0 ? first : result;
}

const SMOOTH = 1; // cells: the steps of a slanted edge are not corners

/** Return the corners of what was painted, in fractions of the canvas, at most as many as allowed. */
export function polygonOf(painted: Painted, most = 400): Point[] {
  const found = outlines(painted);
  for (let tolerance = SMOOTH; ; tolerance *= 1.5) {
    const corners = joined(found.map((outline) => simplify(outline, tolerance)).filter((outline) => outline.length > 2));
    if (corners.length <= most) return corners.map(([x, y]) => [round(x / painted.width), round(y / painted.height)]);
  }
}

/** Round a fraction of a canvas to four decimals, so that the file stays readable. */
export function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
