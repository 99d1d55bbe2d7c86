"""The live picture: one row of the viewed output, previewed block by block, then final."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from PIL import Image as PillowImage

from fgraph._errors import FgraphError
from fgraph._ports import Kind
from fgraph._results import Latents, Results
from fgraph.declare import MAIN, GraphSpec
from fgraph.node import Node
from fgraph.photographs import Photographs
from fgraph.plan import Plan, Step
from fgraph.save.quality import rate_crops
from fgraph.studio.drag_views import DragView, free_id
from fgraph.studio.engine import Engine
from fgraph.studio.messages import Done, DragEvent, Forecast, Picture, Progress, Quality, SearchState
from fgraph.studio.pictures import SHOWN, SMALL, Binary, encode_final, encode_preview, thumbnail, to_picture
from fgraph.studio.previews import blocks, preview
from fgraph.stylegan.checkpoints.header import DEFAULT_MODEL, read_header
from fgraph.stylegan.tables.base import Table
from nodes.decode import Decode
from nodes.rows import Rows

if TYPE_CHECKING:
    from fgraph.runtime.progress import SearchStep

NODE = "studio_view"  # the output that is added to show one row
SLOW = 0.15  # seconds; a longer run has a preview
_VERY_SLOW = 1.5  # seconds; a longer run has two previews
_SHARES = (0.15, 0.5)  # shares of the arithmetic of a whole pass that a preview may take
_BETWEEN = 0.1  # seconds between two reports of progress


@dataclass
class LiveRun:
    """A run of one row of an output.

    `started` is the time of the edit, by `time.perf_counter`. `keep_thumbnail` takes a small picture of the result.
    `keep_drag` takes the progress of the `drags`, which are further outputs of the graph.
    """

    revision: int
    spec: GraphSpec  # the graph with the viewed output alone
    output: str
    row: int
    rows: int
    keep_thumbnail: Callable[[bytes], None]
    started: float = field(default_factory=time.perf_counter)
    drags: Mapping[str, DragView] = field(default_factory=dict)
    keep_drag: Callable[[DragEvent], None] = lambda event: None

    def run(self, engine: Engine) -> None:
        """Emit a forecast, previews if the run is slow, the picture, and its figures."""
        plan = engine.compile([self.spec], since=True)
        seconds = engine.forecast(plan)
        cost = plan.cost
        engine.emit(
            Forecast(
                revision=self.revision,
                calls=cost.layer_calls,
                gflop=cost.flops / 1e9,
                seconds=seconds,
                bytes=cost.peak_bytes,
            )
        )
        if seconds > SLOW:
            for resolution in self.preview_blocks(seconds):
                self._preview(engine, resolution)
        self._finish(engine, plan)

    def baseline_spec(self) -> GraphSpec:
        """Return the graph as it was run."""
        return self.spec

    def preview_blocks(self, seconds: float) -> Iterator[int]:
        """Yield the blocks to preview: the largest that take no more than a share of the arithmetic."""
        table = read_header(self.spec.models.get(MAIN, DEFAULT_MODEL)).table
        shown = None
        for share in _SHARES if seconds > _VERY_SLOW else _SHARES[:1]:
            found = [one for one in blocks(table) if _work(table, one) <= share * _work(table)]
            if found and found[-1] != shown:
                shown = found[-1]
                yield shown

    def _preview(self, engine: Engine, resolution: int) -> None:
        try:
            plan = engine.compile([preview(self.spec, resolution)], since=True)
        except (FgraphError, StopIteration):  # an edit of images that is not possible at this size
            return
        results = engine.run(plan, on_search=self.on_search(engine))[0]
        picture = to_picture(results[NODE], self.row)
        self.emit_picture(engine, f"b{resolution}", picture, encode_preview(picture))

    def _finish(self, engine: Engine, plan: Plan) -> None:
        timings: dict[str, float] = {}
        last = reported = time.perf_counter()

        def on_step(done: int, step: Step) -> None:
            nonlocal last, reported
            now = time.perf_counter()
            name = step.op.label[0]
            timings[name] = timings.get(name, 0.0) + now - last
            last = now
            if now - reported > _BETWEEN:
                reported = now
                total = len(plan.steps)
                engine.emit(Progress(revision=self.revision, done=done, total=total, stage="final"))

        results = engine.run(plan, on_step, self.on_search(engine))[0]
        result = results[NODE]
        picture = to_picture(result, self.row)
        if isinstance(result, Photographs):
            picture = thumbnail(picture, SHOWN)
        engine.timings = timings
        self._report_drags(plan, results)
        self.emit_picture(engine, "final", picture, encode_final(picture))
        computed = round(sum(step.rows * step.share for step in plan.steps if step.op.is_layer))
        reused = max(0, plan.cost.unbatched_layer_calls - computed)
        engine.emit(Done(revision=self.revision, seconds=self._since(), recomputed=computed, reused=reused))
        self.keep_thumbnail(encode_preview(thumbnail(picture, SMALL))[0])
        if isinstance(result, Photographs):
            self._rate(engine, result)

    def _rate(self, engine: Engine, result: Photographs) -> None:
        """Emit the quality of the inversion in the photograph that is shown."""
        for rated in rate_crops(result.of_row(min(self.row, result.rows - 1)))[:1]:
            engine.emit(
                Quality(revision=self.revision, psnr=rated.psnr, gradients=rated.gradients, distance=rated.distance)
            )

    def on_search(self, engine: Engine) -> Callable[[SearchStep], None]:
        """Return a function that reports the iterations of a search, now and then."""
        reported = time.perf_counter()

        def report(step: SearchStep) -> None:
            nonlocal reported
            now = time.perf_counter()
            if now - reported <= _BETWEEN:
                return
            reported = now
            search = SearchState(rows=step.rows, loss=step.loss, distance=step.distance)
            engine.emit(
                Progress(revision=self.revision, done=step.done, total=step.total, stage=step.search, search=search)
            )

        return report

    def _report_drags(self, plan: Plan, results: Results) -> None:
        for name, view in self.drags.items():
            codes = results[name]
            assert isinstance(codes, Latents)
            self.keep_drag(view.event(codes, plan.models[codes.model].table.size, self.revision))

    def emit_picture(self, engine: Engine, stage: str, picture: PillowImage.Image, encoded: tuple[bytes, str]) -> None:
        """Emit a picture of the output, with its encoded form and type."""
        content, mime = encoded
        header = Picture(
            revision=self.revision,
            output=self.output,
            row=self.row,
            rows=self.rows,
            stage=stage,
            width=picture.width,
            height=picture.height,
            seconds=self._since(),
            mime=mime,
        )
        engine.emit(Binary(header, content))

    def _since(self) -> float:
        return time.perf_counter() - self.started


def viewed(spec: GraphSpec, kind: str, row: int, rows: int) -> GraphSpec:
    """Return a graph of one output, reduced to one row of it; codes and passes are decoded.

    Args:
        spec: a graph with one output.
        kind: the kind of the output.
        row: the row to show; the last one if there are fewer.
        rows: the number of rows.
    """
    (node,) = spec.outputs.values()
    added: dict[str, Node] = {}
    if kind in (Kind.LATENT, Kind.FEATURES):
        decoded = free_id(f"{NODE}_decoded", spec.nodes)
        added[decoded], node = Decode(of=node), decoded
    if rows > 1 and kind != Kind.PHOTOGRAPH:
        one = free_id(NODE, spec.nodes)
        added[one], node = Rows(of=node, take=str(min(row, rows - 1))), one
    return replace(spec, nodes={**spec.nodes, **added}, outputs={NODE: node})


def _work(table: Table, block: int | None = None) -> int:
    """Return the multiplications of the convolutions of a pass, up to a block."""
    layers = [table.at(index) for index in range(table.last + 1)]
    return sum(
        one.in_channels * one.out_channels * one.size[0] * one.size[1]
        for one in layers
        if one.kind == "conv" and (block is None or one.resolution <= block)
    )
