/** Small graphs and entries for tests. */

import type { GraphEvent, LinkState, NodeEntry, NodeState } from '../protocol';
import type { Value } from './schema';

export function node(id: string, op: string, fields: Record<string, Value> = {}, rows = 1): NodeState {
  return { id, op, fields, makes: null, rows, bypassed: false, bypassable: false, position: null, faults: [], line: null };
}

export function link(source: string, target: string, input: string, index: number | null = null): LinkState {
  return { source, target, input, index, type: null };
}

export function graphOf(nodes: NodeState[], links: LinkState[] = [], output = nodes.at(-1)?.id ?? ''): GraphEvent {
  return {
    event: 'graph', revision: 1, title: 'graph', yaml: '', nodes, links, outputs: [{ name: output, node: output, kind: 'Image', rows: 1 }],
    model: 'landscape', models: {}, params: {}, groups: [], film: null, seed: 0, faults: [], can_undo: false, can_redo: false, saved_as: null,
    is_saved: true, changed_on_disk: false, state: 'a', view: { output, row: 0 },
  };
}

export function entry(op: string, kind: string | null, inputs: [string, string[]][], makes: string | null): NodeEntry {
  return {
    op, kind, makes, category: 'test', summary: '', description: '', fields: {}, required: [],
    inputs: inputs.map(([name, types]) => ({ name, types, required: true, many: false, description: '' })),
  };
}
