/** Positions for the nodes of a graph, left to right, by dagre. */

import dagre from '@dagrejs/dagre';

export interface Size {
  width: number;
  height: number;
}

/** Return a position for each id: of the upper left corner. */
export function tidyLayout(sizes: Map<string, Size>, links: { source: string; target: string }[]): Map<string, [number, number]> {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 22, ranksep: 64, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [id, size] of sizes) graph.setNode(id, { ...size });
  for (const { source, target } of links) if (sizes.has(source) && sizes.has(target)) graph.setEdge(source, target);
  dagre.layout(graph);
  const places = new Map<string, [number, number]>();
  for (const [id, size] of sizes) {
    const { x, y } = graph.node(id) as { x: number; y: number };
    places.set(id, [Math.round(x - size.width / 2), Math.round(y - size.height / 2)]);
  }
  return places;
}
