import { describe, expect, it } from 'vitest';

import type { Catalogue, GraphEvent, NodeState } from '../protocol';
import { addNamedEdit, chainOf, choiceOf, encoderChanges, facesOf, fieldsOf, landmarksOf, namedEdits, outputOf, pointsInTheMiddle, quadOf, refineChanges } from './photo';

function node(id: string, op: string, fields: NodeState['fields'] = {}, makes = 'Image'): NodeState {
  return { id, op, fields, makes, rows: 1, bypassed: false, bypassable: false, position: null, faults: [], line: null };
}

const link = (source: string, target: string, input: string) => ({ source, target, input, index: null, type: null });
const GRAPH = {
  model: 'avatar',
  nodes: [
    node('photo', 'photo', { file: 'a.png', align: 'none' }), node('found', 'encode', {}, 'Latent'), node('code', 'invert', { steps: 50 }, 'Latent'),
    node('inverted', 'decode'), node('edited', 'decode'), node('pasted', 'paste', {}, 'Photograph'),
  ],
  links: [
    link('photo', 'found', 'of'), link('photo', 'code', 'of'), link('found', 'code', 'start'), link('code', 'inverted', 'of'), link('code', 'edited', 'of'),
    link('edited', 'pasted', 'of'), link('photo', 'pasted', 'onto'), link('inverted', 'pasted', 'inverted'),
  ],
  outputs: [{ name: 'pasted', node: 'pasted', kind: 'Photograph', rows: 1 }],
} as unknown as GraphEvent;
const CATALOGUE = {
  directions: [
    { name: 'avatar.smile', model: 'avatar, 64 pixels', fits: ['avatar'], layers: 'all', low: -3, high: 3, strength: 2, source: 'own' },
    { name: 'snow', model: 'landscape, 64 pixels', fits: ['landscape'], layers: 'all', low: -3, high: 3, strength: 2, source: 'own' },
  ],
} as unknown as Catalogue;

describe('the graph of a photograph', () => {
  it('has its parts', () => {
    const chain = chainOf(GRAPH);
    expect(chain && Object.values(chain).map((one: NodeState | null) => one?.id)).toEqual(['photo', 'found', 'code', 'edited', 'pasted']);
    expect(chainOf({ ...GRAPH, nodes: [node('image', 'image')], links: [] })).toBeNull();
    expect(chain && outputOf(GRAPH, chain.paste)).toBe('pasted');
  });

  it('is edited between the code and the picture, and not before the crop as inverted', () => {
    const chain = chainOf(GRAPH);
    if (!chain) throw new Error('there is a chain');
    expect(namedEdits(GRAPH, chain, CATALOGUE)).toMatchObject([{ key: 'avatar.smile', label: 'smile', node: null, strength: 0 }]);
    const edit = node('edit', 'direction', { kind: 'named', name: 'smile' }, 'Latent');
    const links = [...GRAPH.links.filter((item) => item.target !== 'edited'), link('code', 'edit', 'of'), link('edit', 'edited', 'of')];
    expect(namedEdits({ ...GRAPH, nodes: [...GRAPH.nodes, edit], links }, chain, CATALOGUE)).toMatchObject([{ node: 'edit', strength: 2 }]);
    expect(addNamedEdit(GRAPH, chain, 'avatar.smile', 1.5)).toEqual([
      { add: { op: 'direction', id: 'smile', fields: { kind: 'named', name: 'avatar.smile', strength: 1.5 }, position: null } },
      { connect: { source: 'code', target: 'smile', input: 'of', index: null } },
      { connect: { source: 'smile', target: 'edited', input: 'of', index: null } },
    ]);
  });
});

