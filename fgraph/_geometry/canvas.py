"""Canvases: the size of a picture in generator images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from fgraph._geometry.edits import Crop, Edit, Pad
from fgraph._geometry.numbers import Axis, SizeError, fraction, shown, whole


@dataclass(frozen=True)
class Canvas:
    """A size in generator images, 1 x 1 by default, and the axes that wrap.

    On a wrapped axis, operations read neighbours across the edge.
    """

    height: Fraction = Fraction(1)
    width: Fraction = Fraction(1)
    wrap_x: bool = False
    wrap_y: bool = False

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            object.__setattr__(self, name, fraction(getattr(self, name)))
        if min(self.height, self.width) <= 0:
            raise ValueError(f"a canvas of {self} has no area")

    def __str__(self) -> str:
        return f"{shown(self.height)} x {shown(self.width)}"

    def pixels(self, image: tuple[int, int]) -> tuple[int, int]:
        """Return the height and width in pixels, where a generator image has the height and width `image`.

        Raises:
            SizeError: a side is not a whole number of pixels; the message names the nearest sizes that are.
        """
        sides = zip(("height", "width"), (self.height, self.width), image, strict=True)
        height, width = (
            whole(side, pixels, f"canvas {name}", smallest=1, unit=f"at {pixels} pixels an image")
            for name, side, pixels in sides
        )
        return height, width

    def edited(self, edit: Edit) -> Canvas:
        """Return the canvas after an edit. A pad or crop that changes an axis ends its wrap; other edits keep it."""
        height, width = edit.size(self.height, self.width)
        cuts = isinstance(edit, Pad | Crop)
        return Canvas(
            height,
            width,
            wrap_x=self.wrap_x and not (cuts and width != self.width),
            wrap_y=self.wrap_y and not (cuts and height != self.height),
        )

    @staticmethod
    def joined(canvases: Sequence[Canvas], axis: Axis) -> Canvas:
        """Return canvases joined along `axis`, left to right or top to bottom; the wrap along it ends.

        Raises:
            SizeError: the other sides differ; the message names both canvases.
        """
        if not canvases:
            raise ValueError("found no canvas to join; expected at least one")
        first = canvases[0]
        if len(canvases) == 1:
            return first
        side = "height" if axis == "x" else "width"
        for place, other in enumerate(canvases[1:], 2):
            if getattr(other, side) != getattr(first, side):
                raise SizeError(
                    f"canvases joined along {axis} need equal {side}s: "
                    f"the first is {first}, number {place} is {other} (height x width)"
                )
        if axis == "x":
            total = sum((canvas.width for canvas in canvases), Fraction(0))
            return Canvas(first.height, total, wrap_y=all(canvas.wrap_y for canvas in canvases))
        total = sum((canvas.height for canvas in canvases), Fraction(0))
        return Canvas(total, first.width, wrap_x=all(canvas.wrap_x for canvas in canvases))
