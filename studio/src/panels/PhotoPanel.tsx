/** A photograph, edited: its face, the code of the face, edits by named sliders, and the way back into the photograph. */

import { useEffect, useRef } from 'react';

import { Field } from '../fields/Field';
import { Icon } from '../icons';
import { entryOf } from '../logic/graph';
import { addNamedEdit, type Chain, chainOf, encoderChanges, facesOf, namedEdits, outputOf, pointsInTheMiddle, refineChanges, STYLES, styleOf } from '../logic/photo';
import { fieldSpec, type Schema, written } from '../logic/schema';
import { cutOut, downloadResult, findFaces, openPhotograph, point, showResult } from '../photograph';
import type { Catalogue, GraphEvent, NodeState } from '../protocol';
import { useStudio } from '../store';
import { ask, edit, setFields } from '../studio';
import { DirectionSlider, Models } from './GraphForm';

export function PhotoPanel() {
  const graph = useStudio((state) => state.graph);
  const catalogue = useStudio((state) => state.catalogue);
  const chain = graph && chainOf(graph);
  if (!graph || !chain) return <Start />;
  return (
    <div className="photo">
      <Face chain={chain} />
      <Code graph={graph} chain={chain} catalogue={catalogue} />
      <Edits graph={graph} chain={chain} catalogue={catalogue} />
      <Back graph={graph} chain={chain} catalogue={catalogue} />
    </div>
  );
}

function Choose() {
  return (
    <label className="file solid">
      <Icon name="folder" /> Choose a photograph
      <input
        type="file" accept="image/*" onChange={(event) => {
          const [file] = event.target.files ?? [];
          if (file) void openPhotograph(file);
        }}
      />
    </label>
  );
}

function Start() {
  return (
    <div className="photo start">
      <p>Drop a photograph here. Its faces are framed, one or all are cut out and edited, and what changed is pasted back. Every other pixel and the metadata stay.</p>
      <div className="row">
        <Choose />
        <button type="button" className="solid" onClick={() => void ask({ do: 'open', what: { graph: 'edit_photo' } })}>A drawn room with a portrait</button>
      </div>
    </div>
  );
}

interface Part {
  graph: GraphEvent;
  chain: Chain;
}

function Face({ chain: { photo } }: { chain: Chain }) {
  const found = useStudio((state) => state.faces);
  const pointing = useStudio((state) => state.pointing);
  const asked = useRef<string | null>(null); // the photograph whose largest face is cut out when it is found
  const faces = found?.node === photo.id ? found : null;
  const file = `${photo.id} ${written(photo.fields.file)} ${photo.fields.landmarks === undefined ? '' : written(photo.fields.landmarks)}`;
  const latest = useRef(photo);
  useEffect(() => {
    latest.current = photo;
  });
  useEffect(() => {
    asked.current = file;
    findFaces(latest.current);
  }, [file]);
  useEffect(() => {
    const [first] = faces?.faces ?? [];
    const isOpen = latest.current.fields.points === undefined && latest.current.fields.landmarks === undefined && latest.current.fields.align === 'none';
    if (asked.current === file && first && isOpen) cutOut(latest.current, first);
    if (faces) asked.current = null;
  }, [faces, file]);
  const style = styleOf(photo);
  const byHand = () => {
    if (!faces) return;
    const known = facesOf(photo.fields.points);
    cutOut(photo, ...(known.length > 0 ? known : [pointsInTheMiddle(faces.width, faces.height)]));
    point();
  };
  return (
    <fieldset>
      <legend><h3>1 · Face</h3></legend>
      <div className="row wrap">
        <Choose />
        <button type="button" className="solid" aria-pressed={pointing} onClick={point}>Points</button>
      </div>
      {photo.faults.map((fault) => <p key={fault.message} className="fault" role="alert">{fault.message}</p>)}
      <p className="muted" role="status">{said(faces)}</p>
      <div className="row wrap">
        {faces?.faces.map((points, index) => <button key={index} type="button" className="solid" onClick={() => { cutOut(photo, points); point(); }}>Face {index + 1}</button>)}
        {faces && faces.faces.length > 1 && <button type="button" className="solid" aria-pressed={photo.fields.face === 'all'} onClick={() => { cutOut(photo, ...faces.faces); point(); }}>All faces</button>}
        <button type="button" className={faces && faces.faces.length === 0 && !style ? 'primary' : 'solid'} disabled={!faces} onClick={byHand}>Points by hand</button>
      </div>
      <label className="row">
        <span className="label">detector</span>
        <select value={faces?.detector ?? 'mtcnn'} onChange={(event) => findFaces(photo, event.target.value as 'mtcnn' | 'dlib68')}>
          <option value="mtcnn">mtcnn: 5 points, MIT</option>
          <option value="dlib68">dlib68: 68 points, no commercial use</option>
        </select>
      </label>
      <label className="row">
        <span className="label">align</span>
        <select value={written(photo.fields.align ?? 'none')} onChange={(event) => void setFields(photo.id, { align: event.target.value, ...(event.target.value === 'none' ? { points: undefined } : {}) })}>
          {!style && <option>{written(photo.fields.align ?? 'none')}</option>}
          {STYLES.map((one) => <option key={one} disabled={!style}>{one}</option>)}
          {style && <option>none</option>}
        </select>
      </label>
    </fieldset>
  );
}

