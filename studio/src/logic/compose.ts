/** Edits of several nodes at once: what a drawn mask shows, and spans of a panorama in another order. */

import type { Catalogue, Change, GraphEvent, NodeState } from '../protocol';
import { ancestors, copyNodes, entryOf, freeId, pasteNodes } from './graph';
import { type Value, written } from './schema';

export type Use = 'another' | 'tint';

/** Return the changes that make a mask visible in an output: another seed inside it, or a colour. */
export function maskChanges(graph: GraphEvent, catalogue: Catalogue | null, mask: string, output: string, use: Use, seed: number): Change[] {
  const shown = graph.outputs.find((one) => one.name === output);
  const end = graph.nodes.find((node) => node.id === shown?.node);
  if (!shown || !end) return [];
  if (use === 'tint') return tint(graph, mask, end, output);
  const read = graph.links.find((link) => link.target === end.id && link.input === 'of')?.source;
  const pass = graph.nodes.find((node) => node.id === read);
  const isPass = pass && end.op === 'decode' && ['Latent', 'Features'].includes(pass.makes ?? entryOf(catalogue, pass)?.makes ?? '');
  return isPass ? otherPass(graph, mask, end, pass, seed) : otherTake(graph, mask, end, output, seed);
}

function tint(graph: GraphEvent, mask: string, end: NodeState, output: string): Change[] {
  const id = freeId(ids(graph), 'tinted');
  return [
    { add: { op: 'overlay', id, fields: { colour: 'orange', strength: 0.5 }, position: beside(end) } },
    { connect: { source: end.id, target: id, input: 'of', index: null } },
    { connect: { source: mask, target: id, input: 'mask', index: null } },
    { outputs: renamed(graph, output, id) },
  ];
}

/** Blend another code into the pass that is decoded, on the same canvas. */
function otherPass(graph: GraphEvent, mask: string, end: NodeState, pass: NodeState, seed: number): Change[] {
  const taken = ids(graph);
  const code = freeId(taken, 'inside');
  const styled = freeId([...taken, code], 'inside_pass');
  const mix = freeId([...taken, code, styled], 'painted');
  const model = pass.fields.model;
  const isCode = pass.makes === 'Latent';
  const place = (right: number, down: number): [number, number] | null => pass.position && [pass.position[0] + right, pass.position[1] + down];
  const changes: Change[] = [
    { add: { op: 'sample', id: code, fields: { seed, truncation: 0.7, ...(model === undefined ? {} : { model }) }, position: place(-40, 150) } },
  ];
  if (!isCode) {
    changes.push({ add: { op: 'restyle', id: styled, fields: {}, position: place(200, 150) } });
    changes.push(connect(pass.id, styled, 'of'), connect(code, styled, 'latent'));
  }
  return [
    ...changes,
    { add: { op: 'blend', id: mix, fields: {}, position: place(420, 20) } },
    connect(pass.id, mix, 'a'),
    connect(isCode ? code : styled, mix, 'b'),
    connect(mask, mix, 'mask'),
    connect(mix, end.id, 'of'),
  ];
}

/** Blend the picture with one of other seeds, made by a copy of all that it reads. */
function otherTake(graph: GraphEvent, mask: string, end: NodeState, output: string, seed: number): Change[] {
  const { changes, ids: copies } = pasteNodes(graph, copyNodes(graph, [...ancestors(graph.links, end.id)].filter((id) => id !== mask)), [0, 260]);
  const seeded = changes.map((change): Change => {
    if (!('add' in change) || change.add.op !== 'sample') return change;
    return { add: { ...change.add, fields: { ...change.add.fields, seed } } };
  });
  const mix = freeId([...ids(graph), ...copies.values()], 'painted');
  const other = copies.get(end.id);
  if (other === undefined) return [];
  return [
    ...seeded,
    { add: { op: 'blend', id: mix, fields: {}, position: beside(end) } },
    connect(end.id, mix, 'a'),
    connect(other, mix, 'b'),
    connect(mask, mix, 'mask'),
    { outputs: renamed(graph, output, mix) },
  ];
}

function connect(source: string, target: string, input: string): Change {
  return { connect: { source, target, input, index: null } };
}

function ids(graph: GraphEvent): string[] {
  return graph.nodes.map((node) => node.id);
}

function beside(node: NodeState): [number, number] | null {
  return node.position && [node.position[0] + 240, node.position[1]];
}

