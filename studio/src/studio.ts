/** The connection of the page to the studio: it puts events into the store, and sends requests. */

import { type Asked, Connection, Refused } from './connection';
import type { Drags } from './logic/drags';
import type { Value } from './logic/schema';
import type { Answer, BinaryHeader, Catalogue, Change, Event, GraphEvent, Timeline, Uploaded } from './protocol';
import { type Notice, type State, store, type Thumb } from './store';

let connection: Connection | null = null;
let notices = 0;

/** Load the catalogue and connect. */
export function start(): void {
  const { protocol, host } = window.location;
  connection = new Connection(`${protocol === 'https:' ? 'wss' : 'ws'}://${host}/api/socket`, {
    event: receive,
    binary: (header, bytes) => void receiveBinary(header, bytes),
    online: () => {
      store.set({ online: 'online' });
      void loadCatalogue();
    },
    lost: (attempt) => void lost(attempt),
  });
  connection.open();
}

async function loadCatalogue(): Promise<void> {
  const response = await fetch('/api/catalogue');
  if (response.ok) store.set({ catalogue: (await response.json()) as Catalogue });
}

async function lost(attempt: number): Promise<void> {
  if (attempt > 0 || store.get().online === 'online') store.set({ online: 'lost', progress: null });
  try {
    const response = await fetch('/api/catalogue');
    if (response.status === 401 || response.status === 403) store.set({ online: 'locked' });
  } catch {
    // The studio is not running: the connection tries again.
  }
}

/** Put an event of the studio into the store. */
export function receive(event: Event): void {
  switch (event.event) {
    case 'graph':
      receiveGraph(event);
      break;
    case 'forecast':
      store.set({ forecast: event, failed: null, firstSeconds: null });
      break;
    case 'progress':
      store.set({ progress: event });
      break;
    case 'done':
      store.set({ done: event, progress: null });
      break;
    case 'failed':
      store.set({ failed: event, progress: null, drags: rested(store.get().drags) });
      break;
    case 'drag':
      store.set({ drags: { ...store.get().drags, [event.node]: event }, ...(event.running ? { progress: null, failed: null } : {}) });
      break;
    case 'plan':
      store.set({ plan: event });
      break;
    case 'history':
      store.set({ history: event });
      break;
    case 'faces':
      store.set({ faces: event });
      break;
    case 'quality':
      store.set({ quality: event });
      break;
    case 'file':
      store.set({ progress: null });
      download(event.file, event.name);
  }
}

/** Save a file that the studio has made. */
function download(file: string, name: string): void {
  const link = document.createElement('a');
  link.href = `/api/files/${file}`;
  link.download = name;
  link.click();
  notify(`${name} is ready`);
}

/** Return the drags, none of them running. */
function rested(drags: Drags): Drags {
  return Object.fromEntries(Object.entries(drags).map(([id, drag]) => [id, { ...drag, running: false }]));
}

function receiveGraph(graph: GraphEvent): void {
  const { selection, graph: earlier, drawn, drags, painting } = store.get();
  const known = new Set(graph.nodes.map((node) => node.id));
  const selected = selection.filter((id) => known.has(id));
  document.title = `${graph.title}${graph.is_saved ? '' : ' •'} — fgraph studio`;
  store.set({
    graph,
    selection: selected.length === selection.length ? selection : selected,
    drawn: drawn !== null && known.has(drawn) ? drawn : null,
    film: filmsSent > 0 ? store.get().film : graph.film,
    painting: painting !== null && known.has(painting) ? painting : null,
    drags: Object.fromEntries(Object.entries(drags).filter(([id]) => known.has(id))),
    failed: graph.revision === earlier?.revision ? store.get().failed : null,
  });
  settle();
}

async function receiveBinary(header: BinaryHeader, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const blob = new Blob([bytes], { type: header.mime });
  if (header.event === 'thumbnail' && header.sheet === 'photo') {
    const { width, height, mime } = header;
    const shown = { event: 'picture', revision: -1, output: 'photograph', row: 0, rows: 1, stage: 'photograph', width, height, seconds: 0, mime } as const;
    store.set({ photograph: { header: shown, bitmap: await createImageBitmap(blob) } });
    return;
  }
  if (header.event === 'thumbnail') {
    const { thumbs } = store.get();
    const sheet = thumbs[header.sheet];
    const old = sheet[header.key];
    if (old) URL.revokeObjectURL(old.url);
    const thumb: Thumb = { header, url: URL.createObjectURL(blob) };
    store.set({ thumbs: { ...thumbs, [header.sheet]: { ...sheet, [header.key]: thumb } } });
    return;
  }
  const bitmap = await createImageBitmap(blob);
  const { picture, firstSeconds } = store.get();
  if (picture && isOlder(header, picture.header)) return; // a larger picture was decoded meanwhile
  const shown = { header, bitmap };
  store.set({ picture: shown, firstSeconds: firstSeconds ?? header.seconds, ...(header.stage === 'final' ? { final: shown } : {}) });
}

type Head = Extract<BinaryHeader, { stage: string }>;

function isOlder(one: Head, other: Head): boolean {
  if (one.revision !== other.revision) return one.revision < other.revision;
  return one.output === other.output && one.row === other.row && one.width < other.width;
}

/** Send a request; a refusal becomes a notice. Return the answer, or null if it was refused. */
export async function ask(request: Asked): Promise<Answer | null> {
  try {
    return (await connection?.ask(request)) ?? null;
  } catch (reason) {
    if (!(reason instanceof Refused)) throw reason;
    notify(reason.message, 'error');
    return null;
  }
}

