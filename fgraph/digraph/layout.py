"""Where the boxes and lines of a drawing stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fgraph.digraph.order import columns
from fgraph.digraph.wiring import WiredNode, Wiring

HEADER, LINE, PADDING, PORT = 24, 15, 8, 14  # pixels: the title of a box, a line of its text, space round it, a port
CHARACTER = 6.9  # mean width of a character
GAP_X, GAP_Y, MARGIN = 96, 22, 24
_SWEEPS = 6

Way: TypeAlias = tuple[str, int]  # a line from this node, where it passes through this column
Item: TypeAlias = str | Way


@dataclass(frozen=True)
class Box:
    """A node as it is drawn."""

    wired: WiredNode
    lines: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """A drawing: boxes by id, the points that lines pass between columns, and its size."""

    boxes: Mapping[str, Box]
    ways: Mapping[Way, tuple[float, float, float]]  # x on the left, x on the right, y
    column: Mapping[str, int]
    width: float
    height: float

    def between(self, start: str, end: str) -> list[tuple[float, float, float]]:
        """The points that a line passes on its way from one node to another."""
        return [self.ways[start, number] for number in range(self.column[start] + 1, self.column[end])]


def lay_out(wiring: Wiring, texts: Mapping[str, Sequence[str]]) -> Layout:
    """Boxes in columns, left to right; each column ordered so that lines cross little (by mean height).

    A line that skips a column takes a place in it, so that it passes between the boxes.
    """
    inputs = {wired.id: [one for ids in wired.inputs.values() for one in ids] for wired in wiring.nodes}
    plain = columns(inputs)
    column = {node_id: number for number, ids in enumerate(plain) for node_id in ids}
    ordered, near = _with_ways(plain, inputs, column)
    _untangle(ordered, near)
    sizes = {node_id: _size(wiring.by_id[node_id], lines) for node_id, lines in texts.items()}
    tall = [sum(_height(item, sizes) + GAP_Y for item in items) - GAP_Y for items in ordered]
    tallest = max(tall, default=0)
    boxes: dict[str, Box] = {}
    ways: dict[Way, tuple[float, float, float]] = {}
    x: float = MARGIN
    for items, own in zip(ordered, tall, strict=True):
        y = MARGIN + (tallest - own) / 2
        wide = max(sizes[item][0] for item in items if isinstance(item, str))
        for item in items:
            if isinstance(item, str):
                boxes[item] = Box(wiring.by_id[item], tuple(texts[item]), x, y, wide, sizes[item][1])
            else:
                ways[item] = (x, x + wide, y)
            y += _height(item, sizes) + GAP_Y
        x += wide + GAP_X
    return Layout(boxes, ways, column, max(x - GAP_X, MARGIN) + MARGIN, tallest + 2 * MARGIN)


def title(wired: WiredNode) -> str:
    """The first line of a box."""
    return f"{wired.id} · {wired.node.op}"


def _size(wired: WiredNode, lines: Sequence[str]) -> tuple[float, float]:
    longest = max(map(len, [title(wired) + "   x000", *lines]))
    ports = PORT * (sum(map(len, wired.inputs.values())) + 1)
    return longest * CHARACTER + 2 * PADDING, max(HEADER + (len(lines) * LINE + PADDING if lines else 0), ports)


def _height(item: Item, sizes: Mapping[str, tuple[float, float]]) -> float:
    return sizes[item][1] if isinstance(item, str) else 0


def _with_ways(
    plain: Sequence[Sequence[str]], inputs: Mapping[str, Sequence[str]], column: Mapping[str, int]
) -> tuple[list[list[Item]], dict[Item, set[Item]]]:
    """The columns with a place for each line that passes, and the neighbours of everything, on both sides."""
    ordered: list[list[Item]] = [list(ids) for ids in plain]
    near: dict[Item, set[Item]] = {node_id: set() for node_id in inputs}
    for node_id, ids in inputs.items():
        for one in ids:
            last: Item = one
            for number in range(column[one] + 1, column[node_id]):
                way = (one, number)
                if way not in near:
                    near[way] = set()
                    ordered[number].append(way)
                _join(near, last, way)
                last = way
            _join(near, last, node_id)
    return ordered, near


def _join(near: dict[Item, set[Item]], one: Item, other: Item) -> None:
    near[one].add(other)
    near[other].add(one)


def _untangle(ordered: list[list[Item]], near: Mapping[Item, set[Item]]) -> None:
    """Sort each column by the mean place of its neighbours on one side, forwards and backwards in turn."""
    place = {item: index / max(1, len(items) - 1) for items in ordered for index, item in enumerate(items)}
    for sweep in range(_SWEEPS):
        backwards = sweep % 2 == 1
        done: set[Item] = set()
        for items in reversed(ordered) if backwards else ordered:
            means = {}
            for item in items:
                seen = [place[other] for other in near[item] if other in done]
                means[item] = sum(seen) / len(seen) if seen else place[item]
            items.sort(key=means.__getitem__)
            place |= {item: index / max(1, len(items) - 1) for index, item in enumerate(items)}
            done |= set(items)
