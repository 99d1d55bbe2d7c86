/** Dialogs: open, save, help. */

import { useState } from 'react';

import { HELP } from '../keys';
import { openPhotograph } from '../photograph';
import { store, useStudio } from '../store';
import { ask, notify, show, upload } from '../studio';
import { Dialog } from '../ui';
import { nameOf } from './TopBar';

const close = () => show({ dialog: null });

export function Dialogs() {
  const dialog = useStudio((state) => state.dialog);
  if (dialog === 'open') return <OpenDialog />;
  if (dialog === 'save') return <SaveDialog />;
  if (dialog === 'help') return <HelpDialog />;
  return null;
}

function OpenDialog() {
  const graphs = useStudio((state) => state.catalogue?.graphs) ?? [];
  const open = (graph: string) => {
    void ask({ do: 'open', what: { graph } });
    close();
  };
  return (
    <Dialog title="Open a graph" onClose={close}>
      <p className="muted">Open a bundled graph, a YAML file, or a picture that fgraph wrote, which holds its graph. You can also drop a file on the page. The current graph stays in the history.</p>
      <label className="row">
        <span>From a file</span>
        <input
          type="file" accept=".yaml,.yml,.png,.webp,.jpg,.jpeg,.tif,.tiff" onChange={(event) => {
            const [file] = event.target.files ?? [];
            if (file) void receiveFile(file);
            close();
          }}
        />
      </label>
      <div className="choices">
        {graphs.map((graph) => <button key={graph.name} type="button" className="solid" onClick={() => open(graph.name)}><b>{graph.name}</b><span className="muted">{graph.summary}</span></button>)}
      </div>
    </Dialog>
  );
}

function SaveDialog() {
  const graph = useStudio((state) => state.graph);
  const [name, setName] = useState(() => (graph ? nameOf(graph.saved_as ?? graph.title).replace(/[^A-Za-z0-9_.-]/g, '_') : 'graph'));
  const save = async () => {
    const answer = await ask({ do: 'save', name, replace: false });
    if (answer) notify(`Saved as ${answer.path ?? name}`);
    close();
  };
  return (
    <Dialog title="Save the graph" onClose={close}>
      <form className="row" onSubmit={(event) => { event.preventDefault(); void save(); }}>
        <label className="row spacer">Name <input type="text" value={name} pattern="[A-Za-z0-9_][A-Za-z0-9_.\-]*" required onChange={(event) => setName(event.target.value)} />.yaml</label>
        <button type="submit" className="primary">Save</button>
      </form>
      {graph?.saved_as != null && <p className="muted">Now at {graph.saved_as}</p>}
      <p className="muted"><code className="mono">fgraph FILE</code>, or <code className="mono">python run.py FILE</code> in a clone, draws the same pixels from the file. <b>Copy</b> &gt; <b>as a command</b> gives the whole line.</p>
    </Dialog>
  );
}

function HelpDialog() {
  const version = useStudio((state) => state.catalogue?.version);
  return (
    <Dialog title="Keys" onClose={close}>
      <div className="keys">
        {HELP.flatMap(([keys, what]) => [<kbd key={keys}>{keys}</kbd>, <span key={`${keys} `}>{what}</span>])}
      </div>
      <p className="muted">Drag from a port to another to connect; drop the link on empty space to see what fits; drag its end away and press Delete to remove it. Double-click the empty graph to add a node. Shift selects several. The wheel zooms, and Shift with the wheel moves a panorama.</p>
      <p className="muted">fgraph {version} · <a href="/assets/licences.md">licences of the libraries in this page</a></p>
    </Dialog>
  );
}

/** Open a graph or a picture that holds one; of any other picture, ask what it is for. */
export async function receiveFile(file: File): Promise<void> {
  const got = await upload(file);
  if (got?.kind === 'graph') await ask({ do: 'open', what: { upload: got.id } });
  else if (got && store.get().dock === 'photo') await openPhotograph(file);
  else if (got) show({ dropped: file });
}

/** A dialog that asks for the use of a dropped picture: a photograph to edit, or a picture for the graph. */
export function DroppedPicture() {
  const dropped = useStudio((state) => state.dropped);
  if (!dropped) return null;
  const choose = (action: (file: File) => Promise<void>) => {
    show({ dropped: null });
    void action(dropped);
  };
  return (
    <Dialog title="What is this picture for?" onClose={() => show({ dropped: null })}>
      <p className="muted">{dropped.name}: as a photograph, it is opened in a graph that finds its faces, edits one and pastes it back. As a node, it becomes a part of this graph.</p>
      <div className="row">
        <button type="button" className="primary" onClick={() => choose(openPhotograph)}>Edit the photograph</button>
        <button type="button" className="solid" onClick={() => choose(addImage)}>A node of this graph</button>
      </div>
    </Dialog>
  );
}

async function addImage(file: File): Promise<void> {
  const got = await upload(file);
  if (!got) return;
  const answer = await ask({ do: 'edit', changes: [{ add: { op: 'image', fields: { path: `upload:${got.id}` } } }] });
  const id = answer?.ids?.[0];
  if (id === undefined) return;
  show({ selection: [id], dock: 'graph' });
  notify(`${file.name} is the node ${id}: connect it, for example to invert or blend`);
}
