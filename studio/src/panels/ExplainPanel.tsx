/** What each node does: every output as it is and without each node; a click on a row bypasses the node. */

import type { GraphEvent, NodeState, OutputState } from '../protocol';
import { type Thumb, useStudio } from '../store';
import { ask, edit, select } from '../studio';
import { clear } from './Sheets';

export function ExplainPanel() {
  const graph = useStudio((state) => state.graph);
  const thumbs = useStudio((state) => state.thumbs.explain);
  if (!graph) return null;
  const draw = () => {
    clear('explain');
    void ask({ do: 'explain' });
  };
  const rows = graph.nodes.filter((node) => node.bypassable || node.bypassed);
  const others = graph.nodes.filter((node) => !rows.includes(node)).map((node) => node.id);
  const isDrawn = Object.keys(thumbs).length > 0;
  return (
    <div className="sheet-panel">
      <div className="row bar">
        <button type="button" className="primary" onClick={draw}>{isDrawn ? 'Draw again' : 'Draw the outputs without each node'}</button>
        <button type="button" onClick={() => void ask({ do: 'cancel' })}>Stop</button>
        <span className="muted">A click on a row bypasses its node.</span>
      </div>
      <div className="explain">
        {isDrawn ? <Rows graph={graph} rows={rows} thumbs={thumbs} /> : <p className="muted pad">Each row shows the outputs without one node: the readers of the node read its first input of the same kind instead.</p>}
        {isDrawn && others.length > 0 && <p className="muted pad">Without a row, because they read nothing of the kind that they make: {others.join(', ')}. A row stays empty if the graph does not run without its node.</p>}
      </div>
    </div>
  );
}

function Rows({ graph, rows, thumbs }: { graph: GraphEvent; rows: NodeState[]; thumbs: Record<string, Thumb> }) {
  return (
    <table>
      <thead>
        <tr><th scope="col">without</th>{graph.outputs.map((output) => <th key={output.name} scope="col">{output.name}</th>)}</tr>
      </thead>
      <tbody>
        <tr><th scope="row" className="muted">nothing</th>{graph.outputs.map((output) => <Cell key={output.name} output={output} thumb={thumbs[`/${output.name}`]} />)}</tr>
        {rows.map((node) => <Row key={node.id} node={node} outputs={graph.outputs} thumbs={thumbs} />)}
      </tbody>
    </table>
  );
}

function Row({ node, outputs, thumbs }: { node: NodeState; outputs: OutputState[]; thumbs: Record<string, Thumb> }) {
  const label = node.bypassed ? `Put ${node.id} back` : `Bypass ${node.id}`;
  const bypass = () => {
    select(node.id);
    void edit([{ bypass: { node: node.id, on: !node.bypassed } }]);
  };
  return (
    <tr className={node.bypassed ? 'off' : undefined}>
      <th scope="row"><button type="button" aria-label={label} aria-pressed={node.bypassed} title={label} onClick={bypass}>{node.id}</button></th>
      {outputs.map((output) => <Cell key={output.name} output={output} thumb={thumbs[`${node.id}/${output.name}`]} onClick={bypass} label={label} />)}
    </tr>
  );
}

function Cell({ output, thumb, onClick, label }: { output: OutputState; thumb: Thumb | undefined; onClick?: () => void; label?: string }) {
  if (!thumb) return <td />;
  const [change] = thumb.header.values;
  const picture = <img src={thumb.url} alt={output.name} width={thumb.header.width} height={thumb.header.height} />;
  return (
    <td>
      {onClick ? <button type="button" tabIndex={-1} title={label} aria-label={`${label ?? ''}: ${output.name}`} onClick={onClick}>{picture}</button> : picture}
      {onClick && <span className="muted">{changeOf(change)}</span>}
    </td>
  );
}

function changeOf(change: unknown): string {
  if (typeof change !== 'number') return 'another size';
  return change === 0 ? 'no change' : `changes ${(100 * change).toFixed(change < 0.01 ? 2 : 1)}%`;
}
