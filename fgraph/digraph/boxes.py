"""Boxes of a drawing: nodes that are drawn as one."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from fgraph._graphviz import LARGEST, extent
from fgraph._ports import Kind
from fgraph.digraph.wiring import WiredNode, Wiring

_MOST_SLOTS = 8  # most slots for the values of one list port; more values share one slot


@dataclass
class NodeBox:
    """A box of a drawing: one node, or several that are drawn as one."""

    nodes: list[WiredNode] = field(default_factory=list)
    reads: dict[str, list[str]] = field(default_factory=dict)  # slot -> names of boxes

    @property
    def op(self) -> str:
        """The operation of the nodes."""
        return self.nodes[0].node.op

    @property
    def kind(self) -> Kind:
        """The kind of value that the nodes make."""
        return self.nodes[0].kind

    @property
    def rows(self) -> int:
        """The number of rows of the nodes."""
        return sum(wired.rows for wired in self.nodes)


def find_boxes(wiring: Wiring) -> tuple[dict[str, NodeBox], str]:
    """Return the boxes by name, in topological order, and a note on how nodes share boxes; "" if each has its own."""
    boxes = _boxes(wiring, {wired.id: wired.id for wired in wiring.nodes})
    if _fits(boxes):
        return boxes, ""
    boxes = _boxes(wiring, _alike(wiring))
    if _fits(boxes):
        return boxes, "equal operations on equal inputs share a box"
    by_operation = {wired.id: f"{wired.node.op}, {wired.kind}" for wired in wiring.nodes}
    return _boxes(wiring, by_operation), "equal operations share a box"


def _fits(boxes: Mapping[str, NodeBox]) -> bool:
    reads = {name: {one for sources in box.reads.values() for one in sources} for name, box in boxes.items()}
    return extent(reads) <= LARGEST


def _alike(wiring: Wiring) -> dict[str, str]:
    """Return equal names for nodes of one operation that read boxes with equal names."""
    outputs = set(wiring.outputs.values())
    numbers: dict[Hashable, int] = {}
    names: dict[str, str] = {}
    for wired in wiring.nodes:
        reads = tuple((port, frozenset(names[one] for one in ids)) for port, ids in wired.inputs.items())
        key = (wired.node.op, wired.kind, wired.id in wiring.used, wired.id in outputs, reads)
        names[wired.id] = f"{wired.node.op} {numbers.setdefault(key, len(numbers))}"
    return names


def _boxes(wiring: Wiring, names: Mapping[str, str]) -> dict[str, NodeBox]:
    boxes: dict[str, NodeBox] = {}
    for wired in wiring.nodes:
        boxes.setdefault(names[wired.id], NodeBox()).nodes.append(wired)
    for box in boxes.values():
        for wired in box.nodes:
            for port, ids in wired.inputs.items():
                separate = len(box.nodes) == 1 and 1 < len(ids) <= _MOST_SLOTS
                for number, one in enumerate(ids):
                    box.reads.setdefault(f"{port}[{number}]" if separate else port, []).append(names[one])
    return boxes
