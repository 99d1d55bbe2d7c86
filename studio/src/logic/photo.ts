/** The graph that edits a photograph: its parts, the frame of a face, and edits by named directions. */

import type { Catalogue, Change, GraphEvent, NodeState } from '../protocol';
import type { Point } from './contour';
import { type DirectionChoice, entryNamed, shortName } from './directions';
import { ancestors, freeId } from './graph';
import { type Value, written } from './schema';

/** The parts of a graph that edits a photograph; a part that the graph does not have is null. */
export interface Chain {
  photo: NodeState;
  encoder: NodeState | null;
  code: NodeState | null;
  edited: NodeState | null;
  paste: NodeState | null;
}

export const STYLES = ['ffhq', 'ffhqu', 'stylegan3-editing'] as const;
export type Style = (typeof STYLES)[number];
export const PLACES = ['left eye', 'right eye', 'left corner of the mouth', 'right corner of the mouth'] as const;

/** Return the parts of the first photograph that a graph pastes into, else of the first that it reads; null if it reads none. */
export function chainOf(graph: GraphEvent): Chain | null {
  const node = (id: string | undefined): NodeState | null => graph.nodes.find((item) => item.id === id) ?? null;
  const read = (target: NodeState | null, input: string): NodeState | null =>
    target && node(graph.links.find((link) => link.target === target.id && link.input === input)?.source);
  const paste = graph.nodes.find((item) => item.op === 'paste') ?? null;
  const photo = read(paste, 'onto') ?? graph.nodes.find((item) => item.op === 'photo') ?? null;
  if (photo?.op !== 'photo') return null;
  const above = (one: NodeState, op: string): NodeState | null => graph.nodes.find((item) => item.op === op && ancestors(graph.links, one.id).has(item.id)) ?? null;
  const edited = read(paste, 'of');
  const code = edited && above(edited, 'invert');
  return { photo, encoder: edited && above(edited, 'encode'), code, edited, paste };
}

/** Return the four points of each face that a node cuts out by hand: of one, or of several. */
export function facesOf(points: Value | undefined): Point[][] {
  const all = Array.isArray(points) && points.every((one) => Array.isArray(one) && Array.isArray(one[0])) ? points : [points];
  return all.map(landmarksOf).filter((one) => one !== null);
}

/** Return the four points that an alignment needs, of the 4, 5 or 68 points of a node; null if it has none. */
export function landmarksOf(points: Value | undefined): Point[] | null {
  if (!Array.isArray(points) || !points.every((one): one is Point => Array.isArray(one) && one.length === 2 && one.every((part) => typeof part === 'number'))) return null;
  const all: Point[] = points;
  const mean = (from: number, to: number): Point => {
    const part = all.slice(from, to);
    return [part.reduce((sum, one) => sum + one[0], 0) / part.length, part.reduce((sum, one) => sum + one[1], 0) / part.length];
  };
  const at = (index: number): Point => all[index] ?? [0, 0];
  if (all.length === 68) return [mean(36, 42), mean(42, 48), at(48), at(54)];
  return all.length === 4 || all.length === 5 ? [at(0), at(1), at(all.length - 2), at(all.length - 1)] : null;
}

/** Return the corners of the square of a face in pixels, as fgraph.faces.face_quad: upper left, lower left, lower right, upper right. */
export function quadOf([leftEye, rightEye, leftMouth, rightMouth]: Point[], style: Style): Point[] {
  if (!leftEye || !rightEye || !leftMouth || !rightMouth) return [];
  const eyes: Point = [(leftEye[0] + rightEye[0]) / 2, (leftEye[1] + rightEye[1]) / 2];
  const across: Point = [rightEye[0] - leftEye[0], rightEye[1] - leftEye[1]];
  const down: Point = [(leftMouth[0] + rightMouth[0]) / 2 - eyes[0], (leftMouth[1] + rightMouth[1]) / 2 - eyes[1]];
  const half = style === 'stylegan3-editing' ? 2 * Math.hypot(...across) : Math.max(2 * Math.hypot(...across), 1.8 * Math.hypot(...down));
  const along: Point = style === 'ffhqu' ? [1, 0] : [across[0] + down[1], across[1] - down[0]];
  const length = Math.hypot(...along) || 1;
  const x: Point = [(along[0] / length) * half, (along[1] / length) * half];
  const y: Point = [-x[1], x[0]];
  const centre: Point = [eyes[0] + 0.1 * down[0], eyes[1] + 0.1 * down[1]];
  const corner = (a: number, b: number): Point => [centre[0] + a * x[0] + b * y[0], centre[1] + a * x[1] + b * y[1]];
  return [corner(-1, -1), corner(-1, 1), corner(1, 1), corner(1, -1)];
}

