/** The keys of the page. */

import { copyNodes, type Clip, pasteNodes } from './logic/graph';
import { disconnect, selectedEdges, tidy } from './panels/GraphPanel';
import { group, toggleOutput } from './panels/Inspector';
import { openPaletteForSelection } from './panels/Palette';
import { toggleCompare } from './panels/Canvas';
import { toggleDrag } from './panels/DragPanel';
import { TOOLS } from './panels/Tools';
import { type Dock, store } from './store';
import { ask, edit, notify, select, show } from './studio';

export const DOCKS: { dock: Dock; label: string; keys: string }[] = [
  { dock: 'graph', label: 'Graph', keys: '1' },
  { dock: 'yaml', label: 'YAML', keys: '2' },
  { dock: 'plan', label: 'Plan', keys: '3' },
  { dock: 'seeds', label: 'Seeds', keys: '4' },
  { dock: 'sweep', label: 'Sweep', keys: '5' },
  { dock: 'explain', label: 'Explain', keys: '6' },
  { dock: 'film', label: 'Film', keys: '7' },
  { dock: 'outline', label: 'Outline', keys: '8' },
  { dock: 'photo', label: 'Photograph', keys: '9' },
];

/** What the help shows, in the order of use. */
export const HELP: [string, string][] = [
  ['A', 'add a node; if a node is selected, one that reads it'],
  ['Ctrl Z', 'undo'],
  ['Ctrl Shift Z', 'redo'],
  ['Ctrl S', 'save'],
  ['Ctrl O', 'open'],
  ['Delete', 'remove what is selected'],
  ['Ctrl C, Ctrl V', 'copy and paste nodes'],
  ['Ctrl D', 'duplicate nodes'],
  ['Ctrl A', 'select all nodes'],
  ['X', 'bypass the node, or put it back'],
  ['O', 'make the node an output'],
  ['G', 'group the selected nodes'],
  ['T', 'tidy the graph'],
  ['arrows', 'on a node: move it; on the picture: pan'],
  ['C', 'compare before and after'],
  ['S', 'start the drag, or stop it'],
  ['[ and ]', 'show the previous or the next output'],
  ['+ − 0', 'on the picture: zoom, fit'],
  ['1 … 9', 'graph, YAML, plan, seeds, sweep, explain, film, outline, photograph'],
  ['V B R E P L D', 'tools: move, brush, box, ellipse, polygon, ramp, point'],
  ['Esc', 'put the tool down; then clear the selection'],
];

let clip: Clip | null = null;

/** Handle a key that no control has handled. */
export function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
  const control = event.ctrlKey || event.metaKey;
  const typing = event.target instanceof HTMLInputElement ? !['range', 'checkbox'].includes(event.target.type) : event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLSelectElement;
  if (typing && !(control && event.key.toLowerCase() === 's')) return;
  const action = control ? withControl(event) : plain(event);
  if (!action) return;
  event.preventDefault();
  action();
}

function withControl(event: KeyboardEvent): (() => void) | undefined {
  const { graph } = store.get();
  if (event.altKey || !graph) return undefined;
  switch (event.key.toLowerCase()) {
    case 'z':
      return () => void ask({ do: event.shiftKey ? 'redo' : 'undo' });
    case 'y':
      return () => void ask({ do: 'redo' });
    case 's':
      return () => show({ dialog: 'save' });
    case 'o':
      return () => show({ dialog: 'open' });
    case 'a':
      return () => select(...graph.nodes.map((node) => node.id));
    case 'c':
      return window.getSelection()?.toString() ? undefined : copy;
    case 'v':
      return clip ? () => void paste(clip) : undefined;
    case 'd':
      return () => void paste(copyNodes(graph, store.get().selection));
    default:
      return undefined;
  }
}

function copy(): void {
  const { graph, selection } = store.get();
  if (!graph || selection.length === 0) return;
  clip = copyNodes(graph, selection);
  notify(selection.length === 1 ? `${selection[0] ?? ''} copied` : `${selection.length} nodes copied`);
}

async function paste(what: Clip | null): Promise<void> {
  const { graph } = store.get();
  if (!graph || !what || what.nodes.length === 0) return;
  const { changes, ids } = pasteNodes(graph, what);
  if (await edit(changes)) select(...ids.values());
}

function plain(event: KeyboardEvent): (() => void) | undefined {
  const { graph, selection } = store.get();
  const tool = TOOLS.find((item) => item.keys.toLowerCase() === event.key.toLowerCase());
  if (tool) return () => show({ tool: tool.tool });
  const dock = DOCKS.find((item) => item.keys === event.key);
  if (dock) return () => show({ dock: dock.dock });
  const [first] = selection;
  switch (event.key) {
    case '?':
      return () => show({ dialog: 'help' });
    case 'a':
      return openPaletteForSelection;
    case 't':
      return () => void tidy();
    case 'c':
      return toggleCompare;
    case 's':
      return toggleDrag;
    case '[':
    case ']':
      return () => step(event.key === ']' ? 1 : -1);
    case 'x':
      return first === undefined ? undefined : () => void bypass(first);
    case 'o':
      return graph && first !== undefined ? () => void toggleOutput(graph, first) : undefined;
    case 'g':
      return graph && selection.length > 0 ? () => void group(graph, selection) : undefined;
    case 'Delete':
    case 'Backspace':
      return () => void remove();
    case 'Escape':
      return () => (store.get().tool === 'hand' ? select() : show({ tool: 'hand', painting: null }));
    default:
      return undefined;
  }
}

async function bypass(id: string): Promise<void> {
  const node = store.get().graph?.nodes.find((one) => one.id === id);
  if (node) await edit([{ bypass: { node: id, on: !node.bypassed } }]);
}

async function remove(): Promise<void> {
  const { selection } = store.get();
  const edges = selectedEdges();
  if (edges.length > 0) await disconnect(edges);
  if (selection.length > 0) await edit([{ remove: selection }]);
}

function step(by: number): void {
  const graph = store.get().graph;
  if (!graph || graph.outputs.length === 0) return;
  const at = graph.outputs.findIndex((item) => item.name === graph.view.output);
  const next = graph.outputs[(at + by + graph.outputs.length) % graph.outputs.length];
  if (next) void ask({ do: 'view', output: next.name, row: 0 });
}
