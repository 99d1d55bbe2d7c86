"""A drag that users watch: its points and picture are sent as they move, and it can be stopped at any step.

It is the drag of a node of the graph, run step by step by `fgraph.drag`. Its result goes into the cache, under the key
of the node with this number of steps. So the graph shows the same pixels at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fgraph._arrays import Array
from fgraph._cache import cache_folder
from fgraph._errors import FgraphError
from fgraph._results import Image, Latents
from fgraph.declare import GraphSpec
from fgraph.ir.ops.dragging import ABSENT, TRAIL
from fgraph.node import Node
from fgraph.studio.drag_nodes import DragMask, DragNow, DragStart
from fgraph.studio.drag_views import drag_row, rows_shown
from fgraph.studio.editing import Refused
from fgraph.studio.engine import Cancelled, Engine
from fgraph.studio.live import NODE, SLOW, LiveRun, viewed
from fgraph.studio.messages import DragEvent
from fgraph.studio.pictures import encode_preview, to_picture
from fgraph.studio.previews import preview
from fgraph.studio.session import Session
from nodes.drag import Drag

if TYPE_CHECKING:
    from fgraph.dragging.live import LiveDrag
    from fgraph.dragging.points import DragPoints

Codes: TypeAlias = NDArray[np.float32]
STEPS = 300  # most steps of one start
STAGE = "drag"  # stage of the intermediate pictures
_UNBOUNDED = 100_000  # steps of the search itself, which this module ends earlier
_BETWEEN = 0.08  # seconds between two reports
_REST = 2.0  # pause before the next picture, as a multiple of the time of the last one
_START, _MASK = "studio_drag_start", "studio_drag_mask"


@dataclass(eq=False)
class Search:
    """The drag of one row: its start and its progress."""

    points: DragPoints
    code: Codes  # code of one row
    mask: Codes | None  # [1, H, W]
    live: LiveDrag


@dataclass(eq=False)
class Dragging:
    """The drag of some rows of a node, which later runs can continue."""

    starts: Codes  # [rows, ...], all rows of the codes that the drag reads
    rows: dict[int, Search]

    @property
    def steps(self) -> int:
        """The number of steps so far."""
        return max(one.live.moment.steps for one in self.rows.values())


@dataclass(eq=False, kw_only=True)
class DragRun(LiveRun):
    """The run of a drag, which replaces the live picture until it ends."""

    node: str
    drag: Drag
    needed: GraphSpec  # the nodes that the drag depends on
    shown: tuple[int, ...]  # the rows that are dragged
    count: int  # rows of the node
    dragging: Dragging | None = None  # drag of an earlier run, which continues
    on_end: Callable[[], None] = lambda: None
    stopping: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    report: DragEvent | None = None  # the last report
    failed: bool = True  # until it has ended without an error

    def run(self, engine: Engine) -> None:
        """Drag until all points have arrived or make no progress, or the drag is stopped; then keep the result."""
        try:
            dragging = self.dragging = self.dragging or self._begin(engine)
            self._iterate(engine, dragging)
            self._keep(engine, dragging)
            self.failed = False
        except Cancelled:  # before the first step: there is no result
            self.failed = False
        finally:
            self.ended.set()
            self.on_end()

    @property
    def steps(self) -> int:
        """The steps of the node after this run."""
        return self.drag.settings.steps if self.failed or self.dragging is None else self.dragging.steps

    # -- the drag -----------------------------------------------------------------------------------------------------

    def _begin(self, engine: Engine) -> Dragging:
        """Begin the drags, from the codes and masks that the graph gives to the node."""
        import fgraph
        from fgraph.runtime.run import make_context

        added: dict[str, Node] = {_START: DragStart(of=self.drag.of, space=self._space)}
        if self.drag.mask is not None:
            added[_MASK] = DragMask(of=self.drag.of, mask=self.drag.mask)
        spec = replace(self.needed, nodes={**self.needed.nodes, **added}, outputs={name: name for name in added})
        plan = engine.compile([spec], since=True)
        found = engine.run(plan, on_search=self.on_search(engine))[0]
        codes, masks = found[_START], found.get(_MASK)
        assert isinstance(codes, Latents)
        assert masks is None or isinstance(masks, Image)
        generator = make_context(plan.models, plan.options).generators[codes.model]
        settings = self.drag.settings.model_dump() | {"steps": _UNBOUNDED}
        rows: dict[int, Search] = {}
        for row in self.shown:
            code = codes.array[min(row, codes.rows - 1)]
            mask = None if masks is None else masks.array[min(row, masks.rows - 1)]
            points = self.drag.points_of(row, generator.table.size)
            where = None if mask is None else mask[0]
            live = fgraph.drag(generator, code, points.handles, points.targets, mask=where, **settings)
            rows[row] = Search(points, code, mask, live)
        return Dragging(codes.array, rows)

    @property
    def _space(self) -> Literal["w+", "s"]:
        return "s" if self.drag.settings.space == "s" else "w+"

    def _iterate(self, engine: Engine, dragging: Dragging) -> None:
        live = [one.live for one in dragging.rows.values()]
        reported = drawn = -np.inf
        took = 0.0
        for _ in range(STEPS):
            now = time.perf_counter()
            if now - reported > _BETWEEN:
                self._report(engine, dragging, running=True)
                reported = now
            if now - drawn > max(_BETWEEN, _REST * took):
                self._draw(engine, dragging)
                drawn = time.perf_counter()
                took = drawn - now
            if self.stopping.is_set() or engine.is_overtaken:
                break
            moved = [next(one, None) for one in live]
            if not any(moved):
                break
        self._report(engine, dragging, running=False)

    def _report(self, engine: Engine, dragging: Dragging, *, running: bool) -> None:
        rows = []
        for row, one in dragging.rows.items():
            now, trail = one.live.moment, one.live.trail
            rows.append(
                drag_row(row, now.points, now.targets, trail, steps=now.steps, distance=now.distance, ending=now.ending)
            )
        self.report = DragEvent(revision=self.revision, node=self.node, running=running, rows=rows)
        engine.emit(self.report)

    def _draw(self, engine: Engine, dragging: Dragging) -> None:
        """Draw the output with the current codes; as a preview if that takes long."""
        spec = self._with_codes(dragging)
        plan = engine.compile([spec], since=True)
        seconds = engine.forecast(plan)
        if seconds > SLOW:
            for resolution in self.preview_blocks(seconds):
                plan = engine.compile([preview(spec, resolution)], since=True)
                break
        try:
            picture = to_picture(engine.run(plan)[0][NODE], self.row)
        except (Cancelled, FgraphError):  # the loop ends by itself, and the picture at the end reports the failure
            return
        self.emit_picture(engine, STAGE, picture, encode_preview(picture))

    def _with_codes(self, dragging: Dragging) -> GraphSpec:
        """Return the graph of the picture with the current codes in place of the drag."""
        starts = dragging.starts
        codes = np.stack([starts[min(row, len(starts) - 1)] for row in range(self.count)])
        most = max(len(one.points.handles) for one in dragging.rows.values())
        trails = np.full((self.count, TRAIL, most, 2), ABSENT, np.float32)
        for row, one in dragging.rows.items():
            trail = one.live.trail
            codes[row] = one.live.moment.code
            trails[row, :, : trail.shape[1]] = trail[np.linspace(0, len(trail) - 1, TRAIL).round().astype(int)]
        now = DragNow(of=self.drag.of, codes=Array(codes), trail=Array(trails), space=self._space)
        return replace(self.spec, nodes={**self.spec.nodes, self.node: now})

    def _keep(self, engine: Engine, dragging: Dragging) -> None:
        """Put the result into the cache, under the key of the node with this number of steps."""
        import torch

        from fgraph.inversion.cache import InversionCache
        from fgraph.runtime.drag_outcomes import Outcomes

        settings = self.drag.settings.model_copy(update={"steps": dragging.steps})
        dtype = torch.float64 if engine.options.precision == "float64" else torch.float32
        for one in dragging.rows.values():
            outcomes = Outcomes(InversionCache(cache_folder()), one.live.moment.generator, settings, dtype)
            mask = None if one.mask is None else torch.from_numpy(one.mask)
            outcomes.write(outcomes.key(torch.from_numpy(one.code), one.points, mask), one.live.outcome())


def make_drag_run(session: Session, node: str) -> DragRun:
    """Return the run of a drag of the graph.

    Raises:
        FgraphError: there is no such drag, the viewed output does not show it, or a part of the graph has a fault.
    """
    reading, view, end = session.reading, session.view, session.node_of_view()
    spec = reading.needed(end) if end is not None else None
    kind = reading.kind(end) if end is not None else None
    if end is None or spec is None or kind is None or view.output is None:
        raise Refused("the viewed output has a fault: correct it first")
    drag, needed = spec.nodes.get(node), reading.needed(node)
    if not isinstance(drag, Drag) or needed is None:
        raise Refused(f"the output '{view.output}' shows no drag '{node}': look at one that does", node)
    if drag.every is not None:
        raise Refused(f"'{node}' makes a film of its drag: remove `every`, then start", node, "every")
    rows, count = reading.rows(end), reading.rows(node)
    row = min(view.row, rows - 1)
    shown = rows_shown(count, row, rows)
    if not shown:
        raise Refused(f"the picture shows {count} rows of '{node}': look at an output with one row of it", node)
    return DragRun(
        revision=session.revision,
        spec=viewed(spec, kind, view.row, rows),
        output=view.output,
        row=row,
        rows=rows,
        keep_thumbnail=lambda content: None,
        node=node,
        drag=drag,
        needed=needed,
        shown=shown,
        count=count,
    )
