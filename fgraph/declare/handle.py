"""What a node of a graph in Python is called by: a light handle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fgraph.declare.builder import Graph


@dataclass(frozen=True, slots=True, eq=False)
class NodeRef:
    """A node of a graph; a port takes it in place of the node's id."""

    graph: Graph = field(repr=False)
    node_id: str

    def __str__(self) -> str:
        return self.node_id
