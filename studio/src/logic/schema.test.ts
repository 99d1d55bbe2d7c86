import { expect, test } from 'vitest';

import { fieldSpec, readValue, slider, step, written, type Schema } from './schema';

const interpolation = { $ref: '#/$defs/interpolation' };
const feather: Schema = {
  anyOf: [
    { anyOf: [{ type: 'number', minimum: 0, maximum: 1 }, { type: 'array', items: { type: 'number' } }, { $ref: '#/$defs/row_list' }] },
    interpolation,
  ],
  description: 'σ of a blur',
  default: 0,
};

test('a number with a list of rows is a slider', () => {
  const spec = fieldSpec('alpha', feather);
  expect(spec).toMatchObject({ control: 'number', perRow: true, low: 0, high: 1, whole: false, nullable: false });
  expect(slider(spec, 0.5)).toEqual({ low: 0, high: 1, step: 0.005 });
});

test('the usual range is narrower than the allowed one, and widens for a value beyond it', () => {
  const spec = fieldSpec('feather', feather);
  expect([spec.low, spec.high]).toEqual([0, 0.25]);
  expect(slider(spec, 0.5)?.high).toBe(0.5);
});

test('a seed is a number box', () => {
  const spec = fieldSpec('seed', { anyOf: [{ type: 'integer', minimum: 0, maximum: 4294967295 }, { type: 'null' }, interpolation] });
  expect(spec).toMatchObject({ control: 'number', whole: true, nullable: true });
  expect(slider(spec, 3)).toBeNull();
});

test('choices, points, text and data', () => {
  expect(fieldSpec('axis', { anyOf: [{ enum: ['x', 'y'], type: 'string' }, interpolation] })).toMatchObject({ control: 'choice', choices: ['x', 'y'] });
  const number = { type: 'number' };
  expect(fieldSpec('box', { type: 'array', prefixItems: [number, number, number, number] }).control).toBe('point');
  expect(fieldSpec('path', { type: 'string', format: 'path' })).toMatchObject({ control: 'text', file: true });
  expect(fieldSpec('points', { type: 'array', items: { type: 'array', prefixItems: [number, number] } }).control).toBe('data');
  expect(fieldSpec('invert', { type: 'boolean' }).control).toBe('boolean');
});

test.each([1, 0.25, 10, 360, 3])('a step of %d is 1, 2 or 5 times a power of ten', (range) => {
  const found = step(range);
  expect(range / found).toBeLessThanOrEqual(201);
  expect(range / found).toBeGreaterThan(79);
});

test.each(['[1, 2.5, -3]', '{from: 0, to: 1, count: 5}', '[[0.1, 0.2], [0.3, 0.4]]', 'true', 'b8..b32', '${...params.t}'])('%s is read and written', (text) => {
  expect(written(readValue(text))).toBe(text);
});

test('what is wrong is said', () => {
  expect(() => readValue('[1, 2')).toThrow('expected , or ]');
  expect(() => readValue('{a 1}')).toThrow('expected :');
  expect(() => readValue("'a")).toThrow("expected '");
});
