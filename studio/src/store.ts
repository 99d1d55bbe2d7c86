/** The state of the page: what the studio sent, and what is chosen here. */

import { useSyncExternalStore } from 'react';

import type { Drags } from './logic/drags';
import type { Value } from './logic/schema';
import type { Catalogue, Done, FacesEvent, Failed, Forecast, GraphEvent, HistoryEvent, Picture, PlanEvent, Progress, Quality, Thumbnail, Timeline } from './protocol';

export type Dock = 'graph' | 'yaml' | 'plan' | 'seeds' | 'sweep' | 'explain' | 'film' | 'outline' | 'photo';
export type Tool = 'hand' | 'box' | 'ellipse' | 'polygon' | 'brush' | 'ramp' | 'point';
export type Online = 'connecting' | 'online' | 'lost' | 'locked';

/** A decoded picture and the header that it came with. */
export interface Shown {
  header: Picture;
  bitmap: ImageBitmap;
}

export interface Thumb {
  header: Thumbnail;
  url: string;
}

export interface Notice {
  id: number;
  tone: 'info' | 'error';
  text: string;
}

/** A node field that a gesture holds, before the studio has confirmed it. */
export type Draft = Record<string, Record<string, Value>>;

export type Sheet = Thumbnail['sheet'];

export interface State {
  online: Online;
  catalogue: Catalogue | null;
  graph: GraphEvent | null;
  picture: Shown | null;
  final: Shown | null;
  before: Shown | null;
  comparing: boolean;
  forecast: Forecast | null;
  progress: Progress | null;
  done: Done | null;
  failed: Failed | null;
  firstSeconds: number | null;
  plan: PlanEvent | null;
  history: HistoryEvent | null;
  /** the photograph whose faces are framed, in place of the picture while `pointing` */
  photograph: Shown | null;
  faces: FacesEvent | null;
  pointing: boolean;
  quality: Quality | null;
  /** a picture that was dropped, until its use is chosen */
  dropped: File | null;
  thumbs: Record<Sheet, Record<string, Thumb>>;
  selection: string[];
  draft: Draft;
  dock: Dock;
  tool: Tool;
  brush: number;
  drawn: string | null;
  film: Timeline | null;
  drags: Drags;
  /** the drag for which the tools draw what may move */
  painting: string | null;
  notices: Notice[];
  palette: PaletteRequest | null;
  dialog: 'help' | 'open' | 'save' | null;
}

/** An open palette: where a new node goes, and what it has to fit. */
export interface PaletteRequest {
  at: [number, number] | null;
  source?: { node: string; kind: string };
  target?: { node: string; input: string; types: string[] };
}

export const initial: State = {
  online: 'connecting',
  catalogue: null,
  graph: null,
  picture: null,
  final: null,
  before: null,
  comparing: false,
  forecast: null,
  progress: null,
  done: null,
  failed: null,
  firstSeconds: null,
  plan: null,
  history: null,
  thumbs: { seeds: {}, sweep: {}, history: {}, ablate: {}, explain: {}, film: {}, photo: {} },
  photograph: null,
  faces: null,
  pointing: false,
  quality: null,
  dropped: null,
  selection: [],
  draft: {},
  dock: 'graph',
  tool: 'hand',
  brush: 0.06,
  drawn: null,
  film: null,
  drags: {},
  painting: null,
  notices: [],
  palette: null,
  dialog: null,
};

/** A value that can be read, replaced and watched. */
export class Store<T> {
  private value: T;
  private readonly watchers = new Set<() => void>();

  constructor(value: T) {
    this.value = value;
  }

  readonly get = (): T => this.value;

  set(part: Partial<T>): void {
    this.value = { ...this.value, ...part };
    for (const watcher of this.watchers) watcher();
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };
}

export const store = new Store<State>(initial);

/** Return a part of the state, and render again when it changes. The part must be the same object while it is equal. */
export function useStudio<T>(part: (state: State) => T): T {
  return useSyncExternalStore(store.watch, () => part(store.get()));
}
