import { expect, test } from 'vitest';

import type { Catalogue } from '../protocol';
import { addDirection, directionChoices } from './directions';
import { graphOf, link, node } from './samples';

const z = { ...node('z', 'sample'), makes: 'Latent' };
const image = { ...node('image', 'decode'), makes: 'Image' };
const catalogue = { nodes: [], directions: [
  { name: 'smile', model: 'landscape', layers: 'b8', low: -3, high: 3, source: 'GANSpace' },
  { name: 'age', model: 'other', layers: 'b8', low: -3, high: 3, source: 'GANSpace' },
] } as unknown as Catalogue;

test('named directions of the model come with their ranges, then components', () => {
  const choices = directionChoices(graphOf([z, image], [link('z', 'image', 'of')]), catalogue);
  expect(choices[0]).toMatchObject({ label: 'smile', low: -3, high: 3, node: null });
  expect(choices.map((choice) => choice.label)).toContain('component 0');
  expect(choices.map((choice) => choice.label)).not.toContain('age');
});

test('a direction that the graph has is its slider', () => {
  const smile = { ...node('smile', 'direction', { kind: 'named', name: 'smile', strength: 5 }), makes: 'Latent' };
  const [first] = directionChoices(graphOf([z, smile, image], [link('z', 'smile', 'of'), link('smile', 'image', 'of')]), catalogue);
  expect(first).toMatchObject({ node: 'smile', strength: 5, high: 5 });
});

test('a new direction goes between the codes and what runs them', () => {
  const graph = graphOf([z, image], [link('z', 'image', 'of')]);
  const [smile] = directionChoices(graph, catalogue);
  expect(smile && addDirection(graph, smile, 2)).toEqual([
    { add: { op: 'direction', id: 'smile', fields: { kind: 'named', name: 'smile', strength: 2 }, position: null } },
    { connect: { source: 'z', target: 'smile', input: 'of', index: null } },
    { connect: { source: 'smile', target: 'image', input: 'of', index: null } },
  ]);
});
