"""`overlay`: a mask shown on a picture."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from fgraph import masks
from fgraph._ports import Kind
from fgraph.lowering.build import Build
from fgraph.lowering.images import blend_images, fill_like
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Image
from fgraph.node import ImagePort, MaskPort, Node, PerRow
from nodes._colour import Colour, channels


class Overlay(Node):
    """A picture with a colour laid over it where a mask is: a preview of the mask.

    The result is (1 - s α) image + s α colour, for a strength s.
    """

    op: Literal["overlay"] = "overlay"
    produces: ClassVar[Kind] = Kind.IMAGE

    of: ImagePort = Field(description="the picture")
    mask: MaskPort = Field(description="α, drawn at the size of the picture")
    colour: PerRow[Colour] = Field("red", description="a name of CSS such as orange, or '#ff8800'")
    strength: PerRow[Annotated[float, Field(ge=0, le=1)]] = Field(
        0.5, description="s: 0 hides the mask, 1 hides the picture below it"
    )

    def lower(self, build: Build, inputs: Inputs) -> Image:
        image, alpha = inputs.image("of"), inputs.mask("mask").exprs
        strengths, colours = inputs.per_row("strength"), inputs.per_row("colour")
        plain = fill_like(build, image, [channels(colour) for colour in colours])
        known = {pair: masks.scaled(*pair) for pair in dict.fromkeys(zip(alpha, strengths, strict=True))}
        faint = tuple(known[pair] for pair in zip(alpha, strengths, strict=True))
        return blend_images(build, image, plain, faint)
