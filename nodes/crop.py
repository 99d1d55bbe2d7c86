"""`crop`: a rectangle of a canvas."""

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
    """A rectangle of the canvas. For Features, its edges become true borders."""

    op: Literal["crop"] = "crop"

    of: SpatialPort = Field(description="the value to crop")
    left: Amount = Field(0.0, description="the left edge, as a fraction of the canvas or in pixels")
    top: Amount = Field(0.0, description="the top edge, as a fraction of the canvas or in pixels")
    width: Amount | None = Field(None, description="the width; default: up to the right edge")
    height: Amount | None = Field(None, description="the height; default: down to the bottom")
    unit: Unit = Field("fraction", description="the unit of the amounts")

    def lower(self, build: Build, inputs: Inputs) -> Value:
        def make(ruler: Ruler) -> list[geometry.Edit]:
            top, left = ruler.vertical(self.top), ruler.horizontal(self.left)
            height = 1 - top if self.height is None else ruler.vertical(self.height)
            width = 1 - left if self.width is None else ruler.horizontal(self.width)
            return [geometry.Crop(top, left, height, width)] * inputs.rows

        return edit_value(build, inputs, self.unit, make)
