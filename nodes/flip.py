"""`flip`: a mirrored canvas."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fgraph import _geometry as geometry
from fgraph._ports import LayerSet
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Value
from fgraph.node import Node, SpatialPort
from nodes._spatial import map_layers


class Flip(Node):
    """The picture mirrored, left to right or top to bottom."""

    op: Literal["flip"] = "flip"

    of: SpatialPort = Field(description="the value to mirror")
    axis: Literal["x", "y"] = Field("x", description="x swaps left and right, y top and bottom")
    layers: LayerSet = Field(
        LayerSet("here"), description="here: at the pause; otherwise, the layers whose outputs are mirrored"
    )
    parts: Literal["both", "activation", "skip"] = Field("both", description="the tensors, if layers are named")

    def lower(self, build: Build, inputs: Inputs) -> Value:
        edits = [geometry.Flip(self.axis)] * inputs.rows
        return map_layers(build, inputs, lambda ruler: edits, unit="fraction", layers=self.layers, parts=self.parts)
