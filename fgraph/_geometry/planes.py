"""Where a picture lies on an endless plane: what a StyleGAN3 pass starts from instead of a constant.

Places are (x, y): x to the right, y down, the middle of a canvas at 0. On a canvas the unit is one generator image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from fgraph._geometry.canvas import Canvas
from fgraph._geometry.edits import Crop, Edit, Flip, Pad, Resize, Shift
from fgraph._geometry.numbers import shown

Rows = tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True)
class Placement:
    """An affine map of places: the matrix [[xx, xy, x], [yx, yy, y]].

    >>> Placement(x=1.0).after(Placement(xx=2.0)).at(1.0, 0.0)
    (3.0, 0.0)
    """

    xx: float = 1.0
    xy: float = 0.0
    yx: float = 0.0
    yy: float = 1.0
    x: float = 0.0
    y: float = 0.0

    @property
    def rows(self) -> Rows:
        """The matrix."""
        return (self.xx, self.xy, self.x), (self.yx, self.yy, self.y)

    @property
    def is_identity(self) -> bool:
        """Whether every place stays where it is."""
        return self == Placement()

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a place goes."""
        return self.xx * x + self.xy * y + self.x, self.yx * x + self.yy * y + self.y

    def after(self, first: Placement) -> Placement:
        """`first`, then this."""
        x, y = self.at(first.x, first.y)
        return Placement(
            self.xx * first.xx + self.xy * first.yx,
            self.xx * first.xy + self.xy * first.yy,
            self.yx * first.xx + self.yy * first.yx,
            self.yx * first.xy + self.yy * first.yy,
            x,
            y,
        )


@dataclass(frozen=True)
class Transform:
    """A picture turned and scaled about the middle of its canvas, then moved; the canvas stays.

    `rotate` is in degrees, counter-clockwise; `dx` (right) and `dy` (down) are fractions of the canvas.
    """

    rotate: Fraction = Fraction(0)
    scale: Fraction = Fraction(1)
    dy: Fraction = Fraction(0)
    dx: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if self.scale <= 0:
            raise ValueError(f"transform scale is {shown(self.scale)}; it is above 0")

    @property
    def is_identity(self) -> bool:
        """Whether it changes nothing."""
        return self.rotate % 360 == 0 and self.scale == 1 and self.dy == self.dx == 0

    def source(self, canvas: Canvas) -> Placement:
        """From places of the result to places of the picture."""
        cosine, sine = _turn(self.rotate)
        scale, dx, dy = float(self.scale), float(self.dx * canvas.width), float(self.dy * canvas.height)
        back = Placement(cosine / scale, -sine / scale, sine / scale, cosine / scale)
        return back.after(Placement(x=-dx, y=-dy))


def _turn(degrees: Fraction) -> tuple[float, float]:
    """Cosine and sine, exact for quarter turns."""
    if degrees % 90 == 0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(degrees // 90) % 4]
    angle = math.radians(float(degrees))
    return math.cos(angle), math.sin(angle)


def source_place(edit: Edit | Transform, canvas: Canvas) -> Placement:
    """For an edit of a canvas, where each place of the result was before it, places taken from the middle of each."""
    if isinstance(edit, Transform):
        return edit.source(canvas)
    if isinstance(edit, Resize):
        return Placement(xx=float(1 / edit.width), yy=float(1 / edit.height))
    if isinstance(edit, Flip):
        return Placement(xx=-1.0) if edit.axis == "x" else Placement(yy=-1.0)
    if isinstance(edit, Pad):
        dx, dy = (edit.right - edit.left) / 2, (edit.bottom - edit.top) / 2
    elif isinstance(edit, Crop):
        dx, dy = edit.left + edit.width / 2 - Fraction(1, 2), edit.top + edit.height / 2 - Fraction(1, 2)
    else:
        assert isinstance(edit, Shift)
        dx, dy = -edit.dx, -edit.dy
    return Placement(x=float(dx * canvas.width), y=float(dy * canvas.height))
