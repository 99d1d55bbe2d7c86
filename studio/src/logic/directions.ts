/** Directions as sliders: those that the graph has, the named ones of its model, and the first components of any model. */

import type { Catalogue, Change, GraphEvent, NodeState } from '../protocol';
import { freeId } from './graph';
import { type Value, written } from './schema';

export interface DirectionChoice {
  key: string;
  label: string;
  about: string;
  low: number;
  high: number;
  /** the node that has the direction; null: it is added when the slider moves */
  node: string | null;
  strength: number;
  fields: Record<string, Value>;
}

const LONGEST = 5; // the range of a direction without a published one
const COMPONENTS = Array.from({ length: 8 }, (_, component): DirectionChoice => ({
  key: `pca:${component}`, label: `component ${component}`, about: 'a principal component of w, in standard deviations', low: -4, high: 4, node: null,
  strength: 0, fields: { kind: 'pca', component },
}));

/** Return the directions of the graph: those of its model and the components in a fixed order, after any others that it has. */
export function directionChoices(graph: GraphEvent, catalogue: Catalogue | null): DirectionChoice[] {
  const used = new Map<string, DirectionChoice>();
  for (const node of graph.nodes) {
    const choice = usedChoice(node, graph, catalogue);
    if (choice) used.set(used.has(choice.key) ? node.id : choice.key, { ...choice, key: used.has(choice.key) ? node.id : choice.key });
  }
  const offered = codesOf(graph).length === 0 ? [] : [...named(graph, catalogue), ...COMPONENTS];
  const keys = new Set(offered.map((one) => one.key));
  return [...[...used.values()].filter((one) => !keys.has(one.key)), ...offered.map((one) => used.get(one.key) ?? one)];
}

/** Return a direction that the graph has, if it has one strength. */
function usedChoice(node: NodeState, graph: GraphEvent, catalogue: Catalogue | null): DirectionChoice | null {
  const { kind, name, component, strength } = node.fields;
  if (node.op !== 'direction' || (strength !== undefined && typeof strength !== 'number')) return null;
  const known = kind === 'named' ? entryNamed(written(name), graph.model, catalogue) : undefined;
  const [low, high, value] = [known?.low ?? -LONGEST, known?.high ?? LONGEST, strength ?? known?.strength ?? 1];
  const key = known ? `named:${known.name}` : kind === 'pca' && typeof (component ?? 0) === 'number' ? `pca:${written(component ?? 0)}` : node.id;
  const label = known ? shortName(known.name, graph.model) : `${node.id} · ${written(component ?? kind ?? '')}`;
  return { key, label, about: known?.source ?? '', low: Math.min(low, value), high: Math.max(high, value), node: node.id, strength: value, fields: node.fields };
}

/** Return the named direction that a node of a graph means: the one of its model, which the short name means too, comes first. */
export function entryNamed(name: string, model: string, catalogue: Catalogue | null): Catalogue['directions'][number] | undefined {
  const of = (full: string) => catalogue?.directions.find((one) => one.name === full);
  return of(`${model}.${name}`) ?? of(name);
}

function named(graph: GraphEvent, catalogue: Catalogue | null): DirectionChoice[] {
  return (catalogue?.directions ?? []).filter((one) => one.fits.includes(graph.model)).map((one) => ({
    key: `named:${one.name}`, label: shortName(one.name, graph.model), about: `${one.model}, ${one.layers}: ${one.source}`, low: one.low, high: one.high,
    node: null, strength: 0, fields: { kind: 'named', name: one.name },
  }));
}

/** Return the name of a direction without the name of the model that it belongs to. */
export function shortName(name: string, model: string): string {
  return (name.startsWith(`${model}.`) ? name.slice(model.length + 1) : name).replaceAll('_', ' ');
}

interface Codes {
  id: string;
  readers: { target: string; input: string; index: number | null }[];
}

/** Return the codes that a new direction can move: the last ones before what runs them. */
export function codesOf(graph: GraphEvent): Codes[] {
  const makes = new Map(graph.nodes.map((node) => [node.id, node.makes]));
  return graph.nodes.filter((node) => node.makes === 'Latent').flatMap((node) => {
    const readers = graph.links.filter((link) => link.source === node.id && makes.get(link.target) !== 'Latent');
    return readers.length > 0 ? [{ id: node.id, readers }] : [];
  });
}

/** Return the changes that put a direction after the codes with the id `of`, or after the first codes of the graph. */
export function addDirection(graph: GraphEvent, choice: DirectionChoice, strength: number, of?: string | null): Change[] {
  const all = codesOf(graph);
  const codes = all.find((one) => one.id === of) ?? all[0];
  if (!codes) return [];
  const name = typeof choice.fields.name === 'string' ? choice.fields.name : `component_${written(choice.fields.component)}`;
  const id = freeId(graph.nodes.map((node) => node.id), shortName(name, graph.model).replace(/[^A-Za-z0-9_]/g, '_'));
  return [
    { add: { op: 'direction', id, fields: { ...choice.fields, strength }, position: null } },
    { connect: { source: codes.id, target: id, input: 'of', index: null } },
    ...codes.readers.map((link): Change => ({ connect: { source: id, target: link.target, input: link.input, index: link.index } })),
  ];
}
