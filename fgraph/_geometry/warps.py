"""Warps: the source positions of the pixels of a rotated, scaled, mirrored or shifted map, in float64."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fgraph._geometry.regions import Region

Pair = tuple[float, float]
Floats = NDArray[np.float64]
_SAME = 1e-9  # pixels; positions this near to a pixel centre snap to it, so that 90 degrees copy exactly


@dataclass(frozen=True)
class Warp:
    """An affine map of pixel centres p = (y, x): the result at p reads the source at `linear` p + `offset`.

    >>> Warp.about((1.5, 1.5), degrees=90).sources(np.arange(1), np.arange(4))[0].tolist()
    [[0.0, 1.0, 2.0, 3.0]]
    """

    linear: tuple[Pair, Pair]
    offset: Pair

    @classmethod
    def about(cls, centre: Pair, degrees: float = 0.0, factor: float = 1.0) -> Warp:
        """Return a counter-clockwise rotation and a scale about `centre` (y, x)."""
        turn = math.radians(degrees)
        cos, sin = math.cos(turn) / factor, math.sin(turn) / factor
        y, x = centre
        return cls(((cos, sin), (-sin, cos)), (y - cos * y - sin * x, x + sin * y - cos * x))

    @classmethod
    def moved(cls, down: float, right: float) -> Warp:
        """Return a shift in pixels."""
        return cls(((1.0, 0.0), (0.0, 1.0)), (-down, -right))

    @classmethod
    def mirrored(cls, size: tuple[int, int], axis: str) -> Warp:
        """Return a mirror of a map of this size along `axis`: x swaps left and right."""
        if axis == "x":
            return cls(((1.0, 0.0), (0.0, -1.0)), (0.0, size[1] - 1.0))
        return cls(((-1.0, 0.0), (0.0, 1.0)), (size[0] - 1.0, 0.0))

    def inverse(self) -> Warp:
        """Return the inverse warp, from source to result."""
        (yy, yx), (xy, xx) = self.linear
        scale = yy * xx - yx * xy
        linear = ((xx / scale, -yx / scale), (-xy / scale, yy / scale))
        y, x = self.offset
        (yy, yx), (xy, xx) = linear
        return Warp(linear, (-yy * y - yx * x, -xy * y - xx * x))

    def sources(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return the source positions of pixels at these rows and columns: y and x, each [rows, columns]."""
        found = []
        for (by_y, by_x), start in zip(self.linear, self.offset, strict=True):
            exact = by_y * rows[:, None] + by_x * columns + start
            near = np.rint(exact)
            found.append(np.where(np.abs(exact - near) < _SAME, near, exact))
        return found[0], found[1]

    def footprint(self, region: Region) -> Region:
        """Return the smallest region that a bilinear read of `region` reads; it may extend beyond the map."""
        top, left, bottom, right = region
        corners = [(y, x) for y in (top, bottom - 1) for x in (left, right - 1)]
        spans = [
            [by_y * y + by_x * x + start for y, x in corners]
            for (by_y, by_x), start in zip(self.linear, self.offset, strict=True)
        ]
        low = [math.floor(min(span) + _SAME) for span in spans]
        high = [math.ceil(max(span) - _SAME) + 1 for span in spans]
        return low[0], low[1], max(high[0], low[0] + 1), max(high[1], low[1] + 1)

    def affected(self, region: Region) -> Region:
        """Return a region of the result that contains every pixel that reads `region`."""
        top, left, bottom, right = region
        return self.inverse().footprint((top - 1, left - 1, bottom + 1, right + 1))
