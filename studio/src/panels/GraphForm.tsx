/** The form of the graph: seed, model, parameters, outputs, and directions as sliders. */

import { useRef, useState } from 'react';

import { Field } from '../fields/Field';
import { addDirection, codesOf, type DirectionChoice, directionChoices } from '../logic/directions';
import { entryOf } from '../logic/graph';
import { type Schema, fieldSpec, tidy, written } from '../logic/schema';
import type { Catalogue, GraphEvent } from '../protocol';
import { anySeed, edit, Gesture, gestureId, select } from '../studio';
import { IconButton } from '../ui';

const SHOWN = 6; // directions that are not in the graph yet

export function GraphForm({ graph, catalogue }: { graph: GraphEvent; catalogue: Catalogue | null }) {
  return (
    <div className="form">
      <div className="row"><h2>{graph.title}</h2></div>
      {graph.faults.map((fault) => <p key={fault} className="fault" role="alert">{fault}</p>)}
      <Seed graph={graph} />
      <Models graph={graph} catalogue={catalogue} />
      <Quick graph={graph} catalogue={catalogue} />
      <Params graph={graph} />
      {catalogue && <Directions graph={graph} catalogue={catalogue} />}
      <p className="muted tip">Choose a node for its form. Draw on the picture with the tools on its left; <kbd>?</kbd> lists the keys.</p>
    </div>
  );
}

function Seed({ graph }: { graph: GraphEvent }) {
  const set = (seed: number) => {
    if (Number.isInteger(seed) && seed >= 0) void edit([{ seed }]);
  };
  return (
    <div className="field">
      <div className="label"><label htmlFor="graph-seed">seed</label></div>
      <div className="row">
        <input id="graph-seed" type="number" min={0} value={graph.seed} onChange={(event) => set(Number(event.target.value))} />
        <IconButton icon="dice" label="Another seed" onClick={() => set(anySeed())} />
      </div>
      <p className="about">the seed of nodes that have none of their own</p>
    </div>
  );
}

export function Models({ graph, catalogue }: { graph: GraphEvent; catalogue: Catalogue | null }) {
  const names = catalogue?.models ?? [];
  const isKnown = names.some((model) => model.name === graph.model);
  return (
    <div className="field">
      <div className="label"><label htmlFor="graph-model">model</label></div>
      <select id="graph-model" value={graph.model} onChange={(event) => void edit([{ model: event.target.value }])}>
        {!isKnown && <option>{graph.model}</option>}
        {names.map((model) => <option key={model.name} value={model.name}>{model.name} · {model.size[1]} × {model.size[0]} · {model.kind}</option>)}
      </select>
    </div>
  );
}

/** The fields that users change most, of all nodes of the graph. */
function Quick({ graph, catalogue }: { graph: GraphEvent; catalogue: Catalogue | null }) {
  const found = graph.nodes.flatMap((node) => {
    const entry = entryOf(catalogue, node);
    return ['seed', 'truncation', 'start', 'stop', 'strength', 't', 'feather', 'dx', 'left', 'right'].flatMap((name) => {
      const schema = entry?.fields[name];
      const value = node.fields[name];
      return schema !== undefined && typeof value === 'number' ? [{ node, name, value, spec: fieldSpec(name, schema as Schema) }] : [];
    });
  });
  if (found.length === 0) return null;
  return (
    <fieldset>
      <legend><h3>At hand</h3></legend>
      {found.slice(0, 8).map(({ node, name, value, spec }) => (
        <div key={`${node.id}.${name}`} className="quick">
          <button type="button" className="muted" onClick={() => select(node.id)}>{node.id}</button>
          <Field node={node.id} spec={{ ...spec, required: true }} value={value} fault={undefined} />
        </div>
      ))}
    </fieldset>
  );
}

function Params({ graph }: { graph: GraphEvent }) {
  const gesture = useRef(gestureId());
  const entries = Object.entries(graph.params);
  if (entries.length === 0) return null;
  return (
    <fieldset>
      <legend><h3>Parameters</h3></legend>
      {entries.map(([name, value]) => (
        <label key={name} className="field row">
          <span className="label">{name}</span>
          {typeof value === 'number' ? (
            <input
              type="number" step="any" value={value} onFocus={() => { gesture.current = gestureId(); }}
              onChange={(event) => event.target.value !== '' && void edit([{ params: { [name]: Number(event.target.value) } }], gesture.current)}
            />
          ) : (
            <input type="text" defaultValue={written(value)} onBlur={(event) => event.target.value !== written(value) && void edit([{ params: { [name]: event.target.value } }])} />
          )}
        </label>
      ))}
    </fieldset>
  );
}

function Directions({ graph, catalogue }: { graph: GraphEvent; catalogue: Catalogue }) {
  const [open, setOpen] = useState(false);
  const [of, setOf] = useState<string | null>(null);
  const codes = codesOf(graph).map((one) => one.id);
  const choices = directionChoices(graph, catalogue);
  if (choices.length === 0) return null;
  const first = new Set(choices.filter((choice) => choice.node === null).slice(0, SHOWN));
  const shown = open ? choices : choices.filter((choice) => choice.node !== null || first.has(choice));
  return (
    <fieldset>
      <legend><h3>Directions</h3></legend>
      {codes.length > 1 && (
        <label className="row">add to
          <select value={codes.includes(of ?? '') ? (of ?? '') : codes[0]} onChange={(event) => setOf(event.target.value)}>{codes.map((id) => <option key={id}>{id}</option>)}</select>
        </label>
      )}
      {shown.map((choice) => <DirectionSlider key={choice.key} choice={choice} onAdd={(strength) => void insert(graph, choice, strength, of)} />)}
      {choices.length > shown.length || open ? <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? 'Fewer directions' : `${choices.length - shown.length} more directions`}</button> : null}
    </fieldset>
  );
}

/** The slider of a direction. If no node has the direction yet, `onAdd` gets the strength at the end of a move. */
export function DirectionSlider({ choice, onAdd }: { choice: DirectionChoice; onAdd: (strength: number) => void }) {
  const gesture = useRef<Gesture | null>(null);
  const [held, setHeld] = useState<number | null>(null);
  const end = () => {
    const value = held;
    if (gesture.current) void gesture.current.end();
    else if (value !== null && choice.node === null) onAdd(value);
    gesture.current = null;
    setHeld(null);
  };
  const shown = held ?? choice.strength;
  return (
    <label className="field" title={choice.about}>
      <span className="row label">
        <span className="direction">{choice.label}</span>
        <span className="spacer" />
        <span className="muted">{tidy(shown)}</span>
      </span>
      <input
        type="range" min={choice.low} max={choice.high} step={(choice.high - choice.low) / 200} value={shown} aria-label={choice.label}
        onChange={(event) => {
          const value = Number(event.target.value);
          setHeld(value);
          if (choice.node === null) return; // a direction that is not there yet is added when the hand lets go
          gesture.current ??= new Gesture();
          gesture.current.set(choice.node, { strength: value });
        }}
        onPointerUp={end} onKeyUp={end} onBlur={end}
      />
    </label>
  );
}

async function insert(graph: GraphEvent, choice: DirectionChoice, strength: number, of: string | null): Promise<void> {
  const changes = addDirection(graph, choice, strength, of);
  if (changes.length > 0) await edit(changes);
}
