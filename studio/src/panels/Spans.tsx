/** The spans of a panorama as chips below it: dragged, or moved with the arrow keys, they change places. */

import { useState } from 'react';

import { moveSpan, spansOf } from '../logic/compose';
import { onto, type Place, placesOf } from '../logic/places';
import { ancestors } from '../logic/graph';
import { type Rect, toPicture } from '../logic/view';
import type { GraphEvent } from '../protocol';
import { useStudio } from '../store';
import { edit } from '../studio';

/** Return the node that lays spans side by side in an output, and the places of the spans. */
function layer(graph: GraphEvent): { id: string; places: Place[] } | null {
  const output = graph.view.output;
  const end = graph.outputs.find((one) => one.name === output)?.node;
  if (output === null || end === undefined) return null;
  const above = ancestors(graph.links, end);
  const node = graph.nodes.find((one) => above.has(one.id) && (one.op === 'knit' || one.op === 'mosaic'));
  const source = node && spansOf(graph, node.id);
  if (!node || !source) return null;
  const before = node.op === 'knit' ? node.id : source.id;
  const places = placesOf(graph, before, output);
  return places && places.length > 1 && places.length <= 40 ? { id: node.id, places } : null;
}

export function Spans({ rect }: { rect: Rect }) {
  const graph = useStudio((state) => state.graph);
  const tool = useStudio((state) => state.tool);
  const [dragged, setDragged] = useState<{ from: number; at: number } | null>(null);
  const spans = graph && tool === 'hand' ? layer(graph) : null;
  if (!graph || !spans) return null;
  const source = spansOf(graph, spans.id);
  const count = source?.rows ?? spans.places.length;
  const places = spans.places.slice(0, count);
  const middles = places.map((place) => onto(place, [0.5, 0.5]));
  const nearest = (x: number, y: number): number => {
    const distances = middles.map(([a, b]) => Math.hypot(a - x, (b - y) * (rect.height / rect.width)));
    return distances.indexOf(Math.min(...distances));
  };
  const move = (from: number, to: number) => {
    if (to >= 0 && to < places.length && to !== from) void edit(moveSpan(graph, spans.id, from, to));
  };
  const along = middles.every(([, y]) => y === middles[0]?.[1]);
  return (
    <div className="spans" role="group" aria-label="Spans: drag one, or press an arrow key, to move it">
      {middles.map(([x, y], index) => {
        const at = dragged?.from === index ? dragged.at : x;
        const left = rect.left + at * rect.width;
        const top = along ? rect.top + rect.height + 6 : rect.top + y * rect.height - 11;
        return (
          <button
            key={index} type="button" className={dragged?.from === index ? 'span dragged' : 'span'} style={{ left, top }}
            aria-label={`Span ${index + 1}`} title="Drag to move this span"
            onKeyDown={(event) => {
              const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
              if (step === undefined) return;
              event.preventDefault();
              move(index, index + step);
            }}
            onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
            onPointerMove={(event) => {
              if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
              const box = event.currentTarget.parentElement?.getBoundingClientRect();
              if (box) setDragged({ from: index, at: toPicture(rect, [event.clientX - box.left, 0])[0] });
            }}
            onPointerUp={(event) => {
              const box = event.currentTarget.parentElement?.getBoundingClientRect();
              if (dragged && box) move(index, nearest(...toPicture(rect, [event.clientX - box.left, event.clientY - box.top])));
              setDragged(null);
            }}
          >
            {index + 1}
          </button>
        );
      })}
    </div>
  );
}
