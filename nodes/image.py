"""`image`: pictures from files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from fgraph import _limits
from fgraph._imaging.finding import locate
from fgraph._imaging.read import Fit, recognise
from fgraph._ports import Kind
from fgraph.ir.ops import Picture
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Image as Pictures
from fgraph.node import FILE, Node, PerRow

Side = Annotated[int, Field(ge=1, le=_limits.SIDE)]


class Image(Node):
    """Pictures from files, one per row, rotated as their EXIF data says; grey if the model makes grey images."""

    op: Literal["image"] = "image"
    produces: ClassVar[Kind] = Kind.IMAGE

    path: PerRow[str] = Field(
        description="one file, or a list; searched beside the graph, in the current directory, among bundled pictures",
        json_schema_extra=FILE,
    )
    size: Side | tuple[Side, Side] | None = Field(
        None, description="the size in pixels: a side, or [height, width]; default: the size of the model's images"
    )
    fit: Fit = Field(
        "crop", description="crop fills the size; pad shows the whole picture on white; stretch changes the proportions"
    )
    model: str | None = Field(None, description="the model that gives the size, and RGB or grey; default: main")

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        for path in self.per_row_fields()["path"]:
            recognise(path)  # reports a missing or invalid picture before anything runs
        return super().row_count(rows)

    def lower(self, build: Build, inputs: Inputs) -> Pictures:
        table = build.table(inputs.model(self.model))
        side = table.size if self.size is None else self.size
        height, width = side if isinstance(side, tuple) else (side, side)
        paths = tuple(str(locate(path)) for path in inputs.per_row("path"))
        op = Picture(height, width, self.fit, 1 if table.image_channels == 1 else 3)
        return Pictures(build.emit(op, params=paths), height, width)
