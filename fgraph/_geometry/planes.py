"""Positions on the infinite plane from which a StyleGAN3 pass starts in place of a constant.

Points are (x, y): x to the right, y down, the centre of a canvas at 0. The unit is one generator image.
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
    """An affine map of points: the matrix [[xx, xy, x], [yx, yy, y]].

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
        """The matrix, as rows."""
        return (self.xx, self.xy, self.x), (self.yx, self.yy, self.y)

    @property
    def is_identity(self) -> bool:
        """True if the map keeps every point."""
        return self == Placement()

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the image of a point."""
        return self.xx * x + self.xy * y + self.x, self.yx * x + self.yy * y + self.y

    def after(self, first: Placement) -> Placement:
        """Return the composition: `first`, then this map."""
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
    """A rotation and scale about the centre of the canvas, then a shift. The canvas keeps its size.

    `rotate` is in degrees, counter-clockwise. `dx` (right) and `dy` (down) are fractions of the canvas.
    """

    rotate: Fraction = Fraction(0)
    scale: Fraction = Fraction(1)
    dy: Fraction = Fraction(0)
    dx: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if self.scale <= 0:
            raise ValueError(f"transform scale is {shown(self.scale)}; it must be above 0")

    @property
    def is_identity(self) -> bool:
        """True if the transform changes nothing."""
        return self.rotate % 360 == 0 and self.scale == 1 and self.dy == self.dx == 0

    def source(self, canvas: Canvas) -> Placement:
        """Return the map from points of the result to points of the picture."""
        cosine, sine = _turn(self.rotate)
        scale, dx, dy = float(self.scale), float(self.dx * canvas.width), float(self.dy * canvas.height)
        back = Placement(cosine / scale, -sine / scale, sine / scale, cosine / scale)
        return back.after(Placement(x=-dx, y=-dy))


def _turn(degrees: Fraction) -> tuple[float, float]:
    """Return cosine and sine of an angle in degrees, exact for multiples of 90."""
    if degrees % 90 == 0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(degrees // 90) % 4]
    angle = math.radians(float(degrees))
    return math.cos(angle), math.sin(angle)


def source_place(edit: Edit | Transform, canvas: Canvas) -> Placement:
    """Return the map from points of the result of an edit to points of its source, each relative to its own centre."""
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