describe('the code of a photograph', () => {
  it('is the encoder alone, or refined from there', () => {
    const chain = chainOf(GRAPH);
    if (!chain) throw new Error('there is a chain');
    expect(refineChanges(GRAPH, chain, false)).toEqual([
      { connect: { source: 'found', target: 'inverted', input: 'of', index: null } },
      { connect: { source: 'found', target: 'edited', input: 'of', index: null } },
      { remove: ['code'] },
    ]);
    const alone = { ...chain, code: null };
    const links = [link('photo', 'found', 'of'), link('found', 'edited', 'of')];
    expect(refineChanges({ ...GRAPH, nodes: GRAPH.nodes.filter((item) => item.id !== 'code'), links }, alone, true)).toEqual([
      { add: { op: 'invert', id: 'code', fields: { preset: 'refine', space: 'w+', steps: 50 }, position: null } },
      { connect: { source: 'photo', target: 'code', input: 'of', index: null } },
      { connect: { source: 'found', target: 'code', input: 'start', index: null } },
      { connect: { source: 'code', target: 'edited', input: 'of', index: null } },
    ]);
    expect(encoderChanges(GRAPH, chain, false)).toEqual([{ remove: ['found'] }]);
    expect(encoderChanges({ ...GRAPH, nodes: GRAPH.nodes.filter((item) => item.id !== 'found') }, { ...chain, encoder: null }, true)).toHaveLength(3);
  });
});

describe('the frame of a face', () => {
  const face: [number, number][] = [[40, 50], [60, 50], [42, 70], [58, 70]];

  it('is that of fgraph.faces.face_quad', () => {
    expect(quadOf(face, 'ffhq')).toEqual([[10, 12], [10, 92], [90, 92], [90, 12]]);
    expect(quadOf(face, 'stylegan3-editing')).toEqual([[10, 12], [10, 92], [90, 92], [90, 12]]);
    const tilted = quadOf([[40, 50], [60, 60], [38, 72], [54, 80]], 'ffhq').flat();
    const expected = [21.72938028, 0.32651538, -7.17348462, 84.97061972, 77.47061972, 113.87348462, 106.37348462, 29.22938028];
    for (const [index, value] of expected.entries()) expect(tilted[index]).toBeCloseTo(value, 6);
    const upright = quadOf([[40, 50], [60, 60], [38, 72], [54, 80]], 'ffhqu');
    expect(upright[0]?.[1]).toBe(upright[3]?.[1]);
  });

  it('begins in the middle of the photograph, with 0.6 of its shorter side', () => {
    const quad = quadOf(pointsInTheMiddle(900, 600), 'ffhq');
    expect(quad[0]?.[0]).toBeCloseTo(449.5 - 180, 1);
    expect(quad[2]?.[1]).toBeCloseTo(299.5 + 180, 1);
  });

  it('is known from 4, 5 or 68 points', () => {
    expect(landmarksOf(face)).toEqual(face);
    expect(landmarksOf([...face.slice(0, 2), [50, 60], ...face.slice(2)])).toEqual(face);
    const dlib = Array.from({ length: 68 }, (_, index): [number, number] => [index, 2 * index]);
    expect(landmarksOf(dlib)).toEqual([[38.5, 77], [44.5, 89], [48, 96], [54, 108]]);
    expect(landmarksOf([[1, 2]])).toBeNull();
    expect(fieldsOf(node('photo', 'photo', { align: 'none' }), [[[1.005, 2.346]]])).toEqual({ points: [[1, 2.35]], align: 'ffhq' });
  });

  it('is one of several, or all of them as rows', () => {
    const photo = node('photo', 'photo', { align: 'ffhqu' });
    const other = face.map(([x, y]): [number, number] => [x + 100, y]);
    expect(choiceOf(photo, [face])).toEqual({ points: face, face: undefined });
    expect(choiceOf(photo, [face, other])).toEqual({ points: [face, other], face: 'all' });
    expect(facesOf([face, other])).toEqual([face, other]);
    expect(facesOf(face)).toEqual([face]);
    expect(facesOf(undefined)).toEqual([]);
  });
});
