/** The side of the page: the form of the chosen node, or of the graph. */

import { useState } from 'react';

import { Field } from '../fields/Field';
import { entryOf, kindsOf } from '../logic/graph';
import { type FieldSpec, fieldSpec, type Schema, type Value } from '../logic/schema';
import { reshape } from '../logic/compose';
import type { Catalogue, GraphEvent, InputEntry, NodeEntry, NodeState } from '../protocol';
import { store, useStudio } from '../store';
import { ask, edit, select, setFields, show } from '../studio';
import { IconButton } from '../ui';
import { firstFields } from './Palette';
import { GraphForm } from './GraphForm';

export function Inspector() {
  const graph = useStudio((state) => state.graph);
  const catalogue = useStudio((state) => state.catalogue);
  const selection = useStudio((state) => state.selection);
  const chosen = graph?.nodes.filter((node) => selection.includes(node.id)) ?? [];
  const [first] = chosen;
  return (
    <aside className="side" aria-label="Form">
      {graph && (chosen.length === 0 || !first) && <GraphForm graph={graph} catalogue={catalogue} />}
      {graph && first && chosen.length === 1 && <NodeForm key={first.id} graph={graph} node={first} catalogue={catalogue} />}
      {graph && chosen.length > 1 && <Several nodes={chosen} graph={graph} />}
    </aside>
  );
}

function Several({ nodes, graph }: { nodes: NodeState[]; graph: GraphEvent }) {
  const ids = nodes.map((node) => node.id);
  return (
    <div className="form">
      <h2>{nodes.length} nodes</h2>
      <p className="muted">{ids.join(', ')}</p>
      <div className="row">
        <button type="button" className="solid" onClick={() => void group(graph, ids)}>Group</button>
        <button type="button" className="solid" onClick={() => void edit([{ remove: ids }])}>Remove</button>
      </div>
    </div>
  );
}

/** Put a frame around nodes. */
export async function group(graph: GraphEvent, ids: string[]): Promise<void> {
  const taken = new Set(graph.groups.map((item) => item.id));
  let number = 1;
  while (taken.has(`group_${number}`)) number++;
  await edit([{ place: { groups: [...graph.groups, { id: `group_${number}`, title: 'Group', nodes: ids }] } }]);
}

function NodeForm({ graph, node, catalogue }: { graph: GraphEvent; node: NodeState; catalogue: Catalogue | null }) {
  const entry = entryOf(catalogue, node);
  const draft = useStudio((state) => state.draft)[node.id];
  const kinds = kindsOf(catalogue, node.op);
  const whole = node.faults.filter((fault) => fault.field == null || !known(entry, fault.field));
  return (
    <div className="form">
      <Head node={node} graph={graph} entry={entry} />
      {entry && <p className="muted">{entry.summary}</p>}
      {whole.map((fault) => <p key={fault.message} className="fault" role="alert">{fault.message}</p>)}
      {kinds.length > 0 && (
        <label className="field">
          <span className="label">kind</span>
          <select value={typeof node.fields.kind === 'string' ? node.fields.kind : ''} onChange={(event) => void changeKind(catalogue, node, event.target.value)}>
            {kinds.map((kind) => <option key={kind}>{kind}</option>)}
          </select>
        </label>
      )}
      {entry && entry.inputs.length > 0 && (
        <fieldset>
          <legend><h3>Reads</h3></legend>
          {entry.inputs.map((input) => <PortField key={input.name} graph={graph} node={node} input={input} />)}
        </fieldset>
      )}
      {entry && <Fields node={node} entry={entry} draft={draft} />}
      {entry && <About entry={entry} />}
    </div>
  );
}

function known(entry: NodeEntry | undefined, field: string): boolean {
  const name = field.split('.')[0] ?? field;
  return entry !== undefined && (name in entry.fields || entry.inputs.some((input) => input.name === name));
}

function Head({ node, graph, entry }: { node: NodeState; graph: GraphEvent; entry: NodeEntry | undefined }) {
  const [name, setName] = useState(node.id);
  const rename = () => {
    if (name === node.id || name === '') setName(node.id);
    else void edit([{ rename: { node: node.id, to: name } }]).then((answer) => (answer ? select(name) : setName(node.id)));
  };
  const shown = graph.outputs.find((item) => item.node === node.id);
  return (
    <>
      <div className="row">
        <span className={`kind ${node.makes ?? 'unknown'}`} aria-hidden="true" />
        <input
          type="text" className="name" aria-label="Name of the node" value={name} spellCheck={false} onChange={(event) => setName(event.target.value)} onBlur={rename}
          onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
        />
        <IconButton icon="close" label="Back to the graph" keys="Esc" onClick={() => select()} />
      </div>
      <div className="row actions" role="toolbar" aria-label={`Commands for ${node.id}`}>
        <span className="muted">{node.op}{entry?.kind ? ` · ${entry.kind}` : ''} → {node.makes ?? '?'}{node.rows > 1 ? ` ×${node.rows}` : ''}</span>
        <span className="spacer" />
        <IconButton icon="eye" label={shown ? 'No longer an output' : 'Make an output'} keys="O" pressed={shown !== undefined} onClick={() => void toggleOutput(graph, node.id)} />
        <IconButton icon="bypass" label="Bypass" keys="X" pressed={node.bypassed} disabled={!node.bypassable && !node.bypassed} onClick={() => void edit([{ bypass: { node: node.id, on: !node.bypassed } }])} />
        <IconButton icon="test" label="With and without this node" onClick={() => void ablate(node.id)} />
        <IconButton icon="trash" label="Remove" keys="Delete" onClick={() => void edit([{ remove: [node.id] }])} />
      </div>
      <Ablation node={node.id} />
    </>
  );
}

