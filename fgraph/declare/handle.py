"""What a node of a graph in Python is called by: a light handle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class NodeRef:
    """A node of a graph; a port takes it in place of the node's id."""

    graph: Any = field(repr=False)  # the `Graph` that made it
    node_id: str

    def __str__(self) -> str:
        return self.node_id
