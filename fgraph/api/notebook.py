"""Drawings of graphs for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fgraph.declare import GraphSpec


def draw_graph(spec: GraphSpec) -> str:
    """Return the drawing of a graph as SVG.

    Raises:
        GraphError: the wiring has faults.
        FgraphError: Graphviz cannot be loaded, or fails.
    """
    from fgraph._errors import GraphError  # imported here, because `import fgraph` does not need it
    from fgraph.digraph import wire
    from fgraph.digraph.draw import draw_svg

    wiring, faults = wire(spec)
    if faults:
        raise GraphError(faults)
    return draw_svg(wiring)
