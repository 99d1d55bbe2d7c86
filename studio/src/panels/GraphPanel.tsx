/** The graph: nodes, typed links, groups; drawn by React Flow. */

import {
  applyNodeChanges, Background, BackgroundVariant, type Connection, Controls, type Edge, type FinalConnectionState, type NodeChange,
  Panel, ReactFlow, ReactFlowProvider, useReactFlow,
} from '@xyflow/react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';

import { entryOf } from '../logic/graph';
import { cardSize, frameOf, positionsOf } from '../logic/cards';
import type { Catalogue, GraphEvent, LinkState } from '../protocol';
import { store, useStudio } from '../store';
import { ask, edit, gestureId, select, show } from '../studio';
import { type Card, NodeCard } from './NodeCard';
import { Frame, type FrameNode } from './Frame';

type Shown = Card | FrameNode;

const TYPES = { card: NodeCard, frame: Frame };
const DELETE = null; // the keys of the page delete, so that one press is one step of undo

function cardsOf(graph: GraphEvent, catalogue: Catalogue | null, selection: string[]): Shown[] {
  const places = positionsOf(graph, catalogue);
  const chosen = new Set(selection);
  const sizes = new Map(graph.nodes.map((node) => [node.id, cardSize(node, entryOf(catalogue, node))]));
  const outputs = new Map(graph.outputs.map((item) => [item.node, item.name]));
  const frames = graph.groups.flatMap((group): FrameNode[] => {
    const frame = frameOf(group.nodes, places, sizes);
    if (!frame) return [];
    const { x, y, width, height } = frame;
    return [{ id: `group:${group.id}`, type: 'frame', position: { x, y }, width, height, zIndex: -1, selectable: false, focusable: false, data: { group } }];
  });
  const cards = graph.nodes.map((node): Card => {
    const [x, y] = places.get(node.id) ?? [0, 0];
    return {
      id: node.id, type: 'card', position: { x, y }, selected: chosen.has(node.id), width: sizes.get(node.id)?.width, height: sizes.get(node.id)?.height,
      ariaLabel: `${node.id}, ${node.op}`, data: { node, entry: entryOf(catalogue, node), output: outputs.get(node.id) ?? null },
    };
  });
  return [...frames, ...cards];
}

function edgeId(link: LinkState): string {
  return `${link.source}>${link.target}.${link.input}${link.index ?? ''}`;
}

function edgesOf(graph: GraphEvent): Edge[] {
  return graph.links.map((link) => ({
    id: edgeId(link), source: link.source, target: link.target, sourceHandle: 'out', targetHandle: `in:${link.input}`, reconnectable: 'target',
    className: `link ${link.type ?? 'unknown'}`, data: { input: link.input, index: link.index }, ariaLabel: `${link.source} into ${link.input} of ${link.target}`,
  }));
}

export function GraphPanel() {
  return (
    <ReactFlowProvider>
      <Flow />
    </ReactFlowProvider>
  );
}

function Flow() {
  const graph = useStudio((state) => state.graph);
  const catalogue = useStudio((state) => state.catalogue);
  const selection = useStudio((state) => state.selection);
  const flow = useReactFlow<Shown>();
  const [nodes, setNodes] = useState<Shown[]>([]);
  const [chosenEdges, setChosenEdges] = useState<Set<string>>(new Set());
  const dragging = useRef(false);
  const seen = useRef('');

  useEffect(() => {
    if (graph && !dragging.current) setNodes(cardsOf(graph, catalogue, selection));
  }, [graph, catalogue, selection]);

  useEffect(() => {
    // Another graph, or nodes that the layout put elsewhere: show all of it.
    const what = graph && `${graph.title} ${graph.nodes.some((node) => node.position) ? '' : graph.nodes.length}`;
    if (what === null || seen.current === what) return;
    seen.current = what;
    window.setTimeout(() => void flow.fitView({ padding: 0.12, maxZoom: 1 }), 60);
  }, [graph, flow]);

  const edges = useMemo(() => (graph ? edgesOf(graph) : []).map((edge) => ({ ...edge, selected: chosenEdges.has(edge.id) })), [graph, chosenEdges]);

  const onNodesChange = useCallback((changes: NodeChange<Shown>[]) => {
    setNodes((nodes) => applyNodeChanges(changes, nodes));
    const chosen = changes.filter((change) => change.type === 'select');
    if (chosen.length === 0) return;
    const ids = new Set(store.get().selection);
    for (const change of chosen) if (change.selected) ids.add(change.id); else ids.delete(change.id);
    select(...ids);
  }, []);

  const onDragStop = (_: unknown, __: Shown, moved: Shown[]) => {
    dragging.current = false;
    void place(moved, nodes);
  };

  const onConnectEnd = (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
    if (state.toHandle || !state.fromNode) return;
    const point = 'changedTouches' in event ? event.changedTouches[0] : event;
    if (!point) return;
    const at = flow.screenToFlowPosition({ x: point.clientX, y: point.clientY });
    openPalette(state.fromNode.id, state.fromHandle.id ?? '', [at.x, at.y]);
  };

  if (!graph) return null;
  return (
    <ReactFlow<Shown>
      nodes={nodes} edges={edges} nodeTypes={TYPES} onNodesChange={onNodesChange} minZoom={0.1} maxZoom={1.6}
      onEdgesChange={(changes) => setChosenEdges((edges) => {
        const next = new Set(edges);
        for (const change of changes) if (change.type === 'select') { if (change.selected) next.add(change.id); else next.delete(change.id); }
        return next;
      })}
      onConnect={(made) => void connect(made)}
      onReconnect={(old, made) => void reconnect(old, made)}
      onConnectEnd={onConnectEnd}
      onEdgesDelete={(gone) => void disconnect(gone)}
      onNodeDragStart={() => { dragging.current = true; }}
      onNodeDragStop={onDragStop}
      onSelectionDragStop={(_, moved) => { dragging.current = false; void place(moved, nodes); }}
      onPaneClick={() => select()}
      onDoubleClick={(event) => {
        if (!(event.target as Element).classList.contains('react-flow__pane')) return;
        const at = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
        show({ palette: { at: [at.x, at.y] } });
      }}
      deleteKeyCode={DELETE} multiSelectionKeyCode={['Shift', 'Meta', 'Control']} zoomOnDoubleClick={false} onlyRenderVisibleElements
      proOptions={{ hideAttribution: false }} fitView fitViewOptions={{ padding: 0.12, maxZoom: 1 }} nodeDragThreshold={2} connectionRadius={26} defaultEdgeOptions={{ interactionWidth: 14 }}
    >
      <Background variant={BackgroundVariant.Dots} gap={18} size={1} />
      <Controls showInteractive={false} position="bottom-right" />
      {graph.nodes.length === 0 && <Panel position="top-left" className="muted">The graph has no nodes. Press A to add one, or Ctrl+O to open a graph.</Panel>}
    </ReactFlow>
  );
}

