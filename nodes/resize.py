"""`resize`: a stretched canvas."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fgraph import _geometry as geometry
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Value
from fgraph.node import Node, SpatialPort
from nodes._spatial import Amount, Unit, edit_value


class Resize(Node):
    """The canvas stretched at the pause. Later layers draw texture at the new size, so it stays sharp."""

    op: Literal["resize"] = "resize"

    of: SpatialPort = Field(description="the value to stretch")
    width: Amount = Field(1.0, description="the new width: in canvas widths, where 1 changes nothing, or in pixels")
    height: Amount = Field(1.0, description="the new height: in canvas heights, where 1 changes nothing, or in pixels")
    mode: Literal["nearest", "bilinear"] = Field("nearest", description="the interpolation")
    unit: Unit = Field("fraction", description="the unit of width and height")

    def lower(self, build: Build, inputs: Inputs) -> Value:
        return edit_value(build, inputs, self.unit, lambda ruler: [
            geometry.Resize(ruler.vertical(self.height), ruler.horizontal(self.width), self.mode)
        ] * inputs.rows)  # fmt: skip
