"""Stage 2: GraphSpec -> Wiring. networkx stays in this folder."""

from fgraph.digraph.checks import wire
from fgraph.digraph.wiring import WiredNode, Wiring

__all__ = ["WiredNode", "Wiring", "wire"]
