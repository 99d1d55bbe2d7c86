"""Handles of nodes in graphs that are built in Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class NodeRef:
    """A handle of a node, which ports accept in place of the id."""

    graph: Any = field(repr=False)  # the `Graph` that made it
    node_id: str

    def __str__(self) -> str:
        return self.node_id
