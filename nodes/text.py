"""`text`: a label in a picture."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from fgraph import masks
from fgraph._ports import Kind
from fgraph.lowering.build import Build
from fgraph.lowering.images import blend_images, fill_like
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Image
from fgraph.masks import Anchor, Lettering, MaskExpr
from fgraph.node import ImagePort, Node, PerRow
from nodes._colour import Colour, channels

Point = tuple[float, float]
_OUTLINE = Fraction(1, 12)  # as a fraction of the size of the letters


class Text(Node):
    """A picture with text in it, in the bundled typeface (DejaVu Sans: Latin, Greek, Cyrillic and other letters).

    `{op: mask, kind: text}` is the same text as a mask, for features and for effects of your own.
    """

    op: Literal["text"] = "text"
    produces: ClassVar[Kind] = Kind.IMAGE

    of: ImagePort = Field(description="the picture")
    text: PerRow[str] = Field(description="the text, which may have several lines; a list gives one per row")
    at: PerRow[Point] = Field((0.5, 0.97), description="x, y of the anchor, in fractions of the picture")
    anchor: Anchor = Field("bottom", description="the part of the text that is at this place")
    size: PerRow[Annotated[float, Field(gt=0, le=1)]] = Field(
        0.1, description="the height of the font, as a fraction of the height of the picture"
    )
    colour: PerRow[Colour] = Field("white", description="a name of CSS such as orange, or '#ff8800'")
    outline: PerRow[Colour] | None = Field("black", description="the colour around the letters; null: none")
    opacity: PerRow[Annotated[float, Field(ge=0, le=1)]] = Field(
        1.0, description="the opacity of the letters; 1 hides the picture below them"
    )

    @model_validator(mode="after")
    def _check(self) -> Text:
        for text in self.per_row_fields()["text"]:
            Lettering(text)  # raises here, where the place of the node is known
        return self

    def lower(self, build: Build, inputs: Inputs) -> Image:
        image = inputs.image("of")
        if self.outline is not None:
            image = self._drawn(build, image, inputs, "outline", _OUTLINE)
        return self._drawn(build, image, inputs, "colour", Fraction(0))

    def _drawn(self, build: Build, image: Image, inputs: Inputs, colour: str, stroke: Fraction) -> Image:
        colours = [channels(one) for one in inputs.per_row(colour)]
        fields = zip(*(inputs.per_row(name) for name in ("text", "at", "size", "opacity")), strict=True)
        known: dict[tuple[str, Point, float, float], MaskExpr] = {}
        for key in (rows := list(fields)):
            if key not in known:
                text, at, size, opacity = key
                known[key] = masks.scaled(Lettering(text, at, size, self.anchor, stroke), opacity)
        plain = fill_like(build, image, colours)
        return blend_images(build, image, plain, tuple(known[key] for key in rows))
