/** Films: fields and seeds that move between keys on a timeline; played here, or written as MP4 or GIF. */

import { useEffect, useRef, useState } from 'react';

import { Icon } from '../icons';
import { entryOf } from '../logic/graph';
import { fieldSpec, type Schema, type Value, written } from '../logic/schema';
import { type FilmKey, fieldValue, filmKeys, isStill, keysOf, stretched, tracksOf, valuesAt, withKey, withoutTrack } from '../logic/timeline';
import type { Catalogue, GraphEvent } from '../protocol';
import { type Thumb, store, useStudio } from '../store';
import { ask, Gesture, gestureId, keepFilm, notify, show } from '../studio';

const LENGTH = 4; // seconds of a new film
const FPS = 24;
const PLAYED_FPS = 12;

/** Return the fields that can move: numbers and points, seeds included. */
function movable(graph: GraphEvent, catalogue: Catalogue | null): string[] {
  return graph.nodes.flatMap((node) => Object.entries(entryOf(catalogue, node)?.fields ?? {}).flatMap(([name, schema]) => {
    const { control } = fieldSpec(name, schema as Schema);
    return control === 'number' || control === 'point' ? [`${node.id}.${name}`] : [];
  }));
}

function valueOf(graph: GraphEvent, catalogue: Catalogue | null, path: string): Value {
  const { node: id, field } = fieldValue(path, null);
  const node = graph.nodes.find((one) => one.id === id);
  const schema = node && entryOf(catalogue, node)?.fields[field];
  return node?.fields[field] ?? (schema as Schema | undefined)?.default ?? (field === 'seed' ? graph.seed : 0);
}

export function FilmPanel() {
  const graph = useStudio((state) => state.graph);
  const catalogue = useStudio((state) => state.catalogue);
  const frames = useStudio((state) => state.thumbs.film);
  const progress = useStudio((state) => state.progress);
  const film = useStudio((state) => state.film);
  const [time, setTime] = useState(0);
  const [played, setPlayed] = useState(false);
  const gesture = useRef<Gesture | null>(null);
  const typing = useRef(gestureId());
  if (!graph) return null;
  const keys = keysOf(film);
  const isThere = (path: string): boolean => graph.nodes.some((node) => node.id === fieldValue(path, null).node);
  const present = tracksOf(keys).filter((path) => !isThere(path)).reduce(withoutTrack, keys); // without nodes that the text no longer has
  const tracks = tracksOf(present);
  const length = film?.seconds ?? LENGTH;
  const keep = (next: FilmKey[], seconds = length, id?: string) => keepFilm(next.length === 0 ? null : { seconds, keys: filmKeys(next) }, id);
  const setKeys = (next: FilmKey[]) => keep(next);
  const stretch = (seconds: number) => {
    setTime((time) => (time * seconds) / length);
    keep(stretched(keys, seconds / length), seconds);
  };

  const addTrack = (path: string) => {
    if (path === '' || tracks.includes(path)) return;
    const value = valueOf(graph, catalogue, path);
    setKeys(withKey(withKey(keys, 0, { [path]: value }), length, { [path]: value }));
  };
  const addKey = () => setKeys(withKey(keys, time, Object.fromEntries(tracks.map((path) => [path, valueOf(graph, catalogue, path)]))));
  const seek = (next: number) => {
    setTime(next);
    gesture.current ??= new Gesture();
    for (const [path, value] of Object.entries(valuesAt(present, next))) {
      const { node, field } = fieldValue(path, value);
      gesture.current.set(node, { [field]: value });
    }
  };
  const make = (format: 'play' | 'mp4' | 'gif') => {
    setPlayed(format === 'play');
    if (format === 'play') show({ thumbs: { ...store.get().thumbs, film: {} } });
    void ask({ do: 'film', keys: filmKeys(present), seconds: length, fps: format === 'play' ? PLAYED_FPS : FPS, format }).then((answer) => {
      if (answer && format !== 'play') notify('The film is being made; it is downloaded when it is ready.');
    });
  };
  const ready = present.length > 1;
  const hasVideo = catalogue?.formats.includes('mp4') ?? false;
  return (
    <div className="film">
      <div className="row bar">
        <select aria-label="Add a field to the film" value="" onChange={(event) => addTrack(event.target.value)}>
          <option value="">+ field that moves…</option>
          {movable(graph, catalogue).filter((path) => !tracks.includes(path)).map((path) => <option key={path}>{path}</option>)}
        </select>
        <button type="button" className="solid" disabled={tracks.length === 0} onClick={addKey} title="Store the current values at this time">Key at {time.toFixed(1)} s</button>
        <label className="row">Length <input type="number" min={0.5} max={60} step={0.5} value={length} disabled={!film} onChange={(event) => stretch(Math.min(Math.max(Number(event.target.value), 0.5), 60))} /> s</label>
        <span className="spacer" />
        <button type="button" className="primary" disabled={!ready} onClick={() => make('play')}><Icon name="play" /> Play</button>
        <button type="button" className="solid" disabled={!ready || !hasVideo} title={hasVideo ? undefined : 'MP4 needs an extra: pip install "fgraph-gan[video]"'} onClick={() => make('mp4')}>MP4</button>
        <button type="button" className="solid" disabled={!ready} onClick={() => make('gif')}>GIF</button>
        {progress?.stage === 'film' && <button type="button" onClick={() => void ask({ do: 'cancel' })}>Stop</button>}
      </div>
      <div className="reel">
        <div className="timeline">
          {tracks.length === 0 && <p className="muted">Add a field; it gets a key at the start and at the end. Move the time, change the field, and press Key. A seed walks from code to code.</p>}
          {tracks.length > 0 && (
            <div className="track">
              <span className="muted">time</span>
              <input
                type="range" aria-label="Time of the film" min={0} max={length} step={0.05} value={time} onChange={(event) => seek(Number(event.target.value))}
                onPointerUp={() => { void gesture.current?.end(); gesture.current = null; }} onKeyUp={() => { void gesture.current?.end(); gesture.current = null; }}
              />
              <span className="muted">{time.toFixed(1)} s</span>
            </div>
          )}
          {tracks.length > 0 && isStill(present) && <p className="muted">Nothing moves yet: change a value at a key.</p>}
          {tracks.map((path) => (
            <Track
              key={path} path={path} keys={present} length={length} onSeek={seek} onFocus={() => { typing.current = gestureId(); }}
              onChange={(key, value) => keep(keys.map((item) => (item.time === key.time ? { ...item, values: { ...item.values, [path]: value } } : item)), length, typing.current)}
              onRemove={() => setKeys(withoutTrack(keys, path))}
            />
          ))}
        </div>
        <Player frames={frames} waiting={played} />
      </div>
    </div>
  );
}

