"""`shift`: a shifted picture."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fgraph import _geometry as geometry
from fgraph._ports import LayerSet
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Value
from fgraph.node import Node, PerRow, SpatialPort
from nodes._spatial import Amount, Ruler, Unit, map_layers


class Shift(Node):
    """The picture shifted right and down, by whole or fractional pixels.

    At the pause (`layers: here`), the state moves once. With other `layers`, the output of each of these layers moves,
    at its own size: the Shift of SOAT, equation 4.
    """

    op: Literal["shift"] = "shift"

    of: SpatialPort = Field(description="the value to shift")
    dx: PerRow[Amount] = Field(
        0.0, description="to the right, as a fraction of the canvas or in pixels of the paused layer"
    )
    dy: PerRow[Amount] = Field(0.0, description="down, as a fraction of the canvas or in pixels of the paused layer")
    mode: Literal["roll", "reflect", "replicate", "constant"] = Field("roll", description="the content at the edge")
    value: float = Field(0.0, description="the value for mode constant")
    unit: Unit = Field("fraction", description="the unit of dx and dy")
    layers: LayerSet = Field(
        LayerSet("here"), description="here: at the pause; otherwise, the layers whose outputs move"
    )
    parts: Literal["both", "activation", "skip"] = Field(
        "both", description="the tensors that move, if layers are named"
    )

    def lower(self, build: Build, inputs: Inputs) -> Value:
        amounts = list(zip(inputs.per_row("dy"), inputs.per_row("dx"), strict=True))

        def make(ruler: Ruler) -> list[geometry.Edit]:
            known = {
                pair: geometry.Shift(ruler.vertical(pair[0]), ruler.horizontal(pair[1]), self.mode, self.value)
                for pair in set(amounts)
            }
            return [known[pair] for pair in amounts]

        return map_layers(build, inputs, make, unit=self.unit, layers=self.layers, parts=self.parts)
