/** Form fields from the JSON Schema of a node's fields. */

export type Value = null | boolean | number | string | Value[] | { [name: string]: Value };

export interface Schema {
  type?: string;
  anyOf?: Schema[];
  enum?: Value[];
  const?: Value;
  items?: Schema | boolean;
  prefixItems?: Schema[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  default?: Value;
  description?: string;
  format?: string;
  $ref?: string;
  [key: string]: unknown;
}

export type Control = 'number' | 'boolean' | 'choice' | 'text' | 'point' | 'data';

/** One row of a form: the control, its range, and what is said about the field. */
export interface FieldSpec {
  name: string;
  control: Control;
  whole: boolean;
  required: boolean;
  nullable: boolean;
  perRow: boolean;
  file: boolean;
  low: number | null;
  high: number | null;
  choices: string[];
  default: Value | undefined;
  description: string;
}

/** The usual ranges of sliders, within the ranges that the schema allows; values beyond them can be typed. */
const USUAL: Record<string, [number, number]> = {
  truncation: [0, 1.5],
  strength: [-5, 5],
  t: [-0.5, 1.5],
  start: [0, 1],
  stop: [0, 1],
  left: [0, 1],
  right: [0, 1],
  top: [0, 1],
  bottom: [0, 1],
  dx: [-1, 1],
  dy: [-1, 1],
  width: [0.1, 3],
  height: [0.1, 3],
  scale: [0.2, 4],
  rotate: [-180, 180],
  rho: [0, 1],
  keep: [0, 100],
  smooth: [0, 3],
  feather: [0, 0.25],
  factor: [-3, 3],
  threshold: [-3, 3],
};

const WIDEST = 100_000; // a wider range gets no slider

function variants(schema: Schema): Schema[] {
  return schema.anyOf ? schema.anyOf.flatMap(variants) : [schema];
}

function isNumeric(schema: Schema): boolean {
  return schema.type === 'number' || schema.type === 'integer';
}

function itemOf(schema: Schema): Schema[] {
  return typeof schema.items === 'object' ? variants(schema.items) : [];
}

function isPoint(schema: Schema): boolean {
  const parts = schema.prefixItems ?? [];
  return schema.type === 'array' && parts.length > 0 && parts.length <= 4 && parts.every((part) => variants(part).some(isNumeric));
}

function limit(schemas: Schema[], names: ('minimum' | 'maximum' | 'exclusiveMinimum' | 'exclusiveMaximum')[]): number | null {
  for (const schema of schemas) for (const name of names) if (typeof schema[name] === 'number') return schema[name];
  return null;
}

function controlOf(cases: Schema[]): Control {
  if (cases.some((one) => one.enum !== undefined || (one.const !== undefined && one.type === 'string'))) return 'choice';
  if (cases.some((one) => one.type === 'boolean')) return 'boolean';
  if (cases.some(isNumeric)) return 'number';
  if (cases.some(isPoint)) return 'point';
  if (cases.some((one) => one.type === 'string')) return 'text';
  return 'data';
}

/** Return the form field of a property. */
export function fieldSpec(name: string, schema: Schema, required = false): FieldSpec {
  const cases = variants(schema).filter((one) => one.$ref === undefined && one.pattern !== '\\$\\{');
  const control = controlOf(cases);
  const numeric = cases.filter(isNumeric);
  const [low, high] = sliderRange(name, limit(numeric, ['minimum', 'exclusiveMinimum']), limit(numeric, ['maximum', 'exclusiveMaximum']));
  const arrays = cases.filter((one) => one.type === 'array');
  return {
    name,
    control,
    whole: numeric.length > 0 && numeric.every((one) => one.type === 'integer'),
    required,
    nullable: cases.some((one) => one.type === 'null'),
    perRow: arrays.some((one) => itemOf(one).some((item) => isNumeric(item) || isPoint(item) || item.type === 'string')),
    file: cases.some((one) => one.format === 'path') || schema.format === 'path',
    low,
    high,
    choices: cases.flatMap((one) => (one.enum ?? (one.const === undefined ? [] : [one.const])).map(String)),
    default: schema.default,
    description: schema.description ?? '',
  };
}

function sliderRange(name: string, low: number | null, high: number | null): [number | null, number | null] {
  const usual = USUAL[name];
  if (usual) return [Math.max(usual[0], low ?? -Infinity), Math.min(usual[1], high ?? Infinity)];
  if (low !== null && high !== null && high - low > WIDEST) return [null, null];
  return [low, high];
}

/** Return the range of a slider for this value, or null where only a number box makes sense. */
export function slider(spec: FieldSpec, value: number): { low: number; high: number; step: number } | null {
  if (spec.low === null || spec.high === null || spec.high <= spec.low) return null;
  const low = Math.min(spec.low, value);
  const high = Math.max(spec.high, value);
  if (spec.whole && high - low > 1000) return null;
  return { low, high, step: spec.whole ? 1 : step(high - low) };
}

/** Return a step of 1, 2 or 5 times a power of ten: about two hundred in the range. */
export function step(range: number): number {
  const rough = range / 200;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
}

/** Return a number as text without the noise of binary fractions. */
export function tidy(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** Return a value as it would be written in a graph file. */
export function written(value: Value | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return tidy(value);
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  return `{${Object.entries(value).map(([name, part]) => `${name}: ${written(part)}`).join(', ')}}`;
}

/** Read what was typed: flow YAML of numbers, words, lists and mappings. Throws an Error that says what is wrong. */
export function readValue(text: string): Value {
  const reader = new Reader(text.trim());
  const value = reader.value();
  reader.end();
  return value;
}

class Reader {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  value(): Value {
    this.space();
    const first = this.text[this.at];
    if (first === '[') return this.list();
    if (first === '{') return this.mapping();
    if (first === '"' || first === "'") return this.quoted(first);
    return scalar(this.word());
  }

  end(): void {
    this.space();
    if (this.at < this.text.length) throw new Error(`expected the end, found ${this.text.slice(this.at, this.at + 12)}`);
  }

  private space(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++;
  }

  private list(): Value[] {
    const items: Value[] = [];
    this.at++;
    for (;;) {
      this.space();
      if (this.take(']')) return items;
      items.push(this.value());
      this.space();
      if (!this.take(',') && this.text[this.at] !== ']') throw new Error('expected , or ] in the list');
    }
  }

  private mapping(): Value {
    const found: { [name: string]: Value } = {};
    this.at++;
    for (;;) {
      this.space();
      if (this.take('}')) return found;
      const name = this.word(':').trim();
      if (!this.take(':')) throw new Error(`expected : after ${name}`);
      found[name] = this.value();
      this.space();
      if (!this.take(',') && this.text[this.at] !== '}') throw new Error('expected , or } in the mapping');
    }
  }

  private quoted(mark: string): string {
    const end = this.text.indexOf(mark, this.at + 1);
    if (end < 0) throw new Error(`expected ${mark} at the end of the text`);
    const found = this.text.slice(this.at + 1, end);
    this.at = end + 1;
    return found;
  }

  private word(stops = ''): string {
    const start = this.at;
    let depth = 0;
    while (this.at < this.text.length) {
      const letter = this.text[this.at] ?? '';
      if (letter === '$' && this.text[this.at + 1] === '{') depth++;
      if (depth === 0 && (/[,\]}]/.test(letter) || stops.includes(letter))) break;
      if (letter === '}' && depth > 0) depth--;
      this.at++;
    }
    return this.text.slice(start, this.at).trim();
  }

  private take(letter: string): boolean {
    if (this.text[this.at] !== letter) return false;
    this.at++;
    return true;
  }
}

function scalar(word: string): Value {
  if (word === '' || word === 'null' || word === '~') return null;
  if (word === 'true' || word === 'false') return word === 'true';
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(word) ? Number(word) : word;
}
