"""Rows of thumbnails that explain a graph: every output as it is, and without each node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image as PillowImage
from PIL import ImageChops, ImageStat

from fgraph import _limits
from fgraph._errors import FgraphError
from fgraph.declare import GraphSpec
from fgraph.registry import SUBGRAPH
from fgraph.studio.editing import Refused, outputs_of
from fgraph.studio.live import viewed
from fgraph.studio.messages.changes import FieldValue
from fgraph.studio.pictures import THUMBNAIL
from fgraph.studio.reading import Reading, bypass_source, vary
from fgraph.studio.session import Session
from fgraph.studio.sheets import SheetCell, SheetJob, small
from fgraph.studio.text import GraphText

_WHOLE = ""  # the key of the whole graph, among the names of nodes
_LEVELS = 255


@dataclass
class ExplainJob(SheetJob):
    """A job that draws each output, as it is and with one node bypassed. The key of a cell is `NODE/OUTPUT`.

    The value of a cell is the mean difference from the output as it is, as a share of the range of colours; None if
    the sizes differ.
    """

    longest: ClassVar[int] = 2 * THUMBNAIL  # pixels; each picture has a line of its own, so that a panorama is visible
    whole: dict[str, PillowImage.Image] = field(default_factory=dict)  # the outputs as they are

    @classmethod
    def of(cls, session: Session, request: int) -> ExplainJob:
        """Return the job for the picture that the session shows.

        Raises:
            FgraphError: there is no output to show, or there are too many pictures.
        """
        reading, outputs = session.reading, outputs_of(GraphText(session.state.text))
        if reading.faults or not outputs:
            raise Refused("the graph has faults, or no output: correct it first")
        without = cache(partial(_without, reading, place=Path(session.state.place), session=session))
        used = [name for name in reading.nodes if name not in session.state.bypassed]
        nodes = [name for name in used if bypass_source(reading, name) is not None]
        rows = {name: session.view.row if name == session.view.output else 0 for name in outputs}
        cells = [
            SheetCell(f"{node}/{output}", (node, output), partial(_spec, without, node, shown, rows[output]))
            for node in (_WHOLE, *nodes)
            for output, shown in outputs.items()
        ]
        if len(cells) > _limits.STUDIO_SHEET:
            raise Refused(f"the rows would have more than {_limits.STUDIO_SHEET} pictures: choose fewer outputs")
        return cls(session.revision, "explain", request, cells)

    def make(self, cells: Sequence[SheetCell]) -> list[tuple[SheetCell, GraphSpec]]:
        """Return the cells with their graphs, except those whose graph has a fault without the node."""
        found = []
        for cell in cells:
            with suppress(FgraphError):
                found.append((cell, small(cell.make())))
        return found

    def values(self, cell: SheetCell, picture: PillowImage.Image) -> list[Any]:
        """Return the difference of a picture from the output as it is."""
        node, output = cell.values
        shown = picture.convert("RGB")
        if node == _WHOLE:
            self.whole[output] = shown
        whole = self.whole.get(output)
        if whole is None or whole.size != shown.size:
            return [None]
        levels = ImageStat.Stat(ImageChops.difference(whole, shown)).mean
        return [sum(levels) / len(levels) / _LEVELS]


def _without(reading: Reading, node: str, *, place: Path, session: Session) -> Reading:
    """Return a graph with a node bypassed: its readers read the source of the node instead.

    Raises:
        FgraphError: the graph then has a fault.
    """
    source = bypass_source(reading, node)
    if source is None:
        return reading
    values = [
        FieldValue(node=link.target, field=_path_of(reading, link.target, link.input, link.index), value=source)
        for link in reading.links
        if link.source == node
    ]
    return vary(reading, values, place, session.access)


def _path_of(reading: Reading, target: str, port: str, index: int | None) -> str:
    inside = f"inputs.{port}" if reading.nodes[target].get("op") == SUBGRAPH else port
    return inside if index is None else f"{inside}.{index}"


def _spec(without: Callable[[str], Reading], node: str, shown: str, row: int) -> GraphSpec:
    """Return the graph of one row of a node that an output shows, without another node.

    Raises:
        FgraphError: the graph has a fault.
    """
    reading = without(node)
    if shown == node:
        shown = bypass_source(reading, node) or shown
    spec, kind = reading.needed(shown), reading.kind(shown)
    if spec is None or kind is None:
        raise Refused(f"'{shown}' has a fault")
    return viewed(spec, kind, row, reading.rows(shown))
