/** The bar on top: the graph's name, undo and redo, what runs, copies, exports, saving. */

import { useEffect } from 'react';

import { Icon } from '../icons';
import type { Export, SearchState } from '../protocol';
import { useStudio } from '../store';
import { ask, copyText, notify, show } from '../studio';
import { IconButton, Menu, usePreference } from '../ui';
import { bytes, gflop, seconds } from '../logic/figures';
import { copyAs } from './YamlPanel';

export function TopBar() {
  const graph = useStudio((state) => state.graph);
  return (
    <header className="top">
      <h1 className="brand"><Mark />fgraph studio</h1>
      <span className="rule" />
      <button type="button" onClick={() => show({ dialog: 'open' })} title="Open a graph (Ctrl+O)"><Icon name="folder" /><span className="title">{graph?.title ?? '…'}</span></button>
      {graph && !graph.is_saved && <span className="dot" role="img" aria-label="not saved" title="not saved" />}
      <span className="rule" />
      <IconButton icon="undo" label="Undo" keys="Ctrl+Z" disabled={!graph?.can_undo} onClick={() => void ask({ do: 'undo' })} />
      <IconButton icon="redo" label="Redo" keys="Ctrl+Shift+Z" disabled={!graph?.can_redo} onClick={() => void ask({ do: 'redo' })} />
      <span className="spacer" />
      <Status />
      <span className="spacer" />
      <Menu label="Copy" icon="copy">
        <button type="button" onClick={() => void copyAs('command')}>as a command</button>
        <button type="button" onClick={() => void copyAs('python')}>as Python</button>
        <button type="button" onClick={() => graph && void copyText(graph.yaml, 'YAML')}>as YAML</button>
      </Menu>
      <ExportMenu />
      <button type="button" className="primary" onClick={() => show({ dialog: 'save' })} title="Save (Ctrl+S)"><Icon name="save" />Save</button>
      <Theme />
      <IconButton icon="help" label="Keys and help" keys="?" onClick={() => show({ dialog: 'help' })} />
    </header>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d="M6 7c6 0 6 10 12 10M6 17c6 0 6-10 12-10" fill="none" stroke="var(--muted)" strokeWidth="1.8" />
      <circle cx="5" cy="7" r="3" fill="var(--latent)" />
      <circle cx="5" cy="17" r="3" fill="var(--mask)" />
      <circle cx="19" cy="7" r="3" fill="var(--features)" />
      <circle cx="19" cy="17" r="3" fill="var(--image)" />
    </svg>
  );
}

/** What runs, or what the last run took. */
function Status() {
  const progress = useStudio((state) => state.progress);
  const forecast = useStudio((state) => state.forecast);
  const done = useStudio((state) => state.done);
  const failed = useStudio((state) => state.failed);
  const firstSeconds = useStudio((state) => state.firstSeconds);
  if (failed) return <div className="status bad" title={failed.message} role="status">The run failed: {failed.message.split('\n')[0]}</div>;
  if (progress) {
    return (
      <div className="status" role="status">
        <progress max={progress.total} value={progress.done} aria-label="Progress" />
        <span>{progress.stage} {progress.done} / {progress.total}</span>
        {progress.search && <span>{measureOf(progress.search)}</span>}
        {progress.stage === 'final' && forecast?.seconds != null && <span>of about {seconds(forecast.seconds)}</span>}
        <button type="button" onClick={() => void ask({ do: 'cancel' })}>Stop</button>
      </div>
    );
  }
  if (!done) return forecast && <div className="status" role="status">{forecast.calls} calls · {gflop(forecast.gflop)} GFLOP · {bytes(forecast.bytes)}</div>;
  const all = done.recomputed + done.reused;
  return (
    <div className="status" title="seconds of the last run; rows of layers that it computed, of all rows" role="status">
      <span>{seconds(done.seconds)}</span>
      {firstSeconds !== null && firstSeconds < 0.8 * done.seconds && <span>first picture {seconds(firstSeconds)}</span>}
      <span>{done.recomputed} of {all} computed</span>
    </div>
  );
}

/** Return how well a search does, in words. */
function measureOf(search: SearchState): string {
  const rows = search.rows > 1 ? `${search.rows} rows, ` : '';
  if (search.distance !== null) return `${rows}${search.distance.toFixed(1)} pixels left`;
  return search.loss !== null ? `${rows}loss ${search.loss.toPrecision(3)}` : rows;
}

function ExportMenu() {
  const formats = useStudio((state) => state.catalogue?.formats) ?? ['png', 'webp', 'tiff'];
  const send = (format: Export['format']) => void ask({ do: 'export', format }).then((answer) => answer && notify(`The ${format.toUpperCase()} is being written…`));
  return (
    <Menu label="Export" icon="share">
      {(['png', 'webp', 'tiff', 'gif', 'mp4'] as const).filter((format) => formats.includes(format)).map((format) => (
        <button key={format} type="button" onClick={() => send(format)}>{format.toUpperCase()}{format === 'gif' || format === 'mp4' ? ', rows as frames' : ''}</button>
      ))}
    </Menu>
  );
}

function Theme() {
  const [theme, setTheme] = usePreference<'dark' | 'light' | null>('theme', null);
  const system = window.matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
  const shown = theme ?? system;
  useEffect(() => {
    document.documentElement.dataset.theme = shown;
  }, [shown]);
  return <IconButton icon="sun" label={shown === 'dark' ? 'Light page' : 'Dark page'} onClick={() => setTheme(shown === 'dark' ? 'light' : 'dark')} />;
}

/** Say that the file has changed on disk, or that the studio is away. */
export function Banner() {
  const online = useStudio((state) => state.online);
  const changed = useStudio((state) => state.graph?.changed_on_disk ?? false);
  const path = useStudio((state) => state.graph?.saved_as);
  if (online === 'lost') return <div className="banner" role="alert"><span>The studio has stopped. Start it again with <code>fgraph studio</code>, and open the address that it prints. Nothing is lost.</span></div>;
  if (online === 'locked') return <div className="banner" role="alert"><span>The studio was restarted and does not know this page. Open the address that it printed.</span></div>;
  if (!changed) return null;
  return (
    <div className="banner" role="alert">
      <span>{path} has changed on disk.</span>
      <button type="button" onClick={() => void ask({ do: 'reload' })}>Read it</button>
      <button type="button" onClick={() => void ask({ do: 'save', name: nameOf(path ?? 'graph'), replace: true })}>Replace it with this graph</button>
    </div>
  );
}

/** Return the name of a graph file without folder and ending. */
export function nameOf(path: string): string {
  return path.split(/[\\/]/).at(-1)?.replace(/\.ya?ml$/, '') ?? path;
}

