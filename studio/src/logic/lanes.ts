/** Lanes of a history: the first child of a state continues its lane, and each later child begins a branch. */

export function lanesOf(states: { id: string; parent: string | null }[]): Map<string, number> {
  const lanes = new Map<string, number>();
  const continued = new Set<string>();
  let last = -1;
  for (const { id, parent } of states) {
    const lane = parent === null ? undefined : lanes.get(parent);
    if (parent !== null && lane !== undefined && !continued.has(parent)) {
      continued.add(parent);
      lanes.set(id, lane);
    } else lanes.set(id, ++last);
  }
  return lanes;
}
