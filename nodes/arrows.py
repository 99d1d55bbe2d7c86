"""`arrows`: the paths of dragged points, drawn on images."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from fgraph._ports import Kind
from fgraph.ir.ops import Arrows as ArrowsOp
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Image
from fgraph.node import ImagePort, LatentPort, Node


class Arrows(Node):
    """Images with the path of each dragged point: where it was (red), its trail, and where it is now (blue)."""

    op: Literal["arrows"] = "arrows"
    produces: ClassVar[Kind] = Kind.IMAGE

    of: ImagePort = Field(description="the images to draw on")
    drag: LatentPort = Field(description="the `drag` node whose points are shown")
    width: float = Field(
        0.008, gt=0, le=0.1, description="the width of the lines, as a fraction of the shorter side of the image"
    )

    def lower(self, build: Build, inputs: Inputs) -> Image:
        of, drag = inputs.image("of"), inputs.latent("drag")
        if "trail" not in drag.facts:
            raise ValueError("drag: these codes are not the result of a `drag` node, so there are no points to show")
        pixels = build.emit(ArrowsOp(self.width), [of.pixels, drag.facts["trail"]])
        return Image(pixels, of.height, of.width)
