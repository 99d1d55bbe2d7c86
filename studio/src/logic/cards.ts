/** Cards of nodes: their sizes, their places, and the frames of groups. */

import type { Catalogue, GraphEvent, NodeEntry, NodeState } from '../protocol';
import { entryOf } from './graph';
import { type Size, tidyLayout } from './layout';
import { written } from './schema';

export const CARD = { width: 188, head: 34, port: 22, line: 24, foot: 6 };
const FRAME = { side: 16, top: 34 };
const SUMMARY = 64; // letters

/** Return the fields that a card shows: those that are set and no ports. */
export function summary(node: NodeState, entry: NodeEntry | undefined): string {
  const hidden = new Set(['kind', ...(entry?.inputs.map((input) => input.name) ?? [])]);
  const parts = Object.entries(node.fields).flatMap(([name, value]) => (hidden.has(name) ? [] : [`${name} ${short(written(value))}`]));
  const text = parts.join(' · ');
  return text.length > SUMMARY ? `${text.slice(0, SUMMARY - 1)}…` : text;
}

function short(text: string): string {
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
}

/** Return the size of a card, known before it is drawn. */
export function cardSize(node: NodeState, entry: NodeEntry | undefined): Size {
  const ports = entry?.inputs.length ?? 0;
  const line = summary(node, entry) === '' ? 0 : CARD.line;
  return { width: CARD.width, height: CARD.head + ports * CARD.port + line + CARD.foot };
}

/** Return the place of every card: the one that was chosen, or one that the layout finds. */
export function positionsOf(graph: GraphEvent, catalogue: Catalogue | null): Map<string, [number, number]> {
  const sizes = new Map(graph.nodes.map((node) => [node.id, cardSize(node, entryOf(catalogue, node))]));
  const chosen = new Map(graph.nodes.flatMap((node) => (node.position ? [[node.id, node.position] as const] : [])));
  if (chosen.size === graph.nodes.length) return chosen;
  const found = tidyLayout(sizes, graph.links);
  // New nodes beside placed ones: the layout is moved to where the placed ones are, on average.
  const known = [...chosen].map(([id, [x, y]]) => [x - (found.get(id)?.[0] ?? 0), y - (found.get(id)?.[1] ?? 0)] as const);
  const by = [0, 1].map((axis) => (known.length === 0 ? 0 : Math.round(known.reduce((sum, item) => sum + (item[axis] ?? 0), 0) / known.length)));
  const taken = [...chosen].map(([id, place]) => ({ place, size: sizes.get(id) ?? CARD_SIZE }));
  const places = new Map<string, [number, number]>();
  for (const node of graph.nodes) {
    const place = chosen.get(node.id);
    const [x, y] = found.get(node.id) ?? [0, 0];
    const size = sizes.get(node.id) ?? CARD_SIZE;
    places.set(node.id, place ?? free([x + (by[0] ?? 0), y + (by[1] ?? 0)], size, known.length === 0 ? [] : taken));
    if (!place) taken.push({ place: places.get(node.id) ?? [0, 0], size });
  }
  return places;
}

const CARD_SIZE: Size = { width: CARD.width, height: CARD.head };

/** Move a card down until it covers no other. */
function free([x, y]: [number, number], size: Size, taken: { place: [number, number]; size: Size }[]): [number, number] {
  const hit = taken.find(({ place, size: other }) =>
    x < place[0] + other.width && place[0] < x + size.width && y < place[1] + other.height && place[1] < y + size.height);
  return hit ? free([x, hit.place[1] + hit.size.height + 16], size, taken) : [x, y];
}

/** Return the frame around nodes, or null if there are none. */
export function frameOf(ids: string[], places: Map<string, [number, number]>, sizes: Map<string, Size>): (Size & { x: number; y: number }) | null {
  const boxes = ids.flatMap((id) => {
    const [place, size] = [places.get(id), sizes.get(id)];
    return place && size ? [{ left: place[0], top: place[1], right: place[0] + size.width, bottom: place[1] + size.height }] : [];
  });
  if (boxes.length === 0) return null;
  const left = Math.min(...boxes.map((box) => box.left)) - FRAME.side;
  const top = Math.min(...boxes.map((box) => box.top)) - FRAME.top;
  return {
    x: left, y: top,
    width: Math.max(...boxes.map((box) => box.right)) + FRAME.side - left,
    height: Math.max(...boxes.map((box) => box.bottom)) + FRAME.side - top,
  };
}