/** Return initial points of a face in the middle of a photograph, for the user to move. Its square has 0.6 of the shorter side. */
export function pointsInTheMiddle(width: number, height: number): Point[] {
  const side = 0.6 * Math.min(width, height);
  const down = side / 3.6; // from the eyes to the mouth
  const [x, y] = [width / 2 - 0.5, height / 2 - 0.5 - 0.1 * down];
  const [apart, wide] = [side / 8, side / 10];
  return rounded([[x - apart, y], [x + apart, y], [x - wide, y + down], [x + wide, y + down]]);
}

/** Return points in pixels with two decimals, as a graph has them. */
export function rounded(points: Point[]): Point[] {
  return points.map(([x, y]): Point => [Math.round(x * 100) / 100, Math.round(y * 100) / 100]);
}

/** Return the fields of a photo node that cuts out faces by their points. */
export function fieldsOf(photo: NodeState, faces: Point[][]): Record<string, Value> {
  const points = faces.map(rounded);
  return { points: points.length === 1 ? (points[0] ?? []) : points, ...(styleOf(photo) === null ? { align: 'ffhq' } : {}) };
}

/** Return the fields that choose one face of a photograph, or several as rows. */
export function choiceOf(photo: NodeState, faces: Point[][]): Record<string, Value | undefined> {
  return { ...fieldsOf(photo, faces), face: faces.length > 1 ? 'all' : undefined };
}

/** Return the way in which the face of a node is cut out; null if it is not by landmarks. */
export function styleOf(photo: NodeState): Style | null {
  return STYLES.find((one) => one === photo.fields.align) ?? null;
}

/** Return the named directions of the model: those that edit the photograph, and those that could. */
export function namedEdits(graph: GraphEvent, chain: Chain, catalogue: Catalogue | null): DirectionChoice[] {
  const before = chain.edited ? ancestors(graph.links, chain.edited.id) : new Set<string>();
  return (catalogue?.directions ?? [])
    .filter((one) => one.fits.includes(graph.model))
    .map((one) => {
      const label = shortName(one.name, graph.model);
      const node = graph.nodes.find((item) => item.op === 'direction' && entryNamed(written(item.fields.name), graph.model, catalogue) === one && before.has(item.id));
      const given = node?.fields.strength;
      const strength = node ? (typeof given === 'number' ? given : one.strength) : 0;
      return {
        key: one.name, label, fields: { kind: 'named', name: one.name }, about: `${one.source}, layers ${one.layers}`, low: Math.min(one.low, strength), high: Math.max(one.high, strength),
        node: node?.id ?? null, strength,
      };
    });
}

/** Return the changes that edit the photograph by one more named direction, as the last one. */
export function addNamedEdit(graph: GraphEvent, chain: Chain, name: string, strength: number): Change[] {
  const source = graph.links.find((link) => link.target === chain.edited?.id && link.input === 'of')?.source;
  if (!chain.edited || source === undefined) return [];
  const id = freeId(graph.nodes.map((node) => node.id), shortName(name, graph.model));
  return [
    { add: { op: 'direction', id, fields: { kind: 'named', name, strength }, position: null } },
    { connect: { source, target: id, input: 'of', index: null } },
    { connect: { source: id, target: chain.edited.id, input: 'of', index: null } },
  ];
}

const STEPS = 50;

/** Return the changes that refine the encoder's code by an inversion or, if not `on`, that use the encoder's code as it is. */
export function refineChanges(graph: GraphEvent, chain: Chain, on: boolean): Change[] {
  const { photo, encoder, code } = chain;
  if (!encoder || on === (code !== null)) return [];
  const instead = (from: string, to: string): Change[] =>
    graph.links.filter((one) => one.source === from).map((one) => ({ connect: { source: to, target: one.target, input: one.input, index: one.index } }));
  if (code) return [...instead(code.id, encoder.id), { remove: [code.id] }];
  const id = freeId(graph.nodes.map((node) => node.id), 'code');
  return [
    { add: { op: 'invert', id, fields: { preset: 'refine', space: 'w+', steps: STEPS }, position: null } },
    { connect: { source: photo.id, target: id, input: 'of', index: null } },
    { connect: { source: encoder.id, target: id, input: 'start', index: null } },
    ...instead(encoder.id, id),
  ];
}

/** Return the changes that begin the inversion at the code of an encoder or, if not `on`, at the mean. */
export function encoderChanges(graph: GraphEvent, chain: Chain, on: boolean): Change[] {
  const { photo, encoder, code } = chain;
  if (!code || on === (encoder !== null)) return [];
  if (encoder) return [{ remove: [encoder.id] }];
  const id = freeId(graph.nodes.map((node) => node.id), 'found');
  return [
    { add: { op: 'encode', id, fields: {}, position: null } },
    { connect: { source: photo.id, target: id, input: 'of', index: null } },
    { connect: { source: id, target: code.id, input: 'start', index: null } },
  ];
}

/** Return the name of the output that shows a node; null if none does. */
export function outputOf(graph: GraphEvent, node: NodeState | null): string | null {
  return graph.outputs.find((item) => item.node === node?.id)?.name ?? null;
}