function Track(props: { path: string; keys: FilmKey[]; length: number; onSeek: (time: number) => void; onFocus: () => void; onChange: (key: FilmKey, value: Value) => void; onRemove: () => void }) {
  const { path, keys, length } = props;
  return (
    <div className="track">
      <span className="mono" title={path}>{path}</span>
      <div className="rail">
        {keys.filter((key) => path in key.values).map((key) => {
          const value = key.values[path];
          return (
            <span key={key.time} className="key" style={{ left: `${(100 * Math.min(key.time, length)) / length}%` }}>
              <button type="button" aria-label={`Go to the key of ${path} at ${key.time.toFixed(1)} seconds`} title={`${key.time.toFixed(1)} s`} onClick={() => props.onSeek(key.time)}>◆</button>
              {typeof value === 'number'
                ? <input type="number" step="any" aria-label={`${path} at ${key.time.toFixed(1)} seconds`} value={Number(value.toPrecision(5))} onFocus={props.onFocus} onChange={(event) => event.target.value !== '' && props.onChange(key, Number(event.target.value))} />
                : <span className="muted">{written(value)}</span>}
            </span>
          );
        })}
      </div>
      <button type="button" aria-label={`Remove ${path} from the film`} onClick={props.onRemove}><Icon name="close" /></button>
    </div>
  );
}

/** The frames that have come so far, over and over. */
function Player({ frames, waiting }: { frames: Record<string, Thumb>; waiting: boolean }) {
  const [at, setAt] = useState(0);
  const urls = Object.entries(frames).sort(([one], [other]) => Number(one) - Number(other)).map(([, thumb]) => thumb.url);
  const count = urls.length;
  useEffect(() => {
    if (count < 2) return;
    const timer = window.setInterval(() => setAt((at) => at + 1), 1000 / PLAYED_FPS);
    return () => window.clearInterval(timer);
  }, [count]);
  if (count === 0) return waiting ? <p className="player muted">The frames are being drawn…</p> : null;
  return <img className="player" src={urls[at % count]} alt={`Frame ${(at % count) + 1} of ${count}`} />;
}
