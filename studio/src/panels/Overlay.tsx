/** What lies on the picture: the handles of the chosen node, and the tools that draw masks and points. */

import { Fragment, useRef } from 'react';

import { type Point } from '../logic/contour';
import { type Handle, overlayOf, type Overlay as Shown, type Shape } from '../logic/overlay';
import { back, onto, type Place, placesOf } from '../logic/places';
import { type Rect, toPicture, toWindow } from '../logic/view';
import type { NodeState } from '../protocol';
import { useStudio } from '../store';
import { Gesture } from '../studio';
import { DragOverlay } from './DragOverlay';
import { useDragInFocus } from './DragPanel';
import { Drawing } from './Drawing';
import { usePan } from './usePan';

const RADIUS = 7;
const NUDGE = 0.005;

/** Return the node whose handles are shown: the selected one, with what a gesture holds, or the drag in focus. */
function useChosen(): NodeState | null {
  const drag = useDragInFocus();
  const graph = useStudio((state) => state.graph);
  const selection = useStudio((state) => state.selection);
  const draft = useStudio((state) => state.draft);
  const node = selection.length === 1 ? graph?.nodes.find((one) => one.id === selection[0]) : undefined;
  if (!node) return drag;
  return draft[node.id] ? { ...node, fields: { ...node.fields, ...draft[node.id] } } : node;
}

export function Overlay({ rect, onPan }: { rect: Rect; onPan: (x: number, y: number) => void }) {
  const graph = useStudio((state) => state.graph);
  const tool = useStudio((state) => state.tool);
  const node = useChosen();
  const output = graph?.view.output ?? null;
  const places = node && graph && output !== null ? placesOf(graph, node.id, output) : null;
  const pan = usePan(onPan);

  const Shapes = node?.op === 'drag' ? DragOverlay : Placed;
  const mask = node?.op === 'drag' ? graph?.nodes.find((one) => one.id === node.fields.mask) : undefined;
  const shapes = node && places?.map((place, index) => (
    <Fragment key={index}>
      {mask && <g className="faint" pointerEvents="none"><Placed node={mask} place={place} rect={rect} main={false} bare /></g>}
      <Shapes node={node} place={place} rect={rect} main={index === 0} />
    </Fragment>
  ));
  if (tool !== 'hand') {
    return (
      <>
        <svg className="overlay still" aria-hidden="true">{shapes}</svg>
        <Drawing rect={rect} tool={tool} place={places?.[0] ?? null} />
      </>
    );
  }
  return (
    <svg
      className="overlay hand" aria-label="Handles on the picture" role="group" {...pan}
    >
      {shapes}
    </svg>
  );
}

/** The shape of a node on one copy of its canvas. */
function Placed({ node, place, rect, main, bare = false }: { node: NodeState; place: Place; rect: Rect; main: boolean; bare?: boolean }) {
  const overlay = overlayOf(node, place.row);
  const gesture = useRef<{ gesture: Gesture; from: Point; overlay: Shown } | null>(null);
  if (!overlay) return null;
  const screen = (point: Point): Point => toWindow(rect, onto(place, point));
  const canvas = (event: React.PointerEvent<SVGElement>): Point => {
    const box = event.currentTarget.ownerSVGElement?.getBoundingClientRect();
    return back(place, toPicture(rect, [event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0)]));
  };
  const begin = (event: React.PointerEvent<SVGElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    gesture.current = { gesture: new Gesture(), from: canvas(event), overlay };
  };
  const end = () => {
    void gesture.current?.gesture.end();
    gesture.current = null;
  };
  const body = overlay.shift && {
    onPointerDown: begin,
    onPointerMove: (event: React.PointerEvent<SVGElement>) => {
      const held = gesture.current;
      const to = canvas(event);
      if (held?.overlay.shift) held.gesture.set(node.id, held.overlay.shift([to[0] - held.from[0], to[1] - held.from[1]]));
    },
    onPointerUp: end,
  };
  return (
    <g className={main ? '' : 'faint'}>
      {overlay.shapes.map((shape, index) => <Drawn key={index} shape={shape} screen={screen} place={place} rect={rect} body={body} />)}
      {!bare && overlay.handles.map((handle) => (
        <Grip
          key={handle.id} handle={handle} at={screen(handle.at)} focusable={main}
          onBegin={begin} onEnd={end}
          onMove={(event) => gesture.current?.gesture.set(node.id, handle.move(canvas(event)))}
          onNudge={(by) => {
            const gesture = new Gesture();
            gesture.set(node.id, handle.move([handle.at[0] + by[0], handle.at[1] + by[1]]));
            void gesture.end();
          }}
        />
      ))}
    </g>
  );
}

