import { expect, test } from 'vitest';

import { marksOf, tokens } from './marks';
import { graphOf, node } from './samples';

const yaml = 'nodes:\n  z: {op: sample}\n  b:\n    op: blend\n    layers: b9\n  c: {op: decode}\n';

test('a fault is marked at its field, or at its node', () => {
  const b = { ...node('b', 'blend'), line: 3, faults: [{ message: 'no layer b9', field: 'layers' }, { message: 'needs a', field: null }] };
  const graph = { ...graphOf([b]), yaml, faults: ['line 6: a cycle'] };
  expect(marksOf(graph)).toEqual([
    { line: 5, message: 'b.layers: no layer b9' },
    { line: 3, message: 'b: needs a' },
    { line: 6, message: 'line 6: a cycle' },
  ]);
});

test('a line is split without loss', () => {
  const line = '  z: {op: sample, seed: [3, -4.5], note: "a # b"} # the codes';
  expect(tokens(line).map((token) => token.text).join('')).toBe(line);
  expect(tokens(line).filter((token) => token.kind === 'key').map((token) => token.text)).toEqual(['z', 'op', 'seed', 'note']);
  expect(tokens(line).at(-1)).toEqual({ kind: 'comment', text: '# the codes' });
});
