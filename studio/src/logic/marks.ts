/** Lines of the YAML text that have faults. */

import type { GraphEvent } from '../protocol';

export interface Mark {
  line: number;
  message: string;
}

/** Return a mark for each fault: at the line of its field if it is written, else at the line of its node. */
export function marksOf(graph: GraphEvent): Mark[] {
  const lines = graph.yaml.split('\n');
  const marks = graph.nodes.flatMap((node) => node.faults.map((fault): Mark => {
    const start = node.line ?? lineOf(lines, node.id);
    return { line: fault.field == null ? start : fieldLine(lines, start, fault.field), message: `${node.id}${fault.field == null ? '' : `.${fault.field}`}: ${fault.message}` };
  }));
  return [...marks, ...graph.faults.map((message): Mark => ({ line: Number(/line (\d+)/.exec(message)?.[1] ?? 1), message }))];
}

function lineOf(lines: string[], id: string): number {
  return lines.findIndex((line) => line.trimStart().startsWith(`${id}:`)) + 1 || 1;
}

function fieldLine(lines: string[], start: number, field: string): number {
  const first = lines[start - 1] ?? '';
  const indent = first.length - first.trimStart().length;
  const name = field.split('.')[0] ?? field;
  for (let line = start; line < lines.length; line++) {
    const text = lines[line] ?? '';
    if (text.trim() !== '' && text.length - text.trimStart().length <= indent) break;
    if (text.trimStart().startsWith(`${name}:`)) return line + 1;
  }
  return start;
}

export interface Token {
  kind: 'key' | 'comment' | 'number' | 'text' | 'plain';
  text: string;
}

/** Split a line of YAML for colours. */
export function tokens(line: string): Token[] {
  const found: Token[] = [];
  const pattern = /(#.*$)|([A-Za-z_][\w.-]*)(?=\s*:(?:\s|$))|("[^"]*"|'[^']*')|(-?\b\d+(?:\.\d+)?(?:e-?\d+)?\b)|[^#"'\w-]+|[\w-]+|./g;
  for (const [text, comment, key, quoted, number] of line.matchAll(pattern)) {
    const isComment = comment !== undefined && (found.length === 0 || /\s$/.test(found.at(-1)?.text ?? ''));
    const kind = isComment ? 'comment' : key !== undefined ? 'key' : quoted !== undefined ? 'text' : number !== undefined ? 'number' : 'plain';
    found.push({ kind, text });
  }
  return found;
}