function renamed(graph: GraphEvent, output: string, node: string): { name: string; node: string }[] {
  return graph.outputs.map((item) => ({ name: item.name, node: item.name === output ? node : item.node }));
}

/** Return the order of `count` things after one was moved to the place of another. */
export function moved(count: number, from: number, to: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  order.splice(to, 0, ...order.splice(from, 1));
  return order;
}

/** Return the node whose rows are the spans of a panorama: the codes that a mosaic, or the spans of a knit, are made of. */
export function spansOf(graph: GraphEvent, id: string): NodeState | null {
  const node = graph.nodes.find((one) => one.id === id);
  if (!node) return null;
  const above = graph.nodes.filter((one) => one.id !== id && ancestors(graph.links, id).has(one.id));
  const ordered = above.find((one) => one.op === 'rows' && isOrder(one.fields.take));
  return ordered ?? above.find((one) => one.rows > 1 && ['sample', 'latent', 'stack', 'lerp'].includes(one.op)) ?? null;
}

function isOrder(take: Value | undefined): take is string {
  return typeof take === 'string' && /^\d+(,\d+)+$/.test(take);
}

/** Return the changes that move a span of a panorama to another place. */
export function moveSpan(graph: GraphEvent, id: string, from: number, to: number): Change[] {
  const source = spansOf(graph, id);
  if (!source || from === to) return [];
  if (source.op === 'rows') {
    const order = written(source.fields.take).split(',');
    return [{ set: { node: source.id, field: 'take', value: moved(order.length, from, to).map((row) => order[row]).join(',') } }];
  }
  const seeds = source.fields.seed;
  if (source.op === 'sample' && Array.isArray(seeds) && seeds.length === source.rows) {
    return [{ set: { node: source.id, field: 'seed', value: moved(seeds.length, from, to).map((row) => seeds[row] ?? 0) } }];
  }
  const order = freeId(ids(graph), 'order');
  const position: [number, number] | null = source.position && [source.position[0] + 110, source.position[1] + 110];
  return [
    { add: { op: 'rows', id: order, fields: { take: moved(source.rows, from, to).join(',') }, position } },
    connect(source.id, order, 'of'),
    ...graph.links
      .filter((link) => link.source === source.id)
      .map((link): Change => ({ connect: { source: order, target: link.target, input: link.input, index: link.index } })),
  ];
}

/** The fields that only one kind of mask has. */
const SHAPES: Record<string, string[]> = {
  ramp: ['axis', 'start', 'stop', 'sampling'],
  box: ['box'],
  ellipse: ['centre', 'radii'],
  polygon: ['points'],
  text: ['text', 'at', 'anchor', 'size'],
  region: ['region', 'framing'],
  image: ['path', 'channel'],
  constant: ['value'],
  combine: ['of', 'how'],
};

/** Return the changes that give a mask another shape; feather, inversion and strength stay. */
export function reshape(mask: NodeState, shape: Record<string, Value>): Change[] {
  const kept = new Set(SHAPES[written(shape.kind)] ?? []);
  const gone = Object.keys(mask.fields).filter((name) => !kept.has(name) && Object.values(SHAPES).some((names) => names.includes(name)));
  const grid = ['grid', 'raster', 'kernel', 'sigma'].filter((name) => name in mask.fields);
  return [
    ...[...gone, ...grid].map((field): Change => ({ unset: { node: mask.id, field } })),
    ...Object.entries(shape).map(([field, value]): Change => ({ set: { node: mask.id, field, value } })),
  ];
}

/** Return the changes that add a drag of a point before the decode of an output; it has not moved yet. */
export function dragPoint(graph: GraphEvent, output: string, from: [number, number], to: [number, number]): Change[] | string {
  const end = graph.outputs.find((one) => one.name === output)?.node;
  const read = graph.links.find((link) => link.target === end && link.input === 'of');
  const code = graph.nodes.find((node) => node.id === read?.source);
  if (end === undefined || code?.makes !== 'Latent') return 'A point can be moved where the output is the decode of a code: here it is not, so add a drag node to the codes first.';
  const id = freeId(ids(graph), 'moved');
  const position: [number, number] | null = code.position && [code.position[0] + 120, code.position[1] + 130];
  return [
    { add: { op: 'drag', id, fields: { of: code.id, points: [from], to: [to], steps: 0 }, position } },
    connect(id, end, 'of'),
  ];
}
