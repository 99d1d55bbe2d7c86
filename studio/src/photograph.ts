/** What the page does with a photograph: it opens one, asks for its faces, and moves the points of a face. */

import type { Point } from './logic/contour';
import { chainOf, choiceOf, outputOf } from './logic/photo';
import type { Faces, NodeState } from './protocol';
import { store } from './store';
import { ask, setFields, show, upload } from './studio';

type Detector = NonNullable<Faces['detector']>;

/** Open a graph that edits a photograph, and show the photograph. */
export async function openPhotograph(file: File): Promise<void> {
  const got = await upload(file, 'photo');
  if (got?.kind !== 'image') return;
  if (await ask({ do: 'open', what: { photograph: got.id } })) show({ dock: 'photo', pointing: true, selection: [] });
}

/** Look for the faces of a photograph; without a detector, of another one than before. */
export function findFaces(photo: NodeState, detector?: Detector): void {
  show(detector === undefined ? { faces: null, photograph: null, quality: null } : { faces: null });
  void ask({ do: 'faces', node: photo.id, detector: detector ?? 'mtcnn' });
}

/** Cut faces out by their points, each as a row. */
export function cutOut(photo: NodeState, ...faces: Point[][]): void {
  void setFields(photo.id, choiceOf(photo, faces));
}

/** Show the photograph with its points, and let the graph show the crop, which needs no inversion while points move. */
export function point(): void {
  const { graph } = store.get();
  const chain = graph && chainOf(graph);
  const output = graph && chain && outputOf(graph, chain.photo);
  show({ pointing: true, selection: [] });
  if (output != null && graph?.view.output !== output) void ask({ do: 'view', output, row: 0 });
}

/** Show the photograph as edited. */
export function showResult(): void {
  const { graph } = store.get();
  const chain = graph && chainOf(graph);
  const output = graph && chain && outputOf(graph, chain.paste);
  show({ pointing: false });
  if (output != null) void ask({ do: 'view', output, row: 0 });
}

/** Download the photograph as edited, at its own size and with its metadata. */
export function downloadResult(): void {
  const { graph } = store.get();
  const chain = graph && chainOf(graph);
  const output = graph && chain && outputOf(graph, chain.paste);
  if (output != null) void ask({ do: 'export', format: 'png', output });
}
