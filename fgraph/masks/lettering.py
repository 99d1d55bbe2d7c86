"""Masks of text."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from fgraph._geometry import Number, SizeError
from fgraph._geometry.numbers import check_choice
from fgraph._imaging.typeface import typeface, unbundled_letters
from fgraph._limits import LETTERS
from fgraph.masks.base import MaskExpr

Anchor = Literal[
    "top left", "top", "top right", "left", "centre", "right", "bottom left", "bottom", "bottom right"
]  # fmt: skip
_ANCHORS: Final = {
    "top left": "la", "top": "ma", "top right": "ra",
    "left": "lm", "centre": "mm", "right": "rm",
    "bottom left": "ld", "bottom": "md", "bottom right": "rd",
}  # fmt: skip
_ALIGNED: Final = {"l": "left", "m": "center", "r": "right"}
_SPACING = 0.2  # between lines, in heights of the font
_MOST_PIXELS = 2**26  # most pixels of all lines together, on the canvas or not


@dataclass(frozen=True)
class Lettering(MaskExpr):
    """Text in the bundled typeface: alpha is the share of a pixel that letters cover.

    The part of the text that `anchor` names is at `at` (x, y), in fractions of the canvas. `size` is the height of the
    font, as a fraction of the height of the canvas. `stroke` thickens letters on each side, as a fraction of `size`.
    """

    text: str
    at: tuple[Number, Number] = (Fraction(1, 2), Fraction(1, 2))
    size: Number = Fraction(1, 10)
    anchor: Anchor = "centre"
    stroke: Number = Fraction(0)

    def __post_init__(self) -> None:
        self._make_exact("at", "size", "stroke")
        check_choice("text anchor", self.anchor, tuple(_ANCHORS))
        if len(self.text) > LETTERS:
            raise ValueError(f"a text of {len(self.text):,} characters; at most {LETTERS:,} are allowed")
        if not 0 < self.size <= 1:
            raise ValueError(
                f"a text of size {float(self.size):g}; it must be above 0 and at most 1, the height of the canvas"
            )
        if missing := unbundled_letters(self.text):
            raise ValueError(
                f"the bundled typeface has no letter '{missing}': draw the text in a picture, and read that as a "
                "mask of kind image"
            )

    def _constant(self) -> float | None:
        return None if self.text.strip() else 0.0

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        from PIL import Image, ImageDraw  # other masks need not import it

        size = max(1.0, float(self.size * height))
        font = typeface(size)
        lines = self.text.splitlines()
        if max(map(font.getlength, lines), default=0) * size * len(lines) > _MOST_PIXELS:
            raise SizeError(f"the text '{self.text[:20]}...' is too long for its size on {height} x {width} pixels")
        picture = Image.new("L", (width, height))
        anchor = _ANCHORS[self.anchor]
        ImageDraw.Draw(picture).multiline_text(
            (float(self.at[0] * width), float(self.at[1] * height)), self.text, 255, font,
            anchor=anchor, align=_ALIGNED[anchor[0]], spacing=_SPACING * size,
            stroke_width=float(self.stroke) * size,
        )  # fmt: skip
        return np.asarray(picture) / 255
