import { expect, test } from 'vitest';

import type { Catalogue } from '../protocol';
import { addDirection, codesOf, directionChoices } from './directions';
import { graphOf, link, node } from './samples';

const z = { ...node('z', 'sample'), makes: 'Latent' };
const image = { ...node('image', 'decode'), makes: 'Image' };
const catalogue = { nodes: [], directions: [
  { name: 'landscape.late_light', model: 'landscape, 64 pixels', fits: ['landscape'], layers: 'all', low: -3, high: 3, strength: 3, source: 'fgraph' },
  { name: 'age', model: 'FFHQ, 1024 pixels', fits: ['faces.pkl'], layers: 'b8', low: -10, high: 10, strength: 1, source: 'StyleSpace' },
] } as unknown as Catalogue;

test('named directions of the model come with their ranges, then components', () => {
  const choices = directionChoices(graphOf([z, image], [link('z', 'image', 'of')]), catalogue);
  expect(choices[0]).toMatchObject({ label: 'late light', low: -3, high: 3, node: null });
  expect(choices.map((choice) => choice.label)).toContain('component 0');
  expect(choices.map((choice) => choice.label)).not.toContain('age');
});

test('a direction that the graph has is its slider', () => {
  const late = { ...node('late', 'direction', { kind: 'named', name: 'landscape.late_light', strength: 5 }), makes: 'Latent' };
  const [first] = directionChoices(graphOf([z, late, image], [link('z', 'late', 'of'), link('late', 'image', 'of')]), catalogue);
  expect(first).toMatchObject({ node: 'late', label: 'late light', strength: 5, high: 5 });
});

test('a short name means the direction of the model, with its own strength if the node gives none', () => {
  const late = { ...node('late', 'direction', { kind: 'named', name: 'late_light' }), makes: 'Latent' };
  const choices = directionChoices(graphOf([z, late, image], [link('z', 'late', 'of'), link('late', 'image', 'of')]), catalogue);
  expect(choices.filter((choice) => choice.label === 'late light')).toMatchObject([{ node: 'late', strength: 3, low: -3, high: 3 }]);
});

test('a direction of another model has its own range and strength', () => {
  const age = { ...node('age', 'direction', { kind: 'named', name: 'age' }), makes: 'Latent' };
  const choices = directionChoices(graphOf([z, age, image], [link('z', 'age', 'of'), link('age', 'image', 'of')]), catalogue);
  expect(choices.filter((choice) => choice.label === 'age')).toMatchObject([{ node: 'age', strength: 1, high: 10 }]);
});

test('a new direction goes between the codes and what runs them', () => {
  const graph = graphOf([z, image], [link('z', 'image', 'of')]);
  const [late] = directionChoices(graph, catalogue);
  expect(late && addDirection(graph, late, 2)).toEqual([
    { add: { op: 'direction', id: 'late_light', fields: { kind: 'named', name: 'landscape.late_light', strength: 2 }, position: null } },
    { connect: { source: 'z', target: 'late_light', input: 'of', index: null } },
    { connect: { source: 'late_light', target: 'image', input: 'of', index: null } },
  ]);
});

test('a new direction moves the codes that are chosen', () => {
  const other = { ...node('other', 'sample'), makes: 'Latent' };
  const graph = graphOf([z, other, image], [link('z', 'image', 'a'), link('other', 'image', 'b')]);
  const [late] = directionChoices(graph, catalogue);
  expect(late && addDirection(graph, late, 2, 'other')[1]).toMatchObject({ connect: { source: 'other' } });
  expect(codesOf(graph).map((one) => one.id)).toEqual(['z', 'other']);
});

test('a direction keeps its place when the graph gets it, so that its slider keeps the focus', () => {
  const before = directionChoices(graphOf([z, image], [link('z', 'image', 'of')]), catalogue);
  const second = { ...node('component_1', 'direction', { kind: 'pca', component: 1, strength: 2 }), makes: 'Latent' };
  const after = directionChoices(graphOf([z, second, image], [link('z', 'component_1', 'of'), link('component_1', 'image', 'of')]), catalogue);
  expect(after.map((choice) => choice.key)).toEqual(before.map((choice) => choice.key));
  expect(after.find((choice) => choice.key === 'pca:1')).toMatchObject({ node: 'component_1', strength: 2 });
});
