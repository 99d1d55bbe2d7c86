"""`pad`: more canvas on any side."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fgraph import _geometry as geometry
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Value
from fgraph.node import Node, SpatialPort
from nodes._spatial import Amount, Unit, edit_value


class Pad(Node):
    """Grows the canvas on any side, by any amount, at the pause; what follows fills it with texture.

    Reflection and repetition go on as far as they must: an amount may exceed the canvas itself.
    """

    op: Literal["pad"] = "pad"

    of: SpatialPort = Field(description="what grows")
    left: Amount = Field(
        0.0, description="how much, as a fraction of the canvas (0.5, or '1/3') or in pixels of the paused layer"
    )
    right: Amount = Field(0.0, description="likewise")
    top: Amount = Field(0.0, description="likewise")
    bottom: Amount = Field(0.0, description="likewise")
    mode: Literal["reflect", "replicate", "circular", "constant"] = Field("reflect", description="what fills it")
    value: float = Field(0.0, description="what constant is")
    unit: Unit = Field("fraction", description="what the amounts are given in")

    def lower(self, build: Build, inputs: Inputs) -> Value:
        return edit_value(build, inputs, self.unit, lambda ruler: [geometry.Pad(
            ruler.down(self.top), ruler.down(self.bottom), ruler.along(self.left), ruler.along(self.right),
            self.mode, self.value,
        )] * inputs.rows)  # fmt: skip
