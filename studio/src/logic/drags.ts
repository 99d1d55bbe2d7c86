/** Drags of points: which one is in focus, where its points are, and its progress. */

import type { DragEvent, DragRow, GraphEvent, NodeState } from '../protocol';
import type { Point } from './contour';
import { ancestors } from './graph';
import { pointsIn } from './overlay';

/** The progress of drags, by the ids of their nodes. */
export type Drags = Record<string, DragEvent>;

/** The points of a drag in one row, their targets, and their earlier places. */
export interface Points {
  row: number;
  points: Point[];
  to: Point[];
  /** A list of places for each point. */
  trails: Point[][];
}

/** Return the drag whose panel and points are shown: the selected one, the running one, or while picking the last one before the output. */
export function dragInFocus(graph: GraphEvent | null, selection: string[], drags: Drags, picking: boolean): NodeState | null {
  if (!graph) return null;
  const isDrag = (node: NodeState | undefined): node is NodeState => node?.op === 'drag';
  const chosen = graph.nodes.filter((node) => selection.includes(node.id));
  if (chosen.length === 1 && isDrag(chosen[0])) return chosen[0];
  const running = graph.nodes.find((node) => drags[node.id]?.running);
  if (isDrag(running)) return running;
  if (!picking) return null;
  const end = graph.outputs.find((one) => one.name === graph.view.output)?.node;
  const above = end === undefined ? new Set<string>() : ancestors(graph.links, end);
  const found = graph.nodes.filter((node) => isDrag(node) && above.has(node.id));
  return found.find((node) => !found.some((other) => other !== node && ancestors(graph.links, other.id).has(node.id))) ?? null;
}

/** Return whether a drag has moved already. Changed points then start a new drag. */
export function hasMoved(node: NodeState): boolean {
  return node.fields.steps !== 0;
}

/** Return the state of a drag in a row, or null if that row does not move. A single state belongs to any row. */
export function rowOf(drag: DragEvent | undefined, row: number): DragRow | null {
  const rows = drag?.rows ?? [];
  return (rows.length === 1 ? rows[0] : rows.find((one) => one.row === row)) ?? null;
}

/** Return the points of a drag: their current places if it has moved, otherwise the places in its fields. */
export function pointsOf(node: NodeState, drag: DragEvent | undefined, row: number): Points {
  const known = rowOf(drag, row);
  if (known) {
    const trails = known.points.map((_, index) => known.trail.flatMap((time) => (time[index] ? [time[index]] : [])));
    return { row: known.row, points: known.points, to: known.targets, trails };
  }
  return { row, points: pointsIn(node.fields, 'points', row), to: pointsIn(node.fields, 'to', row), trails: [] };
}

/** Return points and targets with one more of each. */
export function withPoint(known: Points, from: Point, to: Point): { points: Point[]; to: Point[] } {
  return { points: [...known.points, from], to: [...known.to, to] };
}

/** Return a list with one place moved. */
export function moved(places: Point[], index: number, to: Point): Point[] {
  return places.map((one, at) => (at === index ? to : one));
}

/** The progress of a drag in words; `remedy` is advice for a drag that is stuck or has lost its points. */
export interface DragStatus {
  words: string;
  remedy: string | null;
}

/** Return the status of a drag: of its row with the worst ending. */
export function statusOf(node: NodeState, drag: DragEvent | undefined): DragStatus {
  const rows = drag?.rows ?? [];
  const worst = rows.reduce<DragRow | null>((one, other) => (one && rank(one) >= rank(other) ? one : other), null);
  if (!worst) return { words: hasMoved(node) ? 'not drawn yet' : 'not started', remedy: null };
  if (worst.steps === 0 && !drag?.running) return { words: 'not started', remedy: null };
  const left = `${worst.distance.toFixed(1)} pixels left`;
  const steps = `${worst.steps} ${worst.steps === 1 ? 'step' : 'steps'}`;
  if (drag?.running && worst.ending === null) return { words: `${steps}, ${left}`, remedy: null };
  if (worst.ending === 'arrived') return { words: `arrived after ${steps}`, remedy: null };
  if (worst.ending === 'stuck' || worst.ending === 'lost') return { words: `${worst.ending} after ${steps}, ${left}`, remedy: worst.remedy };
  return { words: `stopped after ${steps}, ${left}`, remedy: null };
}

function rank(row: DragRow): number {
  const order = ['arrived', 'steps', 'stuck', 'lost'];
  return row.ending === null ? 1 : order.indexOf(row.ending);
}
