"""Sheets of thumbnails: seeds of a node, a sweep over one or two fields, a node and its absence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, ClassVar, Literal

from PIL import Image as PillowImage

from fgraph._errors import FgraphError
from fgraph._limits import STUDIO_SHEET
from fgraph.declare import MAIN, GraphSpec
from fgraph.studio.editing import Refused, apply_change
from fgraph.studio.engine import Engine
from fgraph.studio.live import NODE, viewed
from fgraph.studio.messages import Thumbnail, requests
from fgraph.studio.messages.changes import Bypass, BypassNode, FieldValue
from fgraph.studio.pictures import THUMBNAIL, Binary, encode_preview, thumbnail, to_picture
from fgraph.studio.previews import blocks, preview
from fgraph.studio.reading import Reading, read_text, vary
from fgraph.studio.session import Session
from fgraph.stylegan.checkpoints.header import DEFAULT_MODEL, read_header

_SECONDS = 0.5  # most seconds of a batch of several thumbnails
_MOST_TOGETHER = 16

Sheet = Literal["seeds", "sweep", "ablate", "explain", "film"]


@dataclass(frozen=True)
class SheetCell:
    """A thumbnail to draw: its key, its values, and a function that makes its graph."""

    key: str
    values: tuple[Any, ...]
    make: Callable[[], GraphSpec]


@dataclass
class SheetJob:
    """A job that draws cells, several together."""

    revision: int
    sheet: Sheet
    request: int
    cells: Sequence[SheetCell]
    longest: ClassVar[int] = THUMBNAIL  # side of a picture, pixels

    def units(self, engine: Engine) -> Iterator[Callable[[], None]]:
        """Yield the drawing of a few cells at a time; the first is drawn alone, to be seen soon."""
        done, together = 0, 1
        while done < len(self.cells):
            batch = self.cells[done : done + together]
            made = self.make(batch)
            done += len(batch)
            if not made:
                continue
            yield partial(self._draw, engine, made)
            seconds = engine.forecast(engine.compile([made[0][1]]))
            together = max(1, min(_MOST_TOGETHER, int(_SECONDS / max(seconds, 1e-4))))

    def make(self, cells: Sequence[SheetCell]) -> list[tuple[SheetCell, GraphSpec]]:
        """Return the cells that can be drawn, with their graphs."""
        return [(cell, small(cell.make())) for cell in cells]

    def _draw(self, engine: Engine, made: Sequence[tuple[SheetCell, GraphSpec]]) -> None:
        results = engine.run(engine.compile([spec for _, spec in made]))
        for (cell, _), result in zip(made, results, strict=True):
            picture = thumbnail(to_picture(result[NODE]), self.longest)
            content, mime = encode_preview(picture)
            header = Thumbnail(
                sheet=self.sheet,
                key=cell.key,
                re=self.request,
                values=self.values(cell, picture),
                width=picture.width,
                height=picture.height,
                mime=mime,
            )
            engine.emit(Binary(header, content))

    def values(self, cell: SheetCell, picture: PillowImage.Image) -> list[Any]:
        """Return the values that the page gets with the picture of a cell."""
        return list(cell.values)


class SeedsJob(SheetJob):
    """The viewed output for consecutive seeds."""

    @classmethod
    def of(cls, session: Session, request: requests.Seeds) -> SeedsJob:
        """Return the job of a request.

        Raises:
            FgraphError: there is no output to show.
        """
        make = graph_maker(session)
        seeds = range(request.start, request.start + request.count)
        cells = [
            SheetCell(str(seed), (seed,), partial(make, [FieldValue(node=request.node, field="seed", value=seed)]))
            for seed in seeds
        ]
        cells[0].make()  # its faults are an answer to the request
        return cls(session.revision, "seeds", request.id, cells)


class SweepJob(SheetJob):
    """The viewed output for the values of one or two fields."""

    @classmethod
    def of(cls, session: Session, request: requests.Sweep) -> SweepJob:
        """Return the job of a request.

        Raises:
            FgraphError: there is no output to show, or there are too many cells.
        """
        axes = [request.x, *([request.y] if request.y else [])]
        make, cells = graph_maker(session), []
        for places in product(*(range(len(axis.values)) for axis in axes)):
            values = [axis.values[place] for axis, place in zip(axes, places, strict=True)]
            fields = [
                FieldValue(node=axis.node, field=axis.field, value=value)
                for axis, value in zip(axes, values, strict=True)
            ]
            cells.append(SheetCell(",".join(map(str, places)), tuple(values), partial(make, fields)))
            if len(cells) > STUDIO_SHEET:
                raise Refused(f"the sheet has more than {STUDIO_SHEET} pictures: give fewer values")
        cells[0].make()
        return cls(session.revision, "sweep", request.id, cells)


class AblateJob(SheetJob):
    """The viewed output with a node, and without it."""

    @classmethod
    def of(cls, session: Session, request: requests.Ablate) -> AblateJob:
        """Return the job of a request.

        Raises:
            FgraphError: there is no output to show, or the node cannot be bypassed.
        """
        draft, place = session.state.draft(), Path(session.state.place)
        on = request.node not in draft.bypassed
        apply_change(
            draft,
            BypassNode(bypass=Bypass(node=request.node, on=on)),
            lambda text: read_text(text.text, place, session.access),
        )
        other = read_text(draft.text.text, place, session.access)
        both = [session.reading, other] if on else [other, session.reading]
        specs = [_view(session, one) for one in both]
        cells = [
            SheetCell(key, (), lambda spec=spec: spec)  # type: ignore[misc] # the default binds the value
            for key, spec in zip(("with", "without"), specs, strict=True)
        ]
        return cls(session.revision, "ablate", request.id, cells)


def graph_maker(session: Session) -> Callable[[Sequence[FieldValue]], GraphSpec]:
    """Return a function that makes the graph of the view with other values in some fields.

    The function raises a `FgraphError` if a value has a fault.

    Raises:
        FgraphError: there is no output to show.
    """
    reading, place = session.reading, Path(session.state.place)
    _view(session, reading)

    def make(values: Sequence[FieldValue]) -> GraphSpec:
        return _view(session, vary(reading, values, place, session.access))

    return make


def _view(session: Session, reading: Reading) -> GraphSpec:
    view, state = session.view, session.state
    node = session.node_of_view() if reading is session.reading else reading.spec.outputs.get(view.output or "")
    spec, kind = (reading.needed(node), reading.kind(node)) if node is not None else (None, None)
    if node is None or spec is None or kind is None:
        raise Refused(f"the output '{view.output}' of '{state.title}' has a fault: correct it first")
    return viewed(spec, kind, view.row, reading.rows(node))


def small(spec: GraphSpec) -> GraphSpec:
    """Return a graph that is decoded as far as a thumbnail needs."""
    try:
        table = read_header(spec.models.get(MAIN, DEFAULT_MODEL)).table
    except FgraphError:
        return spec
    enough = [one for one in blocks(table) if one >= THUMBNAIL // 2 and one * 2 < max(table.size)]
    return preview(spec, enough[0]) if enough else spec
