"""`pad`: a larger canvas."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fgraph import _geometry as geometry
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Value
from fgraph.node import Node, SpatialPort
from nodes._spatial import Amount, Unit, edit_value

_ADDED, _AMOUNT = "the amount", ", as a fraction of the canvas (0.5, or '1/3') or in pixels of the paused layer"


class Pad(Node):
    """A larger canvas, padded at the pause. Later layers fill it with texture.

    An amount can be larger than the canvas: reflection or repetition then continues.
    """

    op: Literal["pad"] = "pad"

    of: SpatialPort = Field(description="the value to pad")
    left: Amount = Field(0.0, description=f"{_ADDED} on the left{_AMOUNT}")
    right: Amount = Field(0.0, description=f"{_ADDED} on the right{_AMOUNT}")
    top: Amount = Field(0.0, description=f"{_ADDED} at the top{_AMOUNT}")
    bottom: Amount = Field(0.0, description=f"{_ADDED} at the bottom{_AMOUNT}")
    mode: Literal["reflect", "replicate", "circular", "constant"] = Field(
        "reflect", description="the content of the pad"
    )
    value: float = Field(0.0, description="the value for mode constant")
    unit: Unit = Field("fraction", description="the unit of the amounts")

    def lower(self, build: Build, inputs: Inputs) -> Value:
        return edit_value(build, inputs, self.unit, lambda ruler: [geometry.Pad(
            ruler.vertical(self.top), ruler.vertical(self.bottom), ruler.horizontal(self.left),
            ruler.horizontal(self.right), self.mode, self.value,
        )] * inputs.rows)  # fmt: skip
