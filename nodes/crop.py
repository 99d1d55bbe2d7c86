"""`crop`: a rectangle cut out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fgraph import _geometry as geometry
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Value
from fgraph.node import Node, SpatialPort
from nodes._spatial import Amount, Ruler, Unit, edit_value


class Crop(Node):
    """Cuts a rectangle out. Of Features it makes new true borders; of an Image it only cuts."""

    op: Literal["crop"] = "crop"

    of: SpatialPort = Field(description="what is cut")
    left: Amount = Field(0.0, description="where it begins, as a fraction of the canvas or in pixels")
    top: Amount = Field(0.0, description="likewise, from the top")
    width: Amount | None = Field(None, description="how wide it is; absent: to the right edge")
    height: Amount | None = Field(None, description="how high it is; absent: to the bottom")
    unit: Unit = Field("fraction", description="what the amounts are given in")

    def lower(self, build: Build, inputs: Inputs) -> Value:
        def make(ruler: Ruler) -> list[geometry.Edit]:
            top, left = ruler.down(self.top), ruler.along(self.left)
            height = 1 - top if self.height is None else ruler.down(self.height)
            width = 1 - left if self.width is None else ruler.along(self.width)
            return [geometry.Crop(top, left, height, width)] * inputs.rows

        return edit_value(build, inputs, self.unit, make)
