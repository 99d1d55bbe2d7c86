/** Directions as sliders: those that the graph has, the named ones of its model, and the first components of any model. */

import type { Catalogue, Change, GraphEvent } from '../protocol';
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

const COMPONENTS = 8;

/** Return the directions that the graph has, then those that could be added to its codes. */
export function directionChoices(graph: GraphEvent, catalogue: Catalogue | null): DirectionChoice[] {
  const used = graph.nodes.flatMap((node): DirectionChoice[] => {
    if (node.op !== 'direction' || (node.fields.strength !== undefined && typeof node.fields.strength !== 'number')) return [];
    const strength = typeof node.fields.strength === 'number' ? node.fields.strength : 1;
    const named = catalogue?.directions.find((one) => one.name === node.fields.name);
    const [low, high] = named ? [named.low, named.high] : [-5, 5];
    const label = `${node.id} · ${written(node.fields.name ?? node.fields.component ?? node.fields.kind)}`;
    return [{ key: node.id, label, about: named?.source ?? '', low: Math.min(low, strength), high: Math.max(high, strength), node: node.id, strength, fields: node.fields }];
  });
  if (codesOf(graph) === null) return used;
  const named = (catalogue?.directions ?? []).filter((one) => one.model === '' || one.model === graph.model);
  const has = (name: string): boolean => graph.nodes.some((node) => node.op === 'direction' && node.fields.name === name);
  return [
    ...used,
    ...named.filter((one) => !has(one.name)).map((one): DirectionChoice => ({
      key: `named:${one.name}`, label: one.name, about: `${one.source}, layers ${one.layers}`, low: one.low, high: one.high, node: null, strength: 0,
      fields: { kind: 'named', name: one.name },
    })),
    ...components(graph),
  ];
}

function components(graph: GraphEvent): DirectionChoice[] {
  const taken = new Set(graph.nodes.flatMap((node) => (node.op === 'direction' && node.fields.kind === 'pca' ? [node.fields.component ?? 0] : [])));
  return Array.from({ length: COMPONENTS }, (_, component) => component)
    .filter((component) => !taken.has(component))
    .map((component) => ({
      key: `pca:${component}`, label: `component ${component}`, about: 'a principal component of w, in standard deviations', low: -4, high: 4, node: null,
      strength: 0, fields: { kind: 'pca', component },
    }));
}

/** Return the codes that a new direction moves: the last before what runs them. */
function codesOf(graph: GraphEvent): { id: string; readers: { target: string; input: string; index: number | null }[] } | null {
  const makes = (id: string): string | null => graph.nodes.find((node) => node.id === id)?.makes ?? null;
  for (const node of [...graph.nodes].reverse()) {
    if (node.makes !== 'Latent') continue;
    const readers = graph.links.filter((link) => link.source === node.id && makes(link.target) !== 'Latent');
    if (readers.length > 0) return { id: node.id, readers };
  }
  return null;
}

/** Return the changes that put a direction after the codes of the graph. */
export function addDirection(graph: GraphEvent, choice: DirectionChoice, strength: number): Change[] {
  const codes = codesOf(graph);
  if (!codes) return [];
  const name = typeof choice.fields.name === 'string' ? choice.fields.name : `component_${written(choice.fields.component)}`;
  const id = freeId(graph.nodes.map((node) => node.id), name.replace(/[^A-Za-z0-9_]/g, '_'));
  return [
    { add: { op: 'direction', id, fields: { ...choice.fields, strength }, position: null } },
    { connect: { source: codes.id, target: id, input: 'of', index: null } },
    ...codes.readers.map((link): Change => ({ connect: { source: id, target: link.target, input: link.input, index: link.index } })),
  ];
}
