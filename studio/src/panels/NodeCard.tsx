/** A node as a card: its name, its ports, what is set, and its faults. */

import { Handle, type Node, type NodeProps, Position, useConnection } from '@xyflow/react';
import { memo } from 'react';

import { accepts, nameOf } from '../logic/graph';
import { CARD, summary } from '../logic/cards';
import type { InputEntry, NodeEntry, NodeState } from '../protocol';
import { store } from '../store';

export type Card = Node<{ node: NodeState; entry: NodeEntry | undefined; output: string | null }, 'card'>;

function Card({ data, selected }: NodeProps<Card>) {
  const { node, entry, output } = data;
  const faults = node.faults.map((fault) => fault.message).join('\n');
  const line = summary(node, entry);
  const classes = ['card', selected ? 'chosen' : '', node.bypassed ? 'bypassed' : '', faults ? 'faulty' : ''].filter(Boolean).join(' ');
  return (
    <div className={classes} title={faults || undefined}>
      <header>
        <span className={`kind ${node.makes ?? 'unknown'}`} />
        <b>{node.id}</b>
        {output !== null && <span className="badge" title={`output ${output}`}>out</span>}
        {node.rows > 1 && <span className="badge" title={`${node.rows} rows`}>×{node.rows}</span>}
        {faults && <span className="badge bad" aria-label="has faults">!</span>}
        <span className="op">{entry ? nameOf({ op: entry.op, kind: entry.kind }) : node.op}</span>
      </header>
      {entry?.inputs.map((input, index) => <Port key={input.name} node={node.id} input={input} top={CARD.head + (index + 0.5) * CARD.port} />)}
      {line !== '' && <p>{line}</p>}
      <Handle type="source" position={Position.Right} id="out" className={`port ${node.makes ?? 'unknown'}`} style={{ top: CARD.head / 2 }} />
    </div>
  );
}

/** A port; while a link is drawn, ports that do not take its kind are faint. */
function Port({ node, input, top }: { node: string; input: InputEntry; top: number }) {
  const from = useConnection((state) => (state.inProgress && state.fromHandle.type === 'source' ? state.fromHandle.nodeId : null));
  const kind = from === null ? null : (store.get().graph?.nodes.find((one) => one.id === from)?.makes ?? null);
  const fits = from === null || (from !== node && accepts(input, kind));
  const shown = input.types.length === 1 ? input.types[0] : input.types.find((type) => type !== 'Latent');
  return (
    <div className={fits ? 'input' : 'input unfit'}>
      <Handle type="target" position={Position.Left} id={`in:${input.name}`} className={`port ${shown ?? 'unknown'}`} style={{ top }} />
      <span>{input.name}{input.many ? ' …' : ''}{input.required ? '' : ' ?'}</span>
    </div>
  );
}

export const NodeCard = memo(Card, (one, other) => one.data.node === other.data.node && one.data.entry === other.data.entry
  && one.data.output === other.data.output && one.selected === other.selected);
