/** The palette: search for a node to add, or for one that fits a link. */

import { useEffect, useRef, useState } from 'react';

import { canMake, nameOf, portFor, search } from '../logic/graph';
import type { Catalogue, Change, NodeEntry } from '../protocol';
import { type PaletteRequest, store, useStudio } from '../store';
import { edit, gestureId, show } from '../studio';

export function Palette() {
  const request = useStudio((state) => state.palette);
  const catalogue = useStudio((state) => state.catalogue);
  return request && catalogue ? <Open request={request} catalogue={catalogue} /> : null;
}

function fitting(catalogue: Catalogue, request: PaletteRequest): NodeEntry[] {
  const { source, target } = request;
  if (source) return catalogue.nodes.filter((entry) => portFor(entry, source.kind));
  if (target) return catalogue.nodes.filter((entry) => canMake(entry, target.types));
  return catalogue.nodes;
}

function Open({ request, catalogue }: { request: PaletteRequest; catalogue: Catalogue }) {
  const [text, setText] = useState('');
  const [place, setPlace] = useState(0);
  const root = useRef<HTMLDivElement>(null);
  const found = search(fitting(catalogue, request), text);
  const at = Math.min(place, found.length - 1);
  const close = () => show({ palette: null });

  useEffect(() => {
    const before = document.activeElement;
    root.current?.querySelector('input')?.focus();
    const outside = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) show({ palette: null });
    };
    document.addEventListener('pointerdown', outside);
    return () => {
      document.removeEventListener('pointerdown', outside);
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  useEffect(() => {
    root.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const take = (entry: NodeEntry | undefined) => {
    if (entry) void add(entry, request);
    close();
  };
  const keys = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setPlace((at + step + found.length) % Math.max(found.length, 1));
    else if (event.key === 'Enter') take(found[at]);
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="palette" ref={root} role="dialog" aria-label="Add a node">
      <input
        type="text" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-label="Search nodes" placeholder="Add a node: type a name or what it does"
        aria-activedescendant={found[at] ? `palette-${at}` : undefined} value={text} onKeyDown={keys}
        onChange={(event) => {
          setText(event.target.value);
          setPlace(0);
        }}
      />
      {request.source && <p className="hint">Nodes that read <b>{request.source.kind}</b> from {request.source.node}</p>}
      {request.target && <p className="hint">Nodes that make what <b>{request.target.input}</b> of {request.target.node} reads: {request.target.types.join(', ')}</p>}
      <ul id="palette-list" role="listbox" aria-label="Nodes">
        {found.map((entry, index) => (
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events -- the search box has the keys
          <li key={nameOf(entry)} id={`palette-${index}`} role="option" aria-selected={index === at} onPointerMove={() => setPlace(index)} onClick={() => take(entry)}>
            <span className={`kind ${entry.makes ?? 'unknown'}`} aria-hidden="true" />
            <b>{nameOf(entry)}</b>
            <span className="muted">{entry.summary.replaceAll('`', '')}</span>
          </li>
        ))}
        {found.length === 0 && <li aria-selected={false} role="option"><span /><span className="muted">nothing fits</span></li>}
      </ul>
    </div>
  );
}

/** Return values for the required fields of a new node, so that it has a result to show. */
export function firstFields(entry: NodeEntry): Record<string, string | number | (number | number[])[]> {
  const usual: Record<string, string | number | (number | number[])[]> = {
    box: [0.3, 0.3, 0.4, 0.4], points: [[0.5, 0.2], [0.8, 0.8], [0.2, 0.8]], to: [[0.5, 0.4]], text: 'text', grid: [1, 2], component: 0, region: 'hair', amount: 1,
    path: 'landscape.png',
  };
  if (entry.op === 'drag') return { points: [[0.5, 0.5]], to: [[0.5, 0.4]] };
  const found = Object.fromEntries(entry.required.flatMap((name) => (usual[name] === undefined ? [] : [[name, usual[name]] as const])));
  return entry.kind === null ? found : { kind: entry.kind, ...found };
}

async function add(entry: NodeEntry, request: PaletteRequest): Promise<void> {
  const position: [number, number] | null = request.at && [Math.round(request.at[0]), Math.round(request.at[1])];
  const gesture = gestureId();
  const answer = await edit([{ add: { op: entry.op, fields: firstFields(entry), position } }], gesture);
  const id = answer?.ids?.[0];
  if (id === undefined) return;
  show({ selection: [id] });
  const links = linksOf(entry, request, id);
  if (links.length > 0) await edit(links, gesture);
}

/** Return the link of a new node that the palette was opened for, or none. */
function linksOf(entry: NodeEntry, request: PaletteRequest, id: string): Change[] {
  const { source, target } = request;
  if (target) return [{ connect: { source: id, target: target.node, input: target.input, index: null } }];
  if (!source) return [];
  const port = portFor(entry, source.kind);
  return port ? [{ connect: { source: source.node, target: id, input: port.name, index: null } }] : [];
}

/** Open the palette for nodes that read the selected node, or for all nodes. */
export function openPaletteForSelection(): void {
  const { graph, selection } = store.get();
  const node = graph?.nodes.find((one) => one.id === selection[0]);
  const at: [number, number] | null = node?.position ? [node.position[0] + 240, node.position[1] + 20] : null;
  show({ palette: node && selection.length === 1 ? { at, source: { node: node.id, kind: node.makes ?? 'Features' } } : { at } });
}
