/** Contact sheets: seeds of a node, and a sweep over one or two fields; a click takes what is shown. */

import { useState } from 'react';

import { fieldSpec, readValue, type Schema, slider, tidy, type Value, written } from '../logic/schema';
import { entryOf } from '../logic/graph';
import type { Catalogue, GraphEvent, NodeState } from '../protocol';
import { type Sheet, store, type Thumb, useStudio } from '../store';
import { ask, edit, notify, setFields, show } from '../studio';
import { Icon } from '../icons';
import { useKept } from '../ui';

const SHEET = 24;
const SHOWN = 12; // favourites, the last that were marked

/** Forget the pictures of a sheet. */
export function clear(sheet: Sheet): void {
  const { thumbs } = store.get();
  for (const thumb of Object.values(thumbs[sheet])) URL.revokeObjectURL(thumb.url);
  show({ thumbs: { ...thumbs, [sheet]: {} } });
}

export function SeedSheet() {
  const graph = useStudio((state) => state.graph);
  const selection = useStudio((state) => state.selection);
  const thumbs = useStudio((state) => state.thumbs.seeds);
  const [start, setStart] = useKept('seeds', 0);
  const [chosen, setChosen] = useState<string | null>(null);
  const marked = useStudio((state) => state.history)?.seeds;
  const samples = graph?.nodes.filter((node) => node.op === 'sample') ?? [];
  const node = samples.find((one) => one.id === chosen) ?? samples.find((one) => selection.includes(one.id)) ?? samples[0];
  if (!node) return <p className="pad muted">The graph has no node that draws codes from a seed.</p>;
  const model = modelOf(graph, node);
  const favourites = marked?.[model] ?? [];
  const draw = (from: number) => {
    clear('seeds');
    setStart(from);
    void ask({ do: 'seeds', node: node.id, start: from, count: SHEET });
  };
  const shown = Object.entries(thumbs).sort(([, one], [, other]) => seedOf(one) - seedOf(other));
  return (
    <div className="sheet-panel">
      <div className="row bar">
        <label className="row">Seeds of
          <select value={node.id} onChange={(event) => setChosen(event.target.value)}>{samples.map((one) => <option key={one.id}>{one.id}</option>)}</select>
        </label>
        <label className="row">from <input type="number" min={0} value={start} onChange={(event) => setStart(Math.max(0, Math.floor(Number(event.target.value))))} /></label>
        <button type="button" className="primary" onClick={() => draw(start)}>Draw {SHEET}</button>
        <button type="button" disabled={start < SHEET} onClick={() => draw(start - SHEET)}>Earlier</button>
        <button type="button" onClick={() => draw(start + SHEET)}>Later</button>
        <span className="spacer" />
        {favourites.length > 0 && <span className="row muted" role="group" aria-label="Favourite seeds"><Icon name="star" /> {favourites.slice(-SHOWN).map((seed) => <button key={seed} type="button" onClick={() => void take(node, seed)}>{seed}</button>)}</span>}
      </div>
      <div className="sheet">
        {shown.map(([key, thumb]) => {
          const seed = seedOf(thumb);
          const isFavourite = favourites.includes(seed);
          return (
            <figure key={key} className={node.fields.seed === seed ? 'thumb taken' : 'thumb'}>
              <button type="button" onClick={() => void take(node, seed)} aria-label={`Take seed ${seed}`}><img src={thumb.url} alt="" /></button>
              <figcaption>
                {seed}
                <button
                  type="button" aria-pressed={isFavourite} aria-label={`Favourite seed ${seed}`}
                  onClick={() => void ask({ do: 'favourite_seed', model, seed, on: !isFavourite })}
                >
                  <Icon name="star" />
                </button>
              </figcaption>
            </figure>
          );
        })}
        {shown.length === 0 && <p className="muted pad">Draw a sheet, and click the picture that you want.</p>}
      </div>
    </div>
  );
}

/** Return the model of a node by the name of its file, since a seed means nothing to another model. */
function modelOf(graph: GraphEvent | null, node: NodeState): string {
  const named = typeof node.fields.model === 'string' ? node.fields.model : 'main';
  return graph?.models[named] ?? graph?.model ?? named;
}

function seedOf(thumb: Thumb): number {
  return Number(thumb.header.values[0] ?? thumb.header.key);
}

async function take(node: NodeState, seed: number): Promise<void> {
  await setFields(node.id, { seed });
  notify(`Seed ${seed} taken`);
}

interface AxisChoice {
  field: string; // node.field
  text: string;
}

function numericFields(graph: GraphEvent, catalogue: Catalogue | null): string[] {
  return graph.nodes.flatMap((node) => Object.entries(entryOf(catalogue, node)?.fields ?? {}).flatMap(([name, schema]) =>
    fieldSpec(name, schema as Schema).control === 'number' ? [`${node.id}.${name}`] : []));
}

