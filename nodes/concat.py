"""`concat`: canvases side by side."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fgraph import _limits
from fgraph.ir.ops import Concat as ConcatOp
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.spatial import join_features
from fgraph.lowering.values import Image, Mask, Value
from fgraph.node import Node, SpatialPort


class Concat(Node):
    """Canvases joined along an axis. Passes must be paused at the same layer; each part keeps its own carrier."""

    op: Literal["concat"] = "concat"

    of: Annotated[tuple[SpatialPort, ...], Field(min_length=1, max_length=_limits.PARTS)] = Field(
        description="the parts, left to right or top to bottom"
    )
    axis: Literal["x", "y"] = Field("x", description="x: side by side, y: one above the other")

    def lower(self, build: Build, inputs: Inputs) -> Value:
        values = inputs.values("of")
        images = [value for value in values if isinstance(value, Image)]
        if len(images) == len(values):
            return _join_images(build, images, self.axis)
        if images or any(isinstance(value, Mask) for value in values):
            raise ValueError("the parts must be of one kind: all Features, or all Images")
        return join_features(build, [inputs.as_features(value) for value in values], self.axis)


def _join_images(build: Build, images: list[Image], axis: Literal["x", "y"]) -> Image:
    sides = {image.height if axis == "x" else image.width for image in images}
    if len(sides) > 1:
        side = "heights" if axis == "x" else "widths"
        raise ValueError(f"images joined along {axis} need equal {side}; these have {sorted(sides)} pixels")
    channels = {build.type_of(image.pixels).shape[0] for image in images}
    if len(channels) > 1:
        raise ValueError(f"images that are joined need equal channels; these have {sorted(channels)}")
    pixels = build.emit(ConcatOp(axis), [image.pixels for image in images])
    return Image(pixels, *build.type_of(pixels).size)
