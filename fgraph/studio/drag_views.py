"""The drags that a picture depends on: the rows that it shows, and their progress."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fgraph._results import Latents
from fgraph.declare import GraphSpec
from fgraph.dragging.points import Place
from fgraph.dragging.settings import REMEDIES, Ending
from fgraph.node import Node
from fgraph.studio.messages import DragEvent, DragRow
from fgraph.studio.reading import Reading
from nodes.drag import Drag
from nodes.rows import Rows

_PREFIX = "studio_drag_"  # prefix of outputs that are added to show the progress of drags
MOST_ROWS = 16  # most rows of a drag that a picture can show; if it shows more, none is followed
_TIMES = 64  # moments of a trail, as it is sent


@dataclass(frozen=True)
class DragView:
    """A drag, and its rows that a picture shows."""

    node: str
    drag: Drag
    rows: tuple[int, ...]

    def event(self, codes: Latents, size: tuple[int, int], revision: int) -> DragEvent:
        """Return the progress of the rows, read from their codes, for images of a size (height, width)."""
        found = [
            drag_row(
                row, one.points, self.drag.points_of(row, size).targets, one.trail,
                steps=one.steps, distance=one.distance, ending=one.ending,
            )
            for row, one in zip(self.rows, codes.drags, strict=True)
        ]  # fmt: skip
        return DragEvent(revision=revision, node=self.node, running=False, rows=found)


def drag_row(
    row: int,
    points: Sequence[Place],
    targets: Sequence[Place],
    trail: NDArray[np.float32],
    *,
    steps: int,
    distance: float,
    ending: str | None,
) -> DragRow:
    """Return the state of a row as it is sent; a trail [times, points, 2] is thinned out."""
    picked = np.unique(np.linspace(0, len(trail) - 1, _TIMES).round().astype(int))
    known: Ending | None = ending  # type: ignore[assignment] # a report stores it as text
    return DragRow(
        row=row,
        steps=steps,
        points=[_rounded(one) for one in points],
        targets=[_rounded(one) for one in targets],
        trail=[[_rounded(place) for place in trail[time]] for time in picked],
        distance=round(distance, 2),
        ending=known,
        remedy=REMEDIES.get(known) if known else None,
    )


def _rounded(place: Sequence[float] | NDArray[np.float32]) -> Place:
    """Return a place rounded to a millionth of the image, as a graph file has it."""
    x, y = (min(max(round(float(part), 6), 0.0), 1.0) for part in place)
    return x, y


def drags_of(reading: Reading, spec: GraphSpec, row: int, rows: int) -> dict[str, DragView]:
    """Return the drags of a graph whose rows a picture shows, output name -> drag.

    Args:
        reading: the whole graph.
        spec: the nodes that the picture depends on.
        row: the row of the output that is shown.
        rows: the number of rows of the output.
    """
    found: dict[str, DragView] = {}
    for name, node in spec.nodes.items():
        count = reading.rows(name)
        shown = rows_shown(count, row, rows)
        if isinstance(node, Drag) and node.every is None and shown:
            found[f"{_PREFIX}{name}"] = DragView(name, node, shown)
    return found


def rows_shown(count: int, row: int, rows: int) -> tuple[int, ...]:
    """Return the rows of a node that a row of an output shows; none if there are too many."""
    if count == rows:
        return (row,)
    return tuple(range(count)) if count <= MOST_ROWS else ()


def free_id(name: str, nodes: Collection[str]) -> str:
    """Return an id that no node has: the name, with underscores behind it if it is taken."""
    while name in nodes:
        name += "_"
    return name


def with_drags(spec: GraphSpec, drags: Mapping[str, DragView], reading: Reading) -> GraphSpec:
    """Return a graph with the results of drags as further outputs."""
    added: dict[str, Node] = {}
    outputs: dict[str, str] = {}
    for name, one in drags.items():
        outputs[name] = one.node
        if len(one.rows) < reading.rows(one.node):
            outputs[name] = free_id(name, spec.nodes)
            added[outputs[name]] = Rows(of=one.node, take=",".join(map(str, one.rows)))
    return replace(spec, nodes={**spec.nodes, **added}, outputs={**spec.outputs, **outputs})