/** Make a node an output and look at it, or no longer. */
export async function toggleOutput(graph: GraphEvent, id: string): Promise<void> {
  const others = graph.outputs.filter((item) => item.node !== id).map((item) => ({ name: item.name, node: item.node }));
  if (others.length < graph.outputs.length) {
    await edit([{ outputs: others }]);
    return;
  }
  if (await edit([{ outputs: [...others, { name: id, node: id }] }])) await ask({ do: 'view', output: id, row: 0 });
}

async function ablate(node: string): Promise<void> {
  show({ thumbs: { ...store.get().thumbs, ablate: {} } });
  await ask({ do: 'ablate', node });
}

function Ablation({ node }: { node: string }) {
  const thumbs = useStudio((state) => state.thumbs.ablate);
  const shown = Object.entries(thumbs).filter(([key]) => key.startsWith(node) || !key.includes(':'));
  if (shown.length === 0) return null;
  return (
    <div className="ablation" aria-label={`With and without ${node}`} role="group">
      {shown.map(([key, thumb]) => (
        <figure key={key}>
          <img src={thumb.url} alt={key} />
          <figcaption className="muted">{thumb.header.values.map(String).join(' ') || key}</figcaption>
        </figure>
      ))}
    </div>
  );
}

async function changeKind(catalogue: Catalogue | null, node: NodeState, kind: string): Promise<void> {
  const entry = entryOf(catalogue, { op: node.op, fields: { kind } });
  if (!entry) return;
  const first: Record<string, Value> = { ...firstFields(entry), kind };
  if (node.op === 'mask') {
    await edit(reshape(node, first));
    return;
  }
  const allowed = new Set([...Object.keys(entry.fields), ...entry.inputs.map((input) => input.name), 'kind']);
  const gone = Object.keys(node.fields).filter((name) => !allowed.has(name));
  await setFields(node.id, { ...Object.fromEntries(gone.map((name) => [name, undefined])), ...first });
}

/** A port as a list of nodes that fit: links without a mouse. */
function PortField({ graph, node, input }: { graph: GraphEvent; node: NodeState; input: InputEntry }) {
  const links = graph.links.filter((link) => link.target === node.id && link.input === input.name);
  const fault = node.faults.find((item) => item.field?.split('.')[0] === input.name);
  const places = input.many ? [...links.map((link) => link.source), ''] : [links[0]?.source ?? ''];
  const fits = graph.nodes.filter((other) => other.id !== node.id && (other.makes === null || input.types.includes(other.makes)));
  const choose = (index: number, source: string) => {
    const at = input.many ? (index < links.length ? index : null) : null;
    if (source === '') void edit([{ disconnect: { target: node.id, input: input.name, index: at } }]);
    else void edit([{ connect: { source, target: node.id, input: input.name, index: at } }]);
  };
  return (
    <div className={fault ? 'field faulty' : 'field'}>
      {places.map((source, index) => (
        <label key={index} className="row port-row">
          <span className="label">{index === 0 ? input.name : ''}</span>
          <select aria-label={`${input.name} of ${node.id}${input.many ? `, ${index + 1}` : ''}`} title={input.description} value={source} aria-invalid={fault !== undefined} onChange={(event) => choose(index, event.target.value)}>
            <option value="">{input.many ? '+ another' : input.required ? 'nothing yet' : 'nothing'}</option>
            {source !== '' && !fits.some((item) => item.id === source) && <option>{source}</option>}
            {fits.map((item) => <option key={item.id}>{item.id}</option>)}
          </select>
        </label>
      ))}
      {fault && <p className="fault" role="alert">{fault.message}</p>}
    </div>
  );
}

function Fields({ node, entry, draft }: { node: NodeState; entry: NodeEntry; draft: Record<string, Value> | undefined }) {
  const [all, setAll] = useState(false);
  const fields = { ...node.fields, ...draft };
  const specs = Object.entries(entry.fields).flatMap(([name, schema]) =>
    name === 'op' || name === 'kind' ? [] : [fieldSpec(name, schema as Schema, entry.required.includes(name))]);
  const faults = new Map(node.faults.flatMap((fault) => (fault.field == null ? [] : [[fault.field.split('.')[0] ?? fault.field, fault.message] as const])));
  const isMain = (name: string): boolean => name in fields || faults.has(name) || entry.required.includes(name) || MAIN.has(name);
  const main = specs.filter((spec) => isMain(spec.name));
  const first = (spec: FieldSpec): number => (spec.name in fields || spec.required ? 0 : 1);
  const shown = (all || specs.length <= 6 ? specs : main).sort((one, other) => first(one) - first(other));
  return (
    <fieldset>
      <legend><h3>Fields</h3></legend>
      {shown.map((spec) => <Field key={spec.name} node={node.id} spec={spec} value={fields[spec.name]} fault={faults.get(spec.name)} />)}
      {specs.length > 6 && main.length < specs.length && (
        <button type="button" aria-expanded={all} onClick={() => setAll(!all)}>{all ? 'Fewer fields' : `${specs.length - main.length} more fields`}</button>
      )}
    </fieldset>
  );
}

/** Fields that are shown although they have their defaults. */
const MAIN = new Set(['seed', 'truncation', 'strength', 't', 'feather', 'alpha', 'invert', 'start', 'stop', 'axis', 'dx', 'dy', 'left', 'right', 'layers', 'component', 'name']);

function About({ entry }: { entry: NodeEntry }) {
  const rest = entry.description.replace(entry.summary, '').trim();
  if (rest === '') return null;
  return (
    <details>
      <summary>About {entry.op}</summary>
      <p className="muted about-text">{rest}</p>
    </details>
  );
}
