/** The points of a drag on the picture: where they were, where they are, and where they go. */

import { useState } from 'react';

import { type Point, round } from '../logic/contour';
import { moved, pointsOf } from '../logic/drags';
import { back, onto, type Place } from '../logic/places';
import { type Rect, toPicture, toWindow } from '../logic/view';
import type { NodeState } from '../protocol';
import { useStudio } from '../store';
import { changeDrag } from './DragPanel';
import { arrowPath, Grip } from './Overlay';

interface Held {
  field: 'points' | 'to';
  index: number;
  at: Point;
}

export function DragOverlay({ node, place, rect, main }: { node: NodeState; place: Place; rect: Rect; main: boolean }) {
  const drag = useStudio((state) => state.drags[node.id]);
  const viewed = useStudio((state) => state.graph?.view.row ?? 0);
  const [held, setHeld] = useState<Held | null>(null);
  const known = pointsOf(node, drag, main ? viewed : place.row);
  const shown = held ? { ...known, [held.field]: moved(known[held.field], held.index, held.at) } : known;
  const screen = (point: Point): Point => toWindow(rect, onto(place, point));
  const at = (event: React.PointerEvent<SVGElement>): Point => {
    const box = event.currentTarget.ownerSVGElement?.getBoundingClientRect();
    return inside(back(place, toPicture(rect, [event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0)])));
  };
  const send = (field: Held['field'], index: number, to: Point) => changeDrag(node.id, known.row, { [field]: moved(known[field], index, to) });
  const line = (points: Point[]): string => `M${points.map((point) => screen(point).map((part) => part.toFixed(1)).join(' ')).join('L')}`;
  const grips = (field: Held['field'], label: string) => shown[field].map((point, index) => (
    <Grip
      key={`${field}-${index}`} className={field === 'to' ? 'target' : 'point'} focusable={main}
      handle={{ id: `${field}-${index}`, label: `${label} ${index + 1}` }} at={screen(point)}
      onBegin={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setHeld({ field, index, at: point });
      }}
      onMove={(event) => held && setHeld({ ...held, at: at(event) })}
      onEnd={() => {
        if (held && !same(held.at, known[held.field][held.index])) void send(held.field, held.index, held.at).then(() => setHeld(null));
        else setHeld(null);
      }}
      onNudge={(by) => void send(field, index, inside([point[0] + by[0], point[1] + by[1]]))}
    />
  ));
  return (
    <g className={main ? 'drag-points' : 'drag-points faint'} data-running={drag?.running ?? false}>
      {shown.points.map((point, index) => {
        const goal = shown.to[index];
        const way = goal === undefined ? '' : arrowPath(screen(point), screen(goal));
        return (
          <g key={index}>
            <path className="under" d={way} pointerEvents="none" />
            <path className="over dashed" d={way} pointerEvents="none" />
          </g>
        );
      })}
      {known.trails.map((trail, index) => trail.length > 1 && <path key={index} className="trail" d={line(trail)} pointerEvents="none" />)}
      {known.trails.map((trail, index) => trail.length > 1 && trail[0] && <circle key={index} className="origin" cx={screen(trail[0])[0]} cy={screen(trail[0])[1]} r={3.5} />)}
      {grips('points', 'point')}
      {grips('to', 'target')}
    </g>
  );
}

function inside([x, y]: Point): Point {
  return [round(Math.min(Math.max(x, 0), 1)), round(Math.min(Math.max(y, 0), 1))];
}

function same(one: Point, other: Point | undefined): boolean {
  return other !== undefined && one[0] === other[0] && one[1] === other[1];
}
