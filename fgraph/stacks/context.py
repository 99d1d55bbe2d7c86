"""Graphs to lower, and their nodes as members of stacks."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from fgraph._errors import Fault
from fgraph.declare.files import hint_of_node
from fgraph.digraph import WiredNode, Wiring
from fgraph.lowering.inputs import Slot, StackMember
from fgraph.lowering.values import Value
from fgraph.node import Noise


@dataclass(frozen=True, eq=False)
class Context:
    """One graph to lower, with its model names resolved."""

    number: int
    wiring: Wiring
    models: Mapping[str, str]  # name in the graph -> model of the program
    key: Hashable = None  # equal for graphs whose nodes may be stacked: same models, same kind of noise

    @property
    def seed(self) -> int:
        """The graph's seed."""
        return int(self.wiring.spec.seed)

    @property
    def noise(self) -> Noise:
        """The noise of every pass that declares none."""
        return self.wiring.spec.noise


@dataclass(frozen=True, eq=False)
class StackNode(StackMember):
    """A wired node as a member of a stack."""

    graph: Context
    wired: WiredNode

    @classmethod
    def of(cls, graph: Context, wired: WiredNode, slot: Slot, read: Mapping[str, tuple[Slot, ...]]) -> StackNode:
        """Return the member for a node of a graph."""
        return cls(node=wired.node, id=wired.id, graph=graph, slot=slot, read=read, wired=wired)

    def fault(self, message: str, field: str | None = None) -> Fault:
        """Return a fault at this node, or at a field of it."""
        path = (*self.wired.path, field) if field else self.wired.path
        source = self.graph.wiring.spec.source
        file, line = source.place(*path)
        hint = hint_of_node(self.node, self.wired.path, source, message) if message else None
        where = ".".join(["nodes", self.id, *([field] if field else [])])
        return Fault(message, where, file, line, hint)


@dataclass
class Stack:
    """Nodes of one class with equal static fields and equal inputs."""

    number: int
    members: list[StackNode] = field(default_factory=list)
    rows: int = 0
    value: Value | None = None  # None until lowered, and after a fault