/** Remember where nodes were put; a frame takes its nodes along. */
async function place(moved: Shown[], all: Shown[]): Promise<void> {
  const positions: Record<string, [number, number]> = {};
  for (const node of moved) {
    if (node.type === 'card') positions[node.id] = [Math.round(node.position.x), Math.round(node.position.y)];
    const before = node.type === 'frame' ? node.data.group : null;
    const from = before && frameStart(node.id);
    if (!before || !from) continue;
    const [x, y] = [node.position.x - from[0], node.position.y - from[1]];
    for (const card of all) {
      if (before.nodes.includes(card.id)) positions[card.id] = [Math.round(card.position.x + x), Math.round(card.position.y + y)];
    }
  }
  await edit([{ place: { positions } }]);
}

function frameStart(id: string): [number, number] | null {
  const { graph, catalogue } = store.get();
  const frame = graph && cardsOf(graph, catalogue, []).find((node) => node.id === id);
  return frame ? [frame.position.x, frame.position.y] : null;
}

function inputOf(handle: string | null | undefined): string | null {
  return handle?.startsWith('in:') ? handle.slice(3) : null;
}

async function connect(made: Connection): Promise<void> {
  const input = inputOf(made.targetHandle);
  if (input !== null) await edit([{ connect: { source: made.source, target: made.target, input, index: null } }]);
}

async function reconnect(old: Edge, made: Connection): Promise<void> {
  const input = inputOf(made.targetHandle);
  const before = old.data as { input: string; index: number | null };
  if (input === null) return;
  const same = old.target === made.target && before.input === input;
  const off = same ? [] : [{ disconnect: { target: old.target, input: before.input, index: before.index } }];
  await edit([...off, { connect: { source: made.source, target: made.target, input, index: same ? before.index : null } }], gestureId());
}

/** Remove links, the last of a list first, so that the places of the others stay. */
export async function disconnect(gone: Edge[]): Promise<void> {
  const ends = gone.map((edge) => ({ target: edge.target, ...(edge.data as { input: string; index: number | null }) }));
  ends.sort((one, other) => (other.index ?? 0) - (one.index ?? 0));
  if (ends.length > 0) await edit(ends.map((end) => ({ disconnect: end })));
}

/** Open the palette with what fits a link that was dropped on empty space. */
function openPalette(id: string, handle: string, at: [number, number]): void {
  const { graph, catalogue } = store.get();
  const node = graph?.nodes.find((one) => one.id === id);
  if (!node) return;
  const input = inputOf(handle);
  if (input === null) { show({ palette: { at, source: { node: id, kind: node.makes ?? 'Features' } } }); return; }
  const port = entryOf(catalogue, node)?.inputs.find((one) => one.name === input);
  show({ palette: { at: [at[0] - 190, at[1]], target: { node: id, input, types: port?.types ?? [] } } });
}

/** Return the ids of the edges that are selected in the page, for the Delete key. */
export function selectedEdges(): Edge[] {
  const graph = store.get().graph;
  const ids = new Set([...document.querySelectorAll('.react-flow__edge.selected')].map((edge) => edge.getAttribute('data-id')));
  return graph ? edgesOf(graph).filter((edge) => ids.has(edge.id)) : [];
}

/** Lay out the whole graph again, without the chosen positions. */
export async function tidy(): Promise<void> {
  const { graph, catalogue } = store.get();
  if (!graph) return;
  const bare = { ...graph, nodes: graph.nodes.map((node) => ({ ...node, position: null })) };
  await ask({ do: 'edit', changes: [{ place: { positions: Object.fromEntries(positionsOf(bare, catalogue)) } }], gesture: gestureId() });
}
