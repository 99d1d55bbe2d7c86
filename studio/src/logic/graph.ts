/** Questions about a graph and its catalogue: entries of nodes, ports, what fits, copies. */

import type { Catalogue, Change, GraphEvent, InputEntry, Link, LinkState, NodeEntry, NodeState } from '../protocol';
import type { Value } from './schema';

/** Return the entry of a node: the entry of its op and, if it has kinds, of its kind. */
export function entryOf(catalogue: Catalogue | null, node: Pick<NodeState, 'op' | 'fields'>): NodeEntry | undefined {
  const entries = catalogue?.nodes.filter((entry) => entry.op === node.op) ?? [];
  return entries.find((entry) => entry.kind !== null && entry.kind === node.fields.kind) ?? entries[0];
}

/** Return the kinds that an op can have; none for most. */
export function kindsOf(catalogue: Catalogue | null, op: string): string[] {
  return catalogue?.nodes.flatMap((entry) => (entry.op === op && entry.kind !== null ? [entry.kind] : [])) ?? [];
}

/** Return whether a port takes a kind of value; what is not known may fit. */
export function accepts(input: Pick<InputEntry, 'types'>, kind: string | null): boolean {
  return kind === null || input.types.includes(kind);
}

/** Return the first port of an entry that takes a kind, required ones first. */
export function portFor(entry: NodeEntry, kind: string): InputEntry | undefined {
  const fitting = entry.inputs.filter((input) => accepts(input, kind));
  return fitting.find((input) => input.required) ?? fitting[0];
}

/** Return whether an entry can make a value that a port takes. */
export function canMake(entry: NodeEntry, types: string[]): boolean {
  if (entry.makes !== null) return types.includes(entry.makes);
  return entry.inputs[0]?.types.some((kind) => types.includes(kind)) ?? false;
}

/** Return the entries whose name or summary contains every word; names that begin with the text come first. */
export function search(entries: NodeEntry[], text: string): NodeEntry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = (entry: NodeEntry): number => {
    const name = nameOf(entry).toLowerCase();
    if (words.length === 0 || name.startsWith(words.join(' '))) return 0;
    return words.every((word) => name.includes(word)) ? 1 : 2;
  };
  return entries
    .filter((entry) => words.every((word) => `${nameOf(entry)} ${entry.summary} ${entry.category}`.toLowerCase().includes(word)))
    .sort((one, other) => rank(one) - rank(other));
}

export function nameOf(entry: Pick<NodeEntry, 'op' | 'kind'>): string {
  return entry.kind === null ? entry.op : `${entry.op} ${entry.kind}`;
}

/** Return the ids that a node reads, directly or through others, itself included. */
export function ancestors(links: LinkState[], id: string): Set<string> {
  return reach(id, (at) => links.filter((link) => link.target === at).map((link) => link.source));
}

/** Return the ids that read a node, directly or through others, itself included. */
export function descendants(links: LinkState[], id: string): Set<string> {
  return reach(id, (at) => links.filter((link) => link.source === at).map((link) => link.target));
}

function reach(start: string, next: (id: string) => string[]): Set<string> {
  const found = new Set([start]);
  const open = [start];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const other of next(id)) {
      if (found.has(other)) continue;
      found.add(other);
      open.push(other);
    }
  }
  return found;
}

/** Return an id that is free: the name, or the name with the least number from 2 that makes it so. */
export function freeId(taken: Iterable<string>, name: string): string {
  const ids = new Set(taken);
  const base = name.replace(/_\d+$/, '').replace(/[^A-Za-z0-9_]/g, '_') || 'node';
  if (!ids.has(base)) return base;
  for (let number = 2; ; number++) if (!ids.has(`${base}_${number}`)) return `${base}_${number}`;
}

/** Copied nodes and the links among and into them. */
export interface Clip {
  nodes: { id: string; op: string; fields: Record<string, Value>; position: [number, number] | null }[];
  links: Link[];
}

/** Return a copy of nodes, with all links into them. */
export function copyNodes(graph: GraphEvent, ids: string[]): Clip {
  const chosen = new Set(ids);
  return {
    nodes: graph.nodes
      .filter((node) => chosen.has(node.id))
      .map(({ id, op, fields, position }) => ({ id, op, fields, position })),
    links: graph.links
      .filter((link) => chosen.has(link.target))
      .map(({ source, target, input, index }) => ({ source, target, input, index })),
  };
}

/** Return the changes that paste a copy, and the new ids by the old ones. Links from nodes that are gone are left out. */
export function pasteNodes(graph: GraphEvent, clip: Clip, offset: [number, number] = [40, 40]): { changes: Change[]; ids: Map<string, string> } {
  const taken = new Set(graph.nodes.map((node) => node.id));
  const ids = new Map<string, string>();
  for (const node of clip.nodes) {
    const id = freeId(taken, node.id);
    taken.add(id);
    ids.set(node.id, id);
  }
  const ports = new Set(clip.links.map((link) => `${link.target}.${link.input}`));
  const changes: Change[] = clip.nodes.map((node) => ({
    add: {
      op: node.op,
      id: ids.get(node.id) ?? node.id,
      fields: Object.fromEntries(Object.entries(node.fields).filter(([name]) => !ports.has(`${node.id}.${name}`))),
      position: node.position && [node.position[0] + offset[0], node.position[1] + offset[1]],
    },
  }));
  const known = new Set(graph.nodes.map((node) => node.id));
  for (const link of clip.links) {
    const source = ids.get(link.source) ?? (known.has(link.source) ? link.source : null);
    const target = ids.get(link.target);
    if (source !== null && target !== undefined) changes.push({ connect: { source, target, input: link.input, index: link.index ?? null } });
  }
  return { changes, ids };
}