function said(faces: { faces: unknown[]; message: string | null } | null): string {
  if (!faces) return 'Looking for faces…';
  if (faces.message !== null) return `${faces.message}. Or place the points by hand.`;
  if (faces.faces.length === 0) return 'No face was found: place the eyes and the corners of the mouth by hand.';
  return faces.faces.length === 1 ? '1 face. Drag its points.' : `${faces.faces.length} faces. Drag points, click another frame, or take all faces.`;
}

function Code({ graph, chain, catalogue }: Part & { catalogue: Catalogue | null }) {
  const { encoder, code } = chain;
  const quality = useStudio((state) => (state.quality && state.quality.revision <= (state.graph?.revision ?? 0) ? state.quality : null));
  return (
    <fieldset>
      <legend><h3>2 · Code</h3></legend>
      <Models graph={graph} catalogue={catalogue} />
      <label className="row check">
        <input type="checkbox" checked={encoder !== null} disabled={!code} onChange={(event) => void edit(encoderChanges(graph, chain, event.target.checked))} />
        encode
      </label>
      {encoder?.faults.map((fault) => <p key={fault.message} className="fault" role="alert">{fault.message}</p>)}
      <label className="row check">
        <input type="checkbox" checked={code !== null} disabled={!encoder} onChange={(event) => void edit(refineChanges(graph, chain, event.target.checked))} />
        refine
      </label>
      {code && <Fields node={code} names={['steps']} catalogue={catalogue} />}
      {quality && (
        <p className="muted" role="status">
          inversion: {quality.psnr.toFixed(1)} dB, gradients {quality.gradients.toFixed(3)}{quality.distance === null ? '' : `, distance ${quality.distance.toFixed(2)}`}
        </p>
      )}
    </fieldset>
  );
}

function Edits({ graph, chain, catalogue }: Part & { catalogue: Catalogue | null }) {
  const edits = namedEdits(graph, chain, catalogue);
  const adding = useRef(new Map<string, number>()); // the newest strength of each edit whose node is on its way
  const add = async (name: string, strength: number) => {
    const isNew = !adding.current.has(name);
    adding.current.set(name, strength);
    if (!isNew) return;
    showResult();
    const [id] = (await edit(addNamedEdit(graph, chain, name, strength)))?.ids ?? [];
    const last = adding.current.get(name);
    adding.current.delete(name);
    if (id !== undefined && last !== undefined && last !== strength) await setFields(id, { strength: last });
  };
  return (
    <fieldset>
      <legend><h3>3 · Edit</h3></legend>
      {edits.map((one) => (
        <DirectionSlider key={one.key} choice={one} onAdd={(strength) => void add(one.key, strength)} />
      ))}
      {edits.length === 0 && <p className="muted">{graph.model} has no named directions: add a direction to the graph, before {chain.edited?.id ?? 'the edited picture'}.</p>}
    </fieldset>
  );
}

function Back({ graph, chain: { paste }, catalogue }: Part & { catalogue: Catalogue | null }) {
  const pointing = useStudio((state) => state.pointing);
  const output = outputOf(graph, paste);
  const faults = graph.nodes.some((node) => node.faults.length > 0);
  return (
    <fieldset>
      <legend><h3>4 · Paste</h3></legend>
      <div className="row wrap">
        <button type="button" className="solid" aria-pressed={!pointing && output !== null && graph.view.output === output} disabled={output === null} onClick={showResult}>Result</button>
        <button type="button" className="primary" disabled={output === null || faults} onClick={downloadResult}><Icon name="save" /> Download</button>
      </div>
      <p className="muted">A PNG of the size of the photograph, with its metadata.</p>
      {paste?.faults.map((fault) => <p key={fault.message} className="fault" role="alert">{fault.message}</p>)}
      {paste && <Fields node={paste} names={['blend', 'erode', 'feather']} catalogue={catalogue} />}
    </fieldset>
  );
}

/** Some fields of a node. */
function Fields({ node, names, catalogue }: { node: NodeState; names: string[]; catalogue: Catalogue | null }) {
  const entry = entryOf(catalogue, node);
  return names.map((name) => {
    const schema = entry?.fields[name];
    if (schema === undefined) return null;
    const fault = node.faults.find((one) => one.field === name)?.message;
    return <Field key={name} node={node.id} spec={fieldSpec(name, schema as Schema)} value={node.fields[name]} fault={fault} />;
  });
}
