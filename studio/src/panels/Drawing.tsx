/** Tools that draw on the picture: masks of every shape, and points to drag. */

import { useEffect, useRef, useState } from 'react';

import { reshape } from '../logic/compose';
import { Painted, type Point, polygonOf, round } from '../logic/contour';
import { hasMoved } from '../logic/drags';
import { back, type Place } from '../logic/places';
import type { Value } from '../logic/schema';
import { type Rect, toPicture, toWindow } from '../logic/view';
import { store, type Tool } from '../store';
import { edit, show } from '../studio';
import { addPoint, paintDrag } from './DragPanel';
import { chosenMask } from './Tools';

const GRID = 192; // cells of the brush along the shorter side
const LONGEST = 1536;
const LEAST = 0.004; // a shape smaller than this was a click

/** Give the shape to the chosen mask, or to a new one. */
async function commit(shape: Record<string, Value>): Promise<void> {
  const { graph, painting, drags } = store.get();
  const id = chosenMask();
  const mask = graph?.nodes.find((node) => node.id === id);
  const drag = graph?.nodes.find((node) => node.id === painting);
  if (drag && (!mask || hasMoved(drag))) {
    await paintDrag(drag.id, drags, shape);
    return;
  }
  if (mask) {
    await edit(reshape(mask, shape));
    return;
  }
  const answer = await edit([{ add: { op: 'mask', fields: { ...shape, feather: 0.03 } } }]);
  const added = answer?.ids?.[0];
  if (added !== undefined) show({ selection: [added], drawn: added });
}

/** Return whether what is drawn belongs to the canvas of a node, not to the picture. */
function isPlaced(): boolean {
  return chosenMask() !== null || store.get().painting !== null;
}

interface Held {
  from: Point;
  to: Point;
}

export function Drawing({ rect, tool, place }: { rect: Rect; tool: Exclude<Tool, 'hand'>; place: Place | null }) {
  const [held, setHeld] = useState<Held | null>(null);
  const [corners, setCorners] = useState<Point[]>([]);
  const brush = useBrush(rect);
  const inside = (point: Point): Point => (isPlaced() && place ? back(place, point) : point);
  const at = (event: React.PointerEvent): Point => {
    const box = event.currentTarget.getBoundingClientRect();
    return toPicture(rect, [event.clientX - box.left, event.clientY - box.top]);
  };
  const close = () => {
    if (corners.length > 2) void commit({ kind: 'polygon', points: corners.map((point) => inside(point).map(round)) });
    setCorners([]);
  };

  useKeys(tool === 'polygon' ? { Enter: close, Escape: () => setCorners([]), Backspace: () => setCorners((corners) => corners.slice(0, -1)) } : {});

  const finish = (done: Held) => {
    const small = Math.hypot(done.to[0] - done.from[0], done.to[1] - done.from[1]) < LEAST;
    if (tool === 'point') return void addPoint(clamped(done.from), clamped(done.to));
    if (!small) void commit(shapeOf(tool, inside(done.from), inside(done.to)));
  };

  return (
    <>
      {tool === 'brush' && brush.view}
      <svg
        className="overlay draw" aria-hidden="true"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          const point = at(event);
          if (tool === 'brush') brush.begin(point, event.shiftKey, place);
          else if (tool === 'polygon') setCorners((corners) => (corners.length > 2 && near(corners[0], point) ? (close(), []) : [...corners, point]));
          else setHeld({ from: point, to: point });
        }}
        onPointerMove={(event) => {
          const point = at(event);
          if (tool === 'brush') brush.move(point);
          else if (held) setHeld({ ...held, to: point });
        }}
        onPointerUp={() => {
          if (tool === 'brush') brush.end();
          if (held) finish(held);
          setHeld(null);
        }}
        onDoubleClick={close}
      >
        {held && <Draft tool={tool} held={held} rect={rect} />}
        {corners.length > 0 && <path className="over" d={`M${corners.map((point) => toWindow(rect, point).join(' ')).join('L')}${corners.length > 2 ? 'Z' : ''}`} />}
        {corners.map((point, index) => <circle key={index} className="handle" r={5} cx={toWindow(rect, point)[0]} cy={toWindow(rect, point)[1]} />)}
      </svg>
    </>
  );
}

function near(one: Point | undefined, other: Point): boolean {
  return one !== undefined && Math.hypot(one[0] - other[0], one[1] - other[1]) < 0.02;
}

function clamped([x, y]: Point): Point {
  return [round(Math.min(Math.max(x, 0), 1)), round(Math.min(Math.max(y, 0), 1))];
}

