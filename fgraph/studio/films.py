"""Films: fields that move between keys on a timeline; seeds become walks between codes."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fgraph import _limits
from fgraph._atomic import write_atomic
from fgraph._errors import SaveError
from fgraph._imaging.encode import Pixels
from fgraph.declare import GraphSpec
from fgraph.declare.annotations import in_words
from fgraph.node import Node
from fgraph.save.formats import check_formats
from fgraph.save.video import VideoOptions, check_gif, encode_frames
from fgraph.studio.drag_views import free_id
from fgraph.studio.editing import Refused
from fgraph.studio.engine import Engine
from fgraph.studio.exporting import Exports
from fgraph.studio.live import NODE
from fgraph.studio.messages import FileReady, Progress, requests
from fgraph.studio.messages.changes import FieldValue, Key
from fgraph.studio.pictures import to_picture
from fgraph.studio.session import Session
from fgraph.studio.sheets import SheetCell, SheetJob, graph_maker
from nodes.sample import Sample
from nodes.walk import Walk

_TOGETHER = 8  # frames of a batch
_SEED = "seed"


@dataclass(frozen=True)
class Track:
    """The values of one field over time."""

    node: str
    field: str
    times: tuple[float, ...]
    values: tuple[Any, ...]
    whole: bool = False  # whether the field takes whole numbers only

    def at(self, time: float) -> Any:
        """Return the value at a time: numbers are interpolated, also in lists; other values change at their key."""
        place = bisect.bisect_right(self.times, time) - 1
        if place < 0 or place + 1 >= len(self.times):
            return self.values[max(place, 0)]
        span = self.times[place + 1] - self.times[place]
        share = (time - self.times[place]) / span
        return _between(self.values[place], self.values[place + 1], share, self.whole)

    @property
    def walks(self) -> bool:
        """True if the film walks between the codes of several seeds."""
        return self.field == _SEED and len(set(map(str, self.values))) > 1


def tracks_of(keys: Sequence[Key], nodes: Mapping[str, Node]) -> list[Track]:
    """Return a track for each field of the keys, in the order of time."""
    found: dict[tuple[str, str], dict[float, Any]] = {}
    for key in sorted(keys, key=lambda one: one.time):
        for value in key.values:
            found.setdefault((value.node, value.field), {})[key.time] = value.value
    return [
        Track(node, name, tuple(values), tuple(values.values()), _is_whole(nodes.get(node), name))
        for (node, name), values in found.items()
    ]


def _is_whole(node: Node | None, name: str) -> bool:
    known = type(node).model_fields.get(name) if node is not None else None
    return known is not None and in_words(known).startswith("a whole number")


def _between(one: Any, other: Any, share: float, whole: bool) -> Any:
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [_between(a, b, share, whole) for a, b in zip(one, other, strict=True)]
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in (one, other)):
        return one
    moved = one + (other - one) * share
    return round(moved) if whole else moved


@dataclass
class FilmJob:
    """A job that draws the frames of a film, and writes them to a file or sends them."""

    revision: int
    id: str
    path: Path
    request: requests.Film
    frames: Sequence[SheetCell]
    drawn: list[Pixels] = field(default_factory=list)

    @classmethod
    def of(cls, session: Session, request: requests.Film, exports: Exports) -> FilmJob:
        """Return the job of a request.

        Raises:
            FgraphError: there is no picture, a value has a fault, or the film is too long.
        """
        options = VideoOptions(fps=request.fps)
        if request.format == "gif":
            check_gif(options)
        if request.format != "play":
            check_formats([request.format])
        count = max(1, round(request.seconds * request.fps))
        if count > _limits.STUDIO_FRAMES:
            raise Refused(f"the film has {count} frames; at most {_limits.STUDIO_FRAMES} are allowed")
        frame = _frames(session, tracks_of(request.keys, session.reading.spec.nodes))
        frame(0.0)
        cells = [SheetCell(str(number), (number,), partial(frame, number / request.fps)) for number in range(count)]
        return cls(session.revision, *exports.place(session.state.title, request.format), request, cells)

    def units(self, engine: Engine) -> Iterator[Callable[[], None]]:
        """Yield the drawing of a few frames at a time, then the writing of the film unless the page plays it."""
        if self.request.format == "play":
            yield from SheetJob(self.revision, "film", self.request.id, self.frames).units(engine)
            return
        for start in range(0, len(self.frames), _TOGETHER):
            yield partial(self._draw, engine, start)
        yield partial(self._write, engine)

    def _draw(self, engine: Engine, start: int) -> None:
        specs = [one.make() for one in self.frames[start : start + _TOGETHER]]
        results = engine.run(engine.compile(specs))
        del self.drawn[start:]
        self.drawn += [np.atleast_3d(np.asarray(to_picture(result[NODE]))) for result in results]
        if len({one.shape for one in self.drawn}) > 1:
            raise SaveError("the frames differ in size: a film needs one size")
        if sum(one.nbytes for one in self.drawn) > _limits.STUDIO_FILM_BYTES:
            raise SaveError("the film takes too much memory: make it shorter, or smaller")
        total = len(self.frames)
        engine.emit(Progress(revision=self.revision, done=len(self.drawn), total=total, stage="film"))

    def _write(self, engine: Engine) -> None:
        options = VideoOptions(fps=self.request.fps)
        write_atomic(self.path, encode_frames(self.drawn, options, self.request.format))
        self.drawn = []
        engine.emit(FileReady(file=self.id, name=self.path.name, bytes=self.path.stat().st_size))


def _frames(session: Session, tracks: Sequence[Track]) -> Callable[[float], GraphSpec]:
    """Return a function that makes the graph of the frame at a time.

    Raises:
        FgraphError: there is no picture.
    """
    make = graph_maker(session)
    walks = [one for one in tracks if one.walks]
    others = [one for one in tracks if not one.walks]

    def frame(time: float) -> GraphSpec:
        values = [FieldValue(node=one.node, field=one.field, value=one.at(time)) for one in others]
        spec = make(values)
        for track in walks:
            spec = _walked(spec, track, time)
        return spec

    return frame


def _walked(spec: GraphSpec, track: Track, time: float) -> GraphSpec:
    """Return a graph in which a sample is a point of a smooth walk through the codes of its seeds.

    Raises:
        Refused: the node is not a `sample`, or a key has several seeds.
    """
    node = spec.nodes.get(track.node)
    if node is None:
        return spec  # the output does not depend on it
    if not isinstance(node, Sample) or not all(isinstance(one, int) for one in track.values):
        raise Refused("a film walks only between seeds of a sample, one number at each key", track.node, _SEED)
    first, last = track.times[0], track.times[-1]
    keys = node.model_copy(update={"seed": tuple(track.values)})
    share = min(1.0, max(0.0, (time - first) / (last - first)))
    codes = free_id(f"{NODE}_keys_{track.node}", spec.nodes)
    added: dict[str, Node] = {codes: keys, track.node: Walk(of=codes, times=track.times, at=share)}
    return replace(spec, nodes={**spec.nodes, **added})
