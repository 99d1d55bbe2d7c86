/** The timeline of a film: keys in time with values of fields, and what lies between them. */

import type { FieldValue, Key, Timeline } from '../protocol';
import type { Value } from './schema';

export interface FilmKey {
  time: number;
  values: Record<string, Value>; // by node.field
}

/** Return the keys in the form of the protocol. */
export function filmKeys(keys: FilmKey[]): Key[] {
  return sorted(keys).map(({ time, values }) => ({ time, values: Object.entries(values).map(([path, value]) => fieldValue(path, value)) }));
}

/** Return the keys of a timeline that the studio sent. */
export function keysOf(film: Timeline | null): FilmKey[] {
  return (film?.keys ?? []).map(({ time, values }) => ({ time, values: Object.fromEntries(values.map((one) => [`${one.node}.${one.field}`, one.value])) }));
}

/** Return the fields that have a value at some key, in the order in which the keys name them. */
export function tracksOf(keys: FilmKey[]): string[] {
  return [...new Set(keys.flatMap((key) => Object.keys(key.values)))];
}

/** Return whether each field has the same value at all of its keys. */
export function isStill(keys: FilmKey[]): boolean {
  return tracksOf(keys).every((path) => new Set(keys.flatMap(({ values }) => (path in values ? [JSON.stringify(values[path])] : []))).size < 2);
}

/** Return the keys without a field. */
export function withoutTrack(keys: FilmKey[], path: string): FilmKey[] {
  const left = keys.map((key) => ({ ...key, values: Object.fromEntries(Object.entries(key.values).filter(([name]) => name !== path)) }));
  return left.filter((key) => Object.keys(key.values).length > 0);
}

export function fieldValue(path: string, value: Value): FieldValue {
  const at = path.lastIndexOf('.');
  return { node: path.slice(0, at), field: path.slice(at + 1), value };
}

export function sorted(keys: FilmKey[]): FilmKey[] {
  return [...keys].sort((one, other) => one.time - other.time);
}

/** Return the keys of a film that is made longer or shorter by a factor. */
export function stretched(keys: FilmKey[], factor: number): FilmKey[] {
  return keys.map((key) => ({ ...key, time: Math.round(key.time * factor * 1000) / 1000 }));
}

/** Return the keys with values added at a time. A key within 0.05 of that time gets them; otherwise there is a new key. */
export function withKey(keys: FilmKey[], time: number, values: Record<string, Value>): FilmKey[] {
  const near = keys.find((key) => Math.abs(key.time - time) < 0.05);
  const others = keys.filter((key) => key !== near);
  return sorted([...others, { time: near?.time ?? time, values: { ...near?.values, ...values } }]);
}

/** Return the values at a time: numbers are interpolated linearly; seeds and everything else change at their keys. */
export function valuesAt(keys: FilmKey[], time: number): Record<string, Value> {
  const paths = new Set(keys.flatMap((key) => Object.keys(key.values)));
  return Object.fromEntries([...paths].map((path) => [path, between(sorted(keys).filter((key) => path in key.values), path, time)]));
}

function between(keys: FilmKey[], path: string, time: number): Value {
  const after = keys.findIndex((key) => key.time > time);
  const [one, other] = [keys[after < 0 ? keys.length - 1 : Math.max(after - 1, 0)], keys[after]];
  const from = one?.values[path] ?? null;
  const to = other?.values[path];
  if (!one || !other || after === 0 || typeof from !== 'number' || typeof to !== 'number' || path.endsWith('.seed')) return from;
  return from + ((time - one.time) / (other.time - one.time)) * (to - from);
}
