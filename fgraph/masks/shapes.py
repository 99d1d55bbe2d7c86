"""Shapes: boxes, ellipses, polygons."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fgraph._geometry import Number
from fgraph.masks.base import centred
from fgraph.masks.drawn import Doubles, Drawn, Span, Spanned


@dataclass(frozen=True)
class Box(Drawn):
    """A rectangle (x, y, width, height); parts off the canvas have no effect.

    The published box of StyleGAN of All Trades (blend_bbox) is `grid=256, raster=256, kernel=k, sigma=k`. For a box of
    w x h, k = (odd(h), odd(w)) with odd(v) = v // 2 + v // 2 % 2 + 1.
    """

    box: tuple[Number, Number, Number, Number]

    def __post_init__(self) -> None:
        super().__post_init__()
        self._make_exact("box")
        if len(self.box) != 4 or min(self.box[2:]) < 0:
            raise ValueError("expected a box as x, y, width, height, the last two at least 0")

    @property
    def _sides(self) -> tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]:
        """Start and end of y and of x, in fractions of the canvas."""
        x, y, width, height = map(self._to_fraction, self.box)
        return (y, y + height), (x, x + width)

    def _constant(self) -> float | None:
        if any(start == end or end <= 0 or start >= 1 for start, end in self._sides):
            return 0.0
        return 1.0 if all(start <= 0 and end >= 1 for start, end in self._sides) else None

    def _area(self, height: int, width: int) -> NDArray[Any]:
        y, x = self._sides
        return np.outer(_covered(*y, height), _covered(*x, width))

    def _inside(self, height: int, width: int) -> NDArray[Any]:
        result = np.zeros((height, width))
        (top, bottom), (left, right) = (
            centred(start, end, side) for (start, end), side in zip(self._sides, (height, width), strict=True)
        )
        result[top:bottom, left:right] = 1
        return result


def _covered(start: Fraction, end: Fraction, length: int) -> Doubles:
    """Return the share of each pixel of an axis that is between start and end, [length]."""
    pixels = np.arange(length)
    covered: Doubles = (float(end * length) - pixels).clip(0, 1) - (float(start * length) - pixels).clip(0, 1)
    return covered


@dataclass(frozen=True)
class Ellipse(Spanned):
    """An ellipse with a `centre` (x, y) and `radii` (along x, along y)."""

    centre: tuple[Number, Number] = (Fraction(1, 2), Fraction(1, 2))
    radii: tuple[Number, Number] = (Fraction(1, 4), Fraction(1, 4))

    def __post_init__(self) -> None:
        super().__post_init__()
        self._make_exact("centre", "radii")
        if len(self.centre) != 2 or len(self.radii) != 2 or min(self.radii) <= 0:
            raise ValueError("expected a centre x, y and two radii above 0")

    def _spans(self, rows: Doubles) -> list[Span]:
        (x, y), (along_x, along_y) = (tuple(map(self._to_fraction, pair)) for pair in (self.centre, self.radii))
        height = (rows - float(y)) / float(along_y)
        reach = float(along_x) * np.sqrt((1 - height**2).clip(0))
        return [(float(x) - reach, float(x) + reach)]


@dataclass(frozen=True)
class Polygon(Spanned):
    """A closed polygon through `points` (x, y), filled by the even-odd rule."""

    points: tuple[tuple[Number, Number], ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        self._make_exact("points")
        if len(self.points) < 3 or any(len(point) != 2 for point in self.points):
            raise ValueError("expected at least three points x, y")

    def _spans(self, rows: Doubles) -> list[Span]:
        points = np.array([[float(self._to_fraction(value)) for value in point] for point in self.points])
        crossings = np.full((len(rows), len(points)), np.inf)  # x of the crossing with each side; inf if there is none
        for side, ((x0, y0), (x1, y1)) in enumerate(zip(points, np.roll(points, -1, axis=0), strict=True)):
            met = (rows >= min(y0, y1)) & (rows < max(y0, y1))
            if met.any():
                crossings[met, side] = x0 + (rows[met] - y0) * ((x1 - x0) / (y1 - y0))
        crossings.sort(axis=1)
        spans: list[Span] = []
        for pair in range(0, len(points) - 1, 2):
            left, right = crossings[:, pair], crossings[:, pair + 1]
            if not np.isfinite(left).any():
                break
            empty = ~np.isfinite(right)
            spans.append((np.where(empty, 0, left), np.where(empty, 0, right)))
        return spans