/** Return values to begin with: five over the range of the field. */
function usualValues(graph: GraphEvent, catalogue: Catalogue | null, field: string): string {
  const [id, name] = split(field);
  const node = graph.nodes.find((one) => one.id === id);
  const schema = node && entryOf(catalogue, node)?.fields[name];
  if (!node || schema === undefined) return '[0, 1]';
  const spec = fieldSpec(name, schema as Schema);
  const current = node.fields[name] ?? spec.default;
  const value = typeof current === 'number' ? current : 0;
  const range = slider(spec, value);
  if (!range) return written([0, 1, 2, 3, 4].map((step) => value + step));
  const count = 5;
  return written(Array.from({ length: count }, (_, index) => {
    const part = range.low + (index / (count - 1)) * (range.high - range.low);
    return Number(tidy(spec.whole ? Math.round(part) : part));
  }));
}

function split(field: string): [string, string] {
  const at = field.lastIndexOf('.');
  return [field.slice(0, at), field.slice(at + 1)];
}

export function SweepSheet() {
  const graph = useStudio((state) => state.graph);
  const catalogue = useStudio((state) => state.catalogue);
  const thumbs = useStudio((state) => state.thumbs.sweep);
  const [x, setX] = useKept<AxisChoice>('across', { field: '', text: '' });
  const [y, setY] = useKept<AxisChoice>('down', { field: '', text: '' });
  const [drawn, setDrawn] = useKept<{ x: AxisChoice; y: AxisChoice; columns: number } | null>('sweep', null);
  if (!graph) return null;
  const fields = numericFields(graph, catalogue);
  const draw = () => {
    try {
      const columns = readValue(x.text);
      const rows = y.field === '' ? null : readValue(y.text);
      if (!Array.isArray(columns) || (rows !== null && !Array.isArray(rows))) throw new Error('expected values as a list, such as [0, 0.5, 1]');
      clear('sweep');
      setDrawn({ x, y, columns: columns.length });
      const [node, field] = split(x.field);
      const [nodeY, fieldY] = split(y.field);
      void ask({ do: 'sweep', x: { node, field, values: columns }, y: rows === null ? null : { node: nodeY, field: fieldY, values: rows } });
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), 'error');
    }
  };
  const placeOf = (key: string): number => {
    const [across = 0, down = 0] = key.split(',').map(Number);
    return down * (drawn?.columns ?? 1) + across;
  };
  const shown = Object.entries(thumbs).sort(([one], [other]) => placeOf(one) - placeOf(other));
  const axis = (label: string, choice: AxisChoice, set: (axis: AxisChoice) => void, isOptional: boolean) => (
    <div className="row">
      <label className="row">{label}
        <select value={choice.field} onChange={(event) => set({ field: event.target.value, text: event.target.value === '' ? '' : usualValues(graph, catalogue, event.target.value) })}>
          <option value="">{isOptional ? 'nothing' : 'a field…'}</option>
          {fields.map((field) => <option key={field}>{field}</option>)}
        </select>
      </label>
      {choice.field !== '' && <input type="text" className="mono" aria-label={`Values of ${choice.field}`} value={choice.text} onChange={(event) => set({ ...choice, text: event.target.value })} />}
    </div>
  );
  return (
    <div className="sheet-panel">
      <div className="row bar">
        {axis('Across', x, setX, false)}
        {axis('Down', y, setY, true)}
        <button type="button" className="primary" disabled={x.field === ''} onClick={draw}>Draw the sheet</button>
        <button type="button" onClick={() => void ask({ do: 'cancel' })}>Stop</button>
      </div>
      <div className="sheet grid" style={drawn ? { gridTemplateColumns: `repeat(${drawn.columns}, minmax(64px, 150px))` } : undefined}>
        {shown.map(([key, thumb]) => (
          <figure key={key} className="thumb" style={drawn ? { gridColumn: (placeOf(key) % drawn.columns) + 1, gridRow: Math.floor(placeOf(key) / drawn.columns) + 1 } : undefined}>
            <button type="button" aria-label={`Take ${thumb.header.values.map(written).join(', ')}`} onClick={() => drawn && void takeSweep(drawn.x, drawn.y, thumb.header.values)}><img src={thumb.url} alt="" /></button>
            <figcaption>{thumb.header.values.map(written).join(' · ')}</figcaption>
          </figure>
        ))}
        {shown.length === 0 && <p className="muted pad">Choose one or two fields; a click on a picture takes its values.</p>}
      </div>
    </div>
  );
}

async function takeSweep(x: AxisChoice, y: AxisChoice, values: Value[]): Promise<void> {
  const pairs = [x, y].flatMap((axis, index) => (axis.field === '' || values[index] === undefined ? [] : [[...split(axis.field), values[index]] as const]));
  await edit(pairs.map(([node, field, value]) => ({ set: { node, field, value } })));
}
