import { expect, test } from 'vitest';

import { tidyLayout } from './layout';

test('links run to the right, and nodes do not overlap', () => {
  const size = { width: 180, height: 80 };
  const places = tidyLayout(new Map(['z', 'a', 'b', 'image'].map((id) => [id, size])), [
    { source: 'z', target: 'a' }, { source: 'z', target: 'b' }, { source: 'a', target: 'image' }, { source: 'b', target: 'image' },
  ]);
  const [z, a, b, image] = ['z', 'a', 'b', 'image'].map((id) => places.get(id) ?? [NaN, NaN]);
  expect(a?.[0]).toBeGreaterThan((z?.[0] ?? 0) + 180);
  expect(image?.[0]).toBeGreaterThan((b?.[0] ?? 0) + 180);
  expect(Math.abs((a?.[1] ?? 0) - (b?.[1] ?? 0))).toBeGreaterThanOrEqual(80);
});
