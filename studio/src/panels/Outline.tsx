/** The graph as a nested list, for screen readers and for keys: from each output to what it reads. */

import { entryOf } from '../logic/graph';
import { summary } from '../logic/cards';
import type { Catalogue, GraphEvent, LinkState } from '../protocol';
import { useStudio } from '../store';
import { ask, select } from '../studio';

export function Outline() {
  const graph = useStudio((state) => state.graph);
  const catalogue = useStudio((state) => state.catalogue);
  const selection = useStudio((state) => state.selection);
  if (!graph) return null;
  const read = new Set(graph.links.map((link) => link.source));
  const shown = new Set(graph.outputs.map((item) => item.node));
  const loose = graph.nodes.filter((node) => !read.has(node.id) && !shown.has(node.id));
  const seen = new Set<string>();
  return (
    <div className="outline pad">
      <p className="muted">{counted(graph.nodes.length, 'node')}, {counted(graph.links.length, 'link')}, {counted(graph.outputs.length, 'output')}. Each node is followed by what it reads.</p>
      <ul>
        {graph.outputs.map((item) => (
          <li key={item.name}>
            output <button type="button" onClick={() => void ask({ do: 'view', output: item.name, row: 0 })}>{item.name}</button>
            <ul><Branch id={item.node} graph={graph} catalogue={catalogue} selection={selection} seen={seen} /></ul>
          </li>
        ))}
        {loose.length > 0 && (
          <li>
            read by nothing
            <ul>{loose.map((node) => <Branch key={node.id} id={node.id} graph={graph} catalogue={catalogue} selection={selection} seen={seen} />)}</ul>
          </li>
        )}
      </ul>
    </div>
  );
}

function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

interface BranchProps {
  id: string;
  graph: GraphEvent;
  catalogue: Catalogue | null;
  selection: string[];
  seen: Set<string>;
  link?: LinkState;
}

function Branch({ id, graph, catalogue, selection, seen, link }: BranchProps) {
  const node = graph.nodes.find((one) => one.id === id);
  if (!node) return null;
  const again = seen.has(id);
  seen.add(id);
  const inputs = again ? [] : graph.links.filter((item) => item.target === id);
  const line = summary(node, entryOf(catalogue, node));
  return (
    <li>
      {link && <span className="muted">{link.input}{link.index === null ? '' : ` ${link.index + 1}`}: </span>}
      <button type="button" aria-pressed={selection.includes(id)} onClick={() => select(id)}>{id}</button>
      <span className="muted"> {node.op}{typeof node.fields.kind === 'string' ? ` ${node.fields.kind}` : ''}{node.makes === null ? '' : `, makes ${node.makes}`}{node.bypassed ? ', bypassed' : ''}{line === '' ? '' : `; ${line}`}{again ? ', see above' : ''}</span>
      {node.faults.map((fault) => <p key={fault.message} className="danger">{fault.message}</p>)}
      {inputs.length > 0 && (
        <ul>{inputs.map((item) => <Branch key={`${item.input}${item.index ?? ''}`} id={item.source} link={item} graph={graph} catalogue={catalogue} selection={selection} seen={seen} />)}</ul>
      )}
    </li>
  );
}
