/** The faces of a photograph on it: a frame for each, and the points of the one that is cut out, as handles. */

import { useRef } from 'react';

import type { Point } from '../logic/contour';
import { chainOf, facesOf, fieldsOf, PLACES, quadOf, styleOf } from '../logic/photo';
import { type Rect, toPicture, toWindow } from '../logic/view';
import { cutOut } from '../photograph';
import type { NodeState } from '../protocol';
import { type Shown, useStudio } from '../store';
import { Gesture } from '../studio';
import { usePan } from './usePan';

const RADIUS = 6;

export function FaceOverlay({ rect, photograph, onPan }: { rect: Rect; photograph: Shown; onPan: (x: number, y: number) => void }) {
  const graph = useStudio((state) => state.graph);
  const faces = useStudio((state) => state.faces);
  const draft = useStudio((state) => state.draft);
  const pan = usePan(onPan);
  const saved = graph && chainOf(graph)?.photo;
  const photo = saved && { ...saved, fields: { ...saved.fields, ...draft[saved.id] } };
  const { width, height } = photograph.header;
  const screen = ([x, y]: Point): Point => toWindow(rect, [(x + 0.5) / width, (y + 0.5) / height]);
  const pixel = (event: React.PointerEvent<SVGElement>): Point => {
    const box = event.currentTarget.ownerSVGElement?.getBoundingClientRect();
    const [x, y] = toPicture(rect, [event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0)]);
    return [x * width - 0.5, y * height - 0.5];
  };
  const style = (photo && styleOf(photo)) ?? 'ffhq';
  return (
    <svg
      className="overlay hand" aria-label="Faces on the photograph" role="group" {...pan}
    >
      {photo && faces?.node === photo.id && faces.faces.map((points, index) => (
        <g key={index} className="faint face">
          <Frame points={quadOf(points, style).map(screen)} />
          <path
            className="body" d={closed(quadOf(points, style).map(screen))} role="button" tabIndex={0} aria-label={`Cut out face ${index + 1}`}
            onClick={() => cutOut(photo, points)} onKeyDown={(event) => event.key === 'Enter' && cutOut(photo, points)}
          />
        </g>
      ))}
      {photo && <Chosen photo={photo} screen={screen} pixel={pixel} />}
    </svg>
  );
}

/** The faces that are cut out: their frames, and a handle for each point. */
function Chosen({ photo, screen, pixel }: { photo: NodeState; screen: (point: Point) => Point; pixel: (event: React.PointerEvent<SVGElement>) => Point }) {
  const gesture = useRef<Gesture | null>(null);
  const style = styleOf(photo);
  const faces = facesOf(photo.fields.points);
  if (!style) return null;
  const moved = (number: number, index: number, to: Point) =>
    fieldsOf(photo, faces.map((points, item) => points.map((one, place) => (item === number && place === index ? to : one))));
  const end = () => {
    void gesture.current?.end();
    gesture.current = null;
  };
  return faces.map((points, number) => (
    <g key={number} className="chosen-face">
      <Frame points={quadOf(points, style).map(screen)} />
      {points.map((one, index) => {
        const [x, y] = screen(one);
        return (
          <circle
            key={index} className="handle" cx={x} cy={y} r={RADIUS} role="button" tabIndex={0} data-handle={`point-${4 * number + index}`} aria-label={`${PLACES[index] ?? 'point'}${faces.length > 1 ? ` of face ${number + 1}` : ''}: arrow keys move it`}
            onPointerDown={(event) => {
              event.currentTarget.setPointerCapture(event.pointerId);
              gesture.current = new Gesture();
            }}
            onPointerMove={(event) => gesture.current?.set(photo.id, moved(number, index, pixel(event)))}
            onPointerUp={end} onPointerCancel={end}
            onKeyDown={(event) => {
              const far = event.shiftKey ? 10 : 1;
              const by = ({ ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] } as Record<string, Point>)[event.key];
              if (!by) return;
              event.preventDefault();
              event.stopPropagation();
              const nudge = new Gesture();
              nudge.set(photo.id, moved(number, index, [one[0] + by[0], one[1] + by[1]]));
              void nudge.end();
            }}
          />
        );
      })}
    </g>
  ));
}

function Frame({ points }: { points: Point[] }) {
  const path = closed(points);
  const [from, , , to] = points;
  return (
    <>
      <path className="under" d={path} />
      <path className="over" d={path} />
      {from && to && <path className="over top" d={`M${from.join(' ')}L${to.join(' ')}`} />}
    </>
  );
}

function closed(points: Point[]): string {
  return points.length === 0 ? '' : `M${points.map((one) => one.join(' ')).join('L')}Z`;
}