/** Return the fields of a mask that was drawn from one point to another. */
export function shapeOf(tool: Tool, from: Point, to: Point): Record<string, Value> {
  const [left, top] = [Math.min(from[0], to[0]), Math.min(from[1], to[1])];
  const [width, height] = [Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])];
  if (tool === 'box') return { kind: 'box', box: [left, top, width, height].map(round) };
  if (tool === 'ellipse') {
    const radii = [Math.max(width / 2, LEAST), Math.max(height / 2, LEAST)];
    return { kind: 'ellipse', centre: [round(left + width / 2), round(top + height / 2)], radii: radii.map(round) };
  }
  const axis = width >= height ? 0 : 1;
  const [start, stop] = [Math.min(from[axis], to[axis]), Math.max(from[axis], to[axis])];
  return { kind: 'ramp', axis: axis === 0 ? 'x' : 'y', start: round(start), stop: round(stop), invert: to[axis] < from[axis] };
}

function Draft({ tool, held, rect }: { tool: Tool; held: Held; rect: Rect }) {
  const [a, b] = [toWindow(rect, held.from), toWindow(rect, held.to)];
  if (tool === 'box') return <rect className="over" x={Math.min(a[0], b[0])} y={Math.min(a[1], b[1])} width={Math.abs(b[0] - a[0])} height={Math.abs(b[1] - a[1])} />;
  if (tool === 'ellipse') return <ellipse className="over" cx={(a[0] + b[0]) / 2} cy={(a[1] + b[1]) / 2} rx={Math.abs(b[0] - a[0]) / 2} ry={Math.abs(b[1] - a[1]) / 2} />;
  return <path className="over" d={`M${a.join(' ')}L${b.join(' ')}`} />;
}

function useKeys(actions: Record<string, () => void>): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const action = latest.current[event.key];
      if (!action || event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
      event.preventDefault();
      event.stopPropagation();
      action();
    };
    document.addEventListener('keydown', listen, true);
    return () => document.removeEventListener('keydown', listen, true);
  }, []);
}

interface Stroke {
  painted: Painted;
  mask: string | null;
  last: Point;
  value: 0 | 1;
  place: Place | null;
}

/** Strokes on a grid over the picture; each one is committed as a polygon when it ends. */
function useBrush(rect: Rect) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const stroke = useRef<Stroke | null>(null);
  const cells = Math.min(GRID / Math.min(rect.width, rect.height), LONGEST / Math.max(rect.width, rect.height));
  const [width, height] = [Math.max(1, Math.round(cells * rect.width)), Math.max(1, Math.round(cells * rect.height))];
  const cell = ([x, y]: Point): Point => [x * width, y * height];

  const begin = (point: Point, erase: boolean, place: Place | null) => {
    const mask = chosenMask();
    const painted = new Painted(width, height);
    if (mask !== null) rasterise(painted, mask, place);
    stroke.current = { painted, mask, last: cell(point), value: erase ? 0 : 1, place: isPlaced() ? place : null };
    move(point);
  };
  const move = (point: Point) => {
    const current = stroke.current;
    if (!current) return;
    current.painted.line(current.last, cell(point), Math.max(store.get().brush * Math.min(width, height), 1), current.value);
    current.last = cell(point);
    paint(canvas.current, current.painted);
  };
  const end = () => {
    const current = stroke.current;
    stroke.current = null;
    canvas.current?.getContext('2d')?.clearRect(0, 0, width, height);
    if (!current) return;
    const points = polygonOf(current.painted);
    if (points.length < 3) return;
    const place = current.place;
    void commit({ kind: 'polygon', points: place ? points.map((point) => back(place, point).map(round)) : points });
  };
  const view = (
    <canvas
      ref={canvas} className="brushed" width={width} height={height} aria-hidden="true"
      style={{ left: rect.left, top: rect.top, width: rect.width, height: rect.height }}
    />
  );
  return { begin, move, end, view };
}

function paint(canvas: HTMLCanvasElement | null, painted: Painted): void {
  const context = canvas?.getContext('2d');
  if (!context) return;
  const picture = context.createImageData(painted.width, painted.height);
  painted.cells.forEach((cell, index) => {
    if (cell) picture.data.set([138, 164, 255, 255], 4 * index);
  });
  context.putImageData(picture, 0, 0);
}

/** Paint the polygon that a mask has, so that strokes add to it. */
function rasterise(painted: Painted, id: string, place: Place | null): void {
  const points = store.get().graph?.nodes.find((node) => node.id === id)?.fields.points;
  if (!Array.isArray(points)) return;
  const context = new OffscreenCanvas(painted.width, painted.height).getContext('2d');
  if (!context) return;
  const { scale, offset } = place ?? { scale: [1, 1], offset: [0, 0] };
  for (const point of points) {
    const [x, y] = Array.isArray(point) ? point.map(Number) : [];
    if (x !== undefined && y !== undefined) context.lineTo((x * scale[0] + offset[0]) * painted.width, (y * scale[1] + offset[1]) * painted.height);
  }
  context.fill('evenodd');
  const { data } = context.getImageData(0, 0, painted.width, painted.height);
  painted.cells.forEach((_, index) => {
    painted.cells[index] = (data[4 * index + 3] ?? 0) > 127 ? 1 : 0;
  });
}
