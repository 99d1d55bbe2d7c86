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
    const kind = written(node.fields.component ?? node.fields.kind);
    const label = named ? shortName(named.name, graph.model) : `${node.id} · ${kind}`;
    return [{ key: node.id, label, about: named?.source ?? '', low: Math.min(low, strength), high: Math.max(high, strength), node: node.id, strength, fields: node.fields }];
  });
  if (codesOf(graph).length === 0) return used;
  const named = (catalogue?.directions ?? []).filter((one) => one.fits.includes(graph.model));
  const has = (name: string): boolean => graph.nodes.some((node) => node.op === 'direction' && node.fields.name === name);
  return [
    ...used,
    ...named.filter((one) => !has(one.name)).map((one): DirectionChoice => ({
      key: `named:${one.name}`, label: shortName(one.name, graph.model), about: `${one.model}, ${one.layers}: ${one.source}`, low: one.low, high: one.high, node: null, strength: 0,
      fields: { kind: 'named', name: one.name },
    })),
    ...components(graph),
  ];
}

/** Return the name of a direction without the name of the model that it belongs to. */
function shortName(name: string, model: string): string {
  return (name.startsWith(`${model}.`) ? name.slice(model.length + 1) : name).replaceAll('_', ' ');
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

/** Return the changes that put a direction after codes of the graph: those named, else the first. */
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
