/** The bar of the drag in focus, above the picture: start and stop it, paint the part that may move, and see its progress. */

import { dragInFocus, type Drags, pointsOf, statusOf, withPoint } from '../logic/drags';
import type { Point } from '../logic/contour';
import { dragPoint } from '../logic/compose';
import type { Value } from '../logic/schema';
import type { Answer, DragChange, GraphEvent, NodeState } from '../protocol';
import { type State, store, useStudio } from '../store';
import { ask, edit, notify, select, show } from '../studio';
import { IconButton } from '../ui';

function focusOf(state: State): NodeState | null {
  return dragInFocus(state.graph, state.selection, state.drags, state.tool === 'point' || state.painting !== null);
}

/** Return the drag in focus, and render again when the focus changes. */
export function useDragInFocus(): NodeState | null {
  return useStudio(focusOf);
}

export function DragPanel() {
  const node = useDragInFocus();
  const drag = useStudio((state) => (node ? state.drags[node.id] : undefined));
  const painting = useStudio((state) => state.painting);
  const canUndo = useStudio((state) => state.graph?.can_undo ?? false);
  if (!node) return null;
  const running = drag?.running ?? false;
  const status = statusOf(node, drag);
  const masked = node.fields.mask != null;
  return (
    <section className={`drag-bar row${status.remedy === null ? '' : ' bad'}`} aria-label={`Drag ${node.id}`}>
      {running
        ? <button type="button" className="primary" title="Stop, and keep what it reached (S)" onClick={() => void ask({ do: 'drag_stop' })}>Stop</button>
        : <button type="button" className="primary" title="Move the points to their targets (S)" onClick={() => void startDrag(node.id)}>Start</button>}
      <IconButton icon="undo" label="Undo the last step of the drag" disabled={!canUndo} onClick={() => void ask({ do: 'undo' })} />
      <button
        type="button" aria-pressed={painting === node.id} title="Paint the part of the picture that may change"
        onClick={() => show(painting === node.id ? { painting: null, tool: 'hand' } : { painting: node.id, tool: 'brush' })}
      >
        {masked ? 'Paint more of what may move' : 'Paint what may move'}
      </button>
      <span className="drag-status" role="status">{node.id}: {status.words}</span>
    </section>
  );
}

/** Advice for a drag that is stuck or has lost its points. */
export function DragRemedy() {
  const node = useDragInFocus();
  const drag = useStudio((state) => (node ? state.drags[node.id] : undefined));
  const remedy = node && statusOf(node, drag).remedy;
  return remedy ? <p className="float drag-remedy" role="alert">{remedy}</p> : null;
}

/** Start or continue a drag. If the studio continues it as a new drag, select the new one. */
export async function startDrag(node: string): Promise<void> {
  show({ painting: null, tool: 'hand' });
  follow(await ask({ do: 'drag_start', node }));
}

/** Start or stop the drag in focus. */
export function toggleDrag(): void {
  const state = store.get();
  const node = focusOf(state);
  if (!node) return;
  if (state.drags[node.id]?.running) void ask({ do: 'drag_stop' });
  else void startDrag(node.id);
}

/** Set points, targets or the mask of a drag. */
export async function changeDrag(node: string, row: number, change: Partial<Pick<DragChange, 'points' | 'to' | 'mask' | 'shape'>>): Promise<void> {
  follow(await ask({ do: 'drag_change', node, row, ...change }));
}

function follow(answer: Answer | null): void {
  const [id] = answer?.ids ?? [];
  if (id === undefined) return;
  const { painting } = store.get();
  select(id);
  if (painting !== null) show({ painting: id });
}

/** Add a point to the drag in focus, or to a new one. */
export async function addPoint(from: Point, to: Point): Promise<void> {
  const state = store.get();
  const { graph, drags } = state;
  if (graph?.view.output == null) return;
  const node = focusOf(state);
  if (node) {
    const known = pointsOf(node, drags[node.id], graph.view.row);
    await changeDrag(node.id, known.row, withPoint(known, from, to));
    return;
  }
  const changes = dragPoint(graph, graph.view.output, from, to);
  if (typeof changes === 'string') {
    notify(changes, 'error');
    return;
  }
  follow(await edit(changes));
}

/** Return the id of the mask that painting adds to: the mask of the drag that is painted for, or null if it has none. */
export function paintedMask(graph: GraphEvent | null, painting: string | null): string | null {
  const node = graph?.nodes.find((one) => one.id === painting);
  return node !== undefined && typeof node.fields.mask === 'string' ? node.fields.mask : null;
}

/** Add a painted shape to the part that a drag may move. */
export async function paintDrag(node: string, drags: Drags, shape: Record<string, Value>): Promise<void> {
  const row = drags[node]?.rows[0]?.row ?? 0;
  await changeDrag(node, row, { shape: { ...shape, feather: 0.03 } });
}
