"""Graphs with checked references, kinds and row counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from fgraph._cached import cached_property
from fgraph._ports import Kind
from fgraph.declare.source import DocumentPath
from fgraph.declare.spec import GraphSpec
from fgraph.node import Node


@dataclass(frozen=True, eq=False, slots=True)
class WiredNode:
    """A node with its inputs, its kind and its row count."""

    id: str  # `left.fade` for the node `fade` of the sub-graph `left`
    node: Node
    inputs: Mapping[str, tuple[str, ...]]  # port -> ids of nodes, without absent ports
    kind: Kind
    rows: int
    path: DocumentPath  # the place in the document, for faults


@dataclass(frozen=True, eq=False)
class Wiring:
    """The nodes of a graph without sub-graphs, in topological order, otherwise in the order of the file."""

    spec: GraphSpec
    nodes: tuple[WiredNode, ...]
    outputs: Mapping[str, str]  # name -> id

    @cached_property
    def by_id(self) -> Mapping[str, WiredNode]:
        """The nodes by id."""
        return {wired.id: wired for wired in self.nodes}

    @cached_property
    def used(self) -> frozenset[str]:
        """The ids of the nodes that an output depends on."""
        return self.reached(self.outputs.values())

    def ancestors(self, node_id: str) -> frozenset[str]:
        """Return the ids of the nodes that a node depends on, without its own."""
        return self.reached(_read(self.by_id[node_id]))

    def reached(self, ids: Iterable[str]) -> frozenset[str]:
        """Return the given ids, and the ids of all nodes that they depend on."""
        found: set[str] = set()
        waiting = list(ids)
        while waiting:
            node_id = waiting.pop()
            if node_id not in found:
                found.add(node_id)
                waiting += _read(self.by_id[node_id])
        return frozenset(found)


def _read(wired: WiredNode) -> Iterator[str]:
    return chain.from_iterable(wired.inputs.values())