export function edit(changes: Change[], gesture?: string): Promise<Answer | null> {
  return ask({ do: 'edit', changes, gesture: gesture ?? null });
}

let filmsSent = 0; // films that the studio has not confirmed; until then, the page shows the film that was sent last

/** Store a film with the graph. */
export function keepFilm(film: Timeline | null, gesture?: string): void {
  store.set({ film });
  filmsSent++;
  void edit([{ film }], gesture).finally(() => {
    if (--filmsSent === 0) store.set({ film: store.get().graph?.film ?? null });
  });
}

/** Show a notice for some seconds. */
export function notify(text: string, tone: Notice['tone'] = 'info'): void {
  const notice = { id: ++notices, tone, text };
  const others = store.get().notices.filter((other) => other.text !== text);
  store.set({ notices: [...others.slice(-2), notice] });
  window.setTimeout(() => dismiss(notice.id), tone === 'error' ? 9000 : 4000);
}

export function dismiss(id: number): void {
  store.set({ notices: store.get().notices.filter((notice) => notice.id !== id) });
}

export function select(...ids: string[]): void {
  store.set({ selection: ids });
}

/** Set one part of the state of the page. */
export function show(part: Partial<State>): void {
  store.set(part);
}

let gestures = 0;
let held = 0; // gestures in progress
let queue: Promise<void> = Promise.resolve(); // gestures send one after the other, so that each stays one step of undo

const SETTLED = 2000; // milliseconds after a gesture until its draft is dropped, even if the studio has other values

/** Return a new id of a gesture: edits with one id are one step of undo. */
export function gestureId(): string {
  return `${Date.now().toString(36)}-${++gestures}`;
}

/** A gesture in progress: fields follow the hand at once, and the studio gets the newest values as fast as it answers. */
export class Gesture {
  private readonly id = gestureId();
  private isHeld = false;
  private waiting: Record<string, Record<string, Value>> | null = null;
  private sending: Promise<void> | null = null;

  set(node: string, fields: Record<string, Value>): void {
    if (!this.isHeld) held++;
    this.isHeld = true;
    const { draft } = store.get();
    store.set({ draft: { ...draft, [node]: { ...draft[node], ...fields } } });
    this.waiting = { ...this.waiting, [node]: { ...this.waiting?.[node], ...fields } };
    if (this.sending === null) queue = this.sending = queue.then(() => this.send());
  }

  /** Send what is left, then show what the studio has. */
  async end(): Promise<void> {
    if (!this.isHeld) return;
    this.isHeld = false;
    await this.sending;
    held--;
    settle();
    window.setTimeout(() => held === 0 && store.set({ draft: {} }), SETTLED);
  }

  private async send(): Promise<void> {
    while (this.waiting) {
      const changes = Object.entries(this.waiting).flatMap(([node, fields]) =>
        Object.entries(fields).map(([field, value]) => ({ set: { node, field, value } })),
      );
      this.waiting = null;
      if ((await edit(changes, this.id)) !== null) continue;
      store.set({ draft: {} });
      break;
    }
    this.sending = null;
  }
}

/** Drop drafts that the studio has confirmed. Until then, the page shows the values of the last gesture. */
function settle(): void {
  const { draft, graph } = store.get();
  if (held > 0 || Object.keys(draft).length === 0) return;
  const left = Object.entries(draft).map(([id, fields]) => {
    const saved = graph?.nodes.find((node) => node.id === id)?.fields ?? {};
    return [id, Object.fromEntries(Object.entries(fields).filter(([name, value]) => JSON.stringify(saved[name]) !== JSON.stringify(value)))] as const;
  });
  store.set({ draft: Object.fromEntries(left.filter(([, fields]) => Object.keys(fields).length > 0)) });
}

/** Set fields of a node as one step. */
export function setFields(node: string, fields: Record<string, Value | undefined>, gesture?: string): Promise<Answer | null> {
  return edit(
    Object.entries(fields).map(([field, value]) => (value === undefined ? { unset: { node, field } } : { set: { node, field, value } })),
    gesture,
  );
}

/** Return a random seed. */
export function anySeed(below = 10_000): number {
  return Math.floor(Math.random() * below);
}

/** Send a file to the studio; a photograph keeps its metadata. */
export async function upload(file: Blob, use: 'any' | 'photo' = 'any'): Promise<Uploaded | null> {
  const response = await fetch(use === 'any' ? '/api/uploads' : `/api/uploads?as=${use}`, { method: 'POST', body: file });
  if (response.ok) return (await response.json()) as Uploaded;
  notify(await response.text(), 'error');
  return null;
}

/** Copy a text, or the text of a promise (null: there is none), and show a notice.
 *
 * The clipboard takes it as a promise: after a wait, Safari no longer sees the click that asked for the copy.
 */
export async function copyText(text: string | Promise<string | null>, what: string): Promise<void> {
  const found = Promise.resolve(text);
  const blob = found.then((item) => (item === null ? Promise.reject(new Refused('there is nothing to copy')) : new Blob([item], { type: 'text/plain' })));
  blob.catch(() => undefined); // the error is reported below
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'text/plain': blob })]);
    notify(`${what} copied`);
  } catch {
    const shown = await found;
    if (shown !== null) notify(`This browser does not let the page copy. Select the text here: ${shown}`, 'error');
  }
}
