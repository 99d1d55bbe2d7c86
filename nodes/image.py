"""`image`: pictures from files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from fgraph import _limits
from fgraph._imaging.read import Fit, locate, recognise
from fgraph._ports import Kind
from fgraph.ir.ops import Picture
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Image as Pictures
from fgraph.node import FILE, Node, PerRow

Side = Annotated[int, Field(ge=1, le=_limits.SIDE)]


class Image(Node):
    """Pictures from files, a row each: any format and mode that Pillow reads, upright as the camera says."""

    op: Literal["image"] = "image"
    produces: ClassVar[Kind] = Kind.IMAGE

    path: PerRow[str] = Field(
        description="one file, or a list; sought beside the graph file, where you are, among the bundled pictures",
        json_schema_extra=FILE,
    )
    size: Side | tuple[Side, Side] | None = Field(
        None, description="pixels: a side, or [height, width]; absent: the model's"
    )
    fit: Fit = Field("crop", description="crop fills the size, pad shows all on white, stretch changes the proportions")
    model: str | None = Field(None, description="the model whose size is meant; absent: main")

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        for path in self.per_row_fields()["path"]:
            recognise(path)  # a picture that is not there, or is none, is told before anything runs
        return super().row_count(rows)

    def lower(self, build: Build, inputs: Inputs) -> Pictures:
        side = build.table(inputs.model(self.model)).size if self.size is None else self.size
        height, width = side if isinstance(side, tuple) else (side, side)
        paths = tuple(str(locate(path)) for path in inputs.per_row("path"))
        return Pictures(build.emit(Picture(height, width, self.fit), params=paths), height, width)