type Pointer = (event: React.PointerEvent<SVGElement>) => void;

export function Grip(props: {
  handle: Pick<Handle, 'id' | 'label'>; at: Point; focusable: boolean; className?: string;
  onBegin: Pointer; onMove: Pointer; onEnd: () => void; onNudge: (by: Point) => void;
}) {
  const { handle, at } = props;
  return (
    <circle
      className={`handle ${props.className ?? ''}`} cx={at[0]} cy={at[1]} r={RADIUS} role="button" tabIndex={props.focusable ? 0 : -1} data-handle={handle.id}
      aria-label={`${handle.label}: arrow keys move it`}
      onPointerDown={props.onBegin} onPointerMove={props.onMove} onPointerUp={props.onEnd} onPointerCancel={props.onEnd}
      onKeyDown={(event) => {
        const far = event.shiftKey ? 10 * NUDGE : NUDGE;
        const by = ({ ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] } as Record<string, Point>)[event.key];
        if (!by) return;
        event.preventDefault();
        event.stopPropagation();
        props.onNudge(by);
      }}
    />
  );
}

type Body = { onPointerDown: Pointer; onPointerMove: Pointer; onPointerUp: () => void } | undefined;

function Drawn({ shape, screen, place, rect, body }: { shape: Shape; screen: (point: Point) => Point; place: Place; rect: Rect; body: Body }) {
  const path = pathOf(shape, screen, place, rect);
  const dashed = shape.kind === 'line' && shape.dashed ? ' dashed' : '';
  return (
    <>
      <path className="under" d={path} pointerEvents="none" />
      <path className={`over${dashed}`} d={path} pointerEvents="none" />
      {body && (shape.kind === 'line'
        ? <path className="body movable" d={path} stroke="transparent" strokeWidth={14} pointerEvents="stroke" {...body} />
        : <path className="body movable" d={path} fillRule="evenodd" {...body} />)}
    </>
  );
}

function pathOf(shape: Shape, screen: (point: Point) => Point, place: Place, rect: Rect): string {
  const text = (point: Point): string => screen(point).map((part) => part.toFixed(1)).join(' ');
  switch (shape.kind) {
    case 'polygon':
      return `M${shape.points.map(text).join('L')}Z`;
    case 'line':
      return shape.axis === 'x' ? `M${text([shape.at, 0])}L${text([shape.at, 1])}` : `M${text([0, shape.at])}L${text([1, shape.at])}`;
    case 'ellipse': {
      const along = Math.abs(shape.radii[0] * place.scale[0] * rect.width);
      const down = Math.abs(shape.radii[1] * place.scale[1] * rect.height);
      const [x, y] = screen(shape.centre);
      return `M${x - along} ${y}a${along} ${down} 0 1 0 ${2 * along} 0a${along} ${down} 0 1 0 ${-2 * along} 0Z`;
    }
  }
}

/** Return the path of an arrow between two places of the window. */
export function arrowPath(from: Point, to: Point): string {
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  const tip = [2.6, -2.6].map((turn) => `M${to[0]} ${to[1]}l${12 * Math.cos(angle + turn)} ${12 * Math.sin(angle + turn)}`);
  return `M${from[0]} ${from[1]}L${to[0]} ${to[1]}${tip.join('')}`;
}
