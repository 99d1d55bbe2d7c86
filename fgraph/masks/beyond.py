"""Masks on maps that are larger than the canvas, and on rotated canvases."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fgraph._geometry import Canvas, Transform
from fgraph._geometry.regions import Region, Size
from fgraph.masks.axial import Constant
from fgraph.masks.base import MaskExpr, check_size, draw_extended, rasterise


@dataclass(frozen=True)
class Margined(MaskExpr):
    """A mask on a map that is `margin` pixels larger than its canvas along y and x. The edge values fill the margin.

    Maps of StyleGAN3 have such margins, half on each side.
    """

    mask: MaskExpr
    margin: Size

    def _constant(self) -> float | None:
        return self.mask.constant

    def _check_size(self, height: int, width: int) -> None:
        check_size(self.mask, height - self.margin[0], width - self.margin[1])

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        return self._draw_window(height, width, (0, 0, height, width))

    def _is_local(self) -> bool:
        return self.mask.is_local

    def _draw_window(self, height: int, width: int, window: Region) -> NDArray[Any]:
        size = (height - self.margin[0], width - self.margin[1])
        return draw_extended(self.mask, (self.margin[0] // 2, self.margin[1] // 2), size, window)


def with_margin(mask: MaskExpr, margin: Size) -> MaskExpr:
    """Return the mask with a margin; the mask itself if it is constant or the margin is 0."""
    return mask if not any(margin) or mask.constant is not None else Margined(mask, margin)


@dataclass(frozen=True)
class Transformed(MaskExpr):
    """A mask after a transform of its canvas, with linear interpolation. Its edge values fill the rest."""

    mask: MaskExpr
    transform: Transform

    def _constant(self) -> float | None:
        return self.mask.constant

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        source = rasterise(self.mask, height, width).astype(np.float64)
        to_source = self.transform.source(Canvas(Fraction(height), Fraction(width)))  # the map back, in pixels
        y, x = np.meshgrid(np.arange(height) + 0.5 - height / 2, np.arange(width) + 0.5 - width / 2, indexing="ij")
        columns = to_source.xx * x + to_source.xy * y + to_source.x + width / 2 - 0.5
        rows = to_source.yx * x + to_source.yy * y + to_source.y + height / 2 - 0.5
        return _interpolate(source, rows.clip(0, height - 1), columns.clip(0, width - 1))


def _interpolate(source: NDArray[np.float64], rows: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[Any]:
    """Interpolate bilinearly at fractional rows and columns."""
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    bottom, right = np.minimum(top + 1, source.shape[0] - 1), np.minimum(left + 1, source.shape[1] - 1)
    vertical, horizontal = rows - top, columns - left
    upper = source[top, left] * (1 - horizontal) + source[top, right] * horizontal
    lower = source[bottom, left] * (1 - horizontal) + source[bottom, right] * horizontal
    interpolated: NDArray[Any] = upper * (1 - vertical) + lower * vertical
    return interpolated


def transformed(mask: MaskExpr, transform: Transform) -> MaskExpr:
    """Return the mask after a transform; the mask itself if nothing changes."""
    if mask.constant is not None:
        return Constant(mask.constant)
    return mask if transform.is_identity else Transformed(mask, transform)
