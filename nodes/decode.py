"""`decode`: the images of a pass."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from fgraph._ports import Kind
from fgraph.ir.ops import Clamp
from fgraph.lowering.advance import advance
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Image
from fgraph.node import FeaturesPort, Node


class Decode(Node):
    """RGB images: a pass, run through the last layer."""

    op: Literal["decode"] = "decode"
    produces: ClassVar[Kind] = Kind.IMAGE

    of: FeaturesPort = Field(description="the pass, or codes")
    clamp: bool = Field(True, description="clip the image to [-1, 1], as SOAT does; NVlabs and rosinality do not")

    def lower(self, build: Build, inputs: Inputs) -> Image:
        features = inputs.features("of")
        done = advance(build, features, build.table(features.model).last)
        assert done.skip is not None
        pixels = build.emit(Clamp(), [done.skip]) if self.clamp else done.skip
        return Image(pixels, *build.type_of(pixels).size)
