"""`knit`: overlapping images joined to one."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from fgraph import _geometry as geometry
from fgraph._geometry import fraction
from fgraph._ports import Kind
from fgraph.ir.ops import Concat
from fgraph.ir.program import Index, Operand, as_index
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.spatial import edit_tensor
from fgraph.lowering.values import Image
from fgraph.node import ImagePort, Node
from nodes._spatial import Amount


class Knit(Node):
    """Rows of images joined into one image, as in the published panorama (SOAT, section 4.4).

    The first row contributes everything up to `stop`, each later row the part from `start` to `stop`. The last row also
    contributes the rest. If `start` and `stop` are the ends of the ramp that blended each image, only one code is
    visible at a cut.
    """

    op: Literal["knit"] = "knit"
    produces: ClassVar[Kind] = Kind.IMAGE
    collapses: ClassVar[bool] = True

    of: ImagePort = Field(description="the images, in order")
    start: Amount = Field(
        0.25, description="where the part of a later row starts, as a fraction of the length of an image"
    )
    stop: Amount = Field(0.75, description="where the part of a row ends, as a fraction of the length of an image")
    axis: Literal["x", "y"] = Field("x", description="x: side by side, y: one above the other")

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        if not 0 <= fraction(self.start) < fraction(self.stop) <= 1:
            raise ValueError(f"knit needs 0 <= start < stop <= 1, found {self.start} and {self.stop}")
        return 1

    def lower(self, build: Build, inputs: Inputs) -> Image:
        image, count = inputs.image("of"), inputs.each_rows
        start, stop, one = fraction(self.start), fraction(self.stop), Fraction(1)
        heads = as_index(np.arange(0, image.rows, count))
        if count == 1:
            return image
        pieces = [self._cut(build, image, heads, Fraction(0), stop)]
        middle = self._cut(build, image, _between(image.rows, count), start, stop) if count > 2 else None
        for place in range(count - 2):
            assert middle is not None
            pieces.append(middle.take(as_index(np.arange(len(heads)) * (count - 2) + place)))
        pieces.append(self._cut(build, image, as_index(heads + count - 1), start, one))
        pixels = build.emit(Concat(self.axis), pieces)
        return Image(pixels, *build.type_of(pixels).size)

    def _cut(self, build: Build, image: Image, rows: Index, start: Fraction, stop: Fraction) -> Operand:
        along_x = geometry.Crop(Fraction(0), start, Fraction(1), stop - start)
        along_y = geometry.Crop(start, Fraction(0), stop - start, Fraction(1))
        edit = along_x if self.axis == "x" else along_y
        return edit_tensor(build, image.pixels.take(rows), [edit] * len(rows))


def _between(rows: int, count: int) -> Index:
    """Return all rows but the first and the last of each `count`."""
    places = np.arange(rows) % count
    return as_index(np.flatnonzero((places > 0) & (places < count - 1)))
