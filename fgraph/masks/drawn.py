"""Shapes as pixels: by covered area, by pixel centres, or drawn and blurred at a fixed size."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fgraph._geometry import Number, apply_maps, fraction, resize_axis
from fgraph._geometry.blur import blur_axis, gaussian_taps, kernel_for
from fgraph.masks.base import MaskExpr, Raster

Doubles = NDArray[np.float64]
Span = tuple[Doubles, Doubles]  # left and right end in each row, in fractions of the width

_SUBROWS = 8  # least number of samples in each row of pixels; along a row, the area is exact
_ROWS = 512  # least number of samples in total: small layers are cheap to draw well


@dataclass(frozen=True)
class Drawn(MaskExpr):
    """A shape: 1 inside, 0 outside.

    By default, alpha is the share of the pixel's area that the shape covers. With `grid=N`, coordinates are in N-ths of
    the canvas, and alpha is 1 if the centre of the pixel is inside. With `raster=N`, the shape is drawn by pixel
    centres at N x N pixels, blurred by a Gaussian, and resized bilinearly without antialias. `kernel` and `sigma` are
    in pixels of the raster, y first; the border reflects. The default kernel extends to four sigmas. Without `sigma`,
    there is no blur.
    """

    grid: int | None = field(default=None, kw_only=True)
    raster: int | None = field(default=None, kw_only=True)
    kernel: tuple[int, int] | None = field(default=None, kw_only=True)
    sigma: tuple[Number, Number] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name in ("grid", "raster"):
            size = getattr(self, name)
            if size is not None and size < 1:
                raise ValueError(f"{name} is {size}; expected at least 1")
        if self.sigma is not None:
            self._make_exact("sigma")
            if len(self.sigma) != 2 or min(self.sigma) < 0:
                raise ValueError("expected two numbers of at least 0 as sigma, y first")
            if self.raster is None:
                raise ValueError("sigma is in pixels of a raster: give raster, or use feather")
        if self.kernel is not None:
            object.__setattr__(self, "kernel", tuple(self.kernel))
            if len(self.kernel) != 2 or any(size < 1 or size % 2 == 0 for size in self.kernel):
                raise ValueError(f"kernel is {self.kernel}; expected two odd numbers, y first")
            if self.sigma is None:
                raise ValueError("a kernel needs a sigma")

    def _to_fraction(self, value: Number) -> Fraction:
        """Convert a coordinate to a fraction of the canvas."""
        return fraction(value) / (self.grid or 1)

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        if self.raster is not None:
            picture = _blurred(self)
            y, x = (resize_axis(self.raster, side, "bilinear") for side in (height, width))
            return apply_maps(picture, y, x)
        return self._inside(height, width) if self.grid else self._area(height, width)

    @abstractmethod
    def _area(self, height: int, width: int) -> NDArray[Any]:
        """Return the share of each pixel that is inside, [height, width]."""

    @abstractmethod
    def _inside(self, height: int, width: int) -> NDArray[Any]:
        """Return 1 for pixels whose centre is inside, otherwise 0, [height, width]."""


@dataclass(frozen=True)
class Spanned(Drawn):
    """A shape given by its spans in each row. Its area is exact along rows and sampled across them."""

    @abstractmethod
    def _spans(self, rows: Doubles) -> list[Span]:
        """Return the disjoint spans at y = `rows` that are inside; an empty span ends where it starts."""

    def _area(self, height: int, width: int) -> NDArray[Any]:
        samples = max(_SUBROWS, _ROWS // height)
        rows = (np.arange(height * samples) + 0.5) / (height * samples)
        pixels = np.arange(width)
        result = np.zeros((height, width))
        for left, right in self._spans(rows):
            filled = np.flatnonzero((right > left).reshape(height, samples).any(axis=1))
            starts, ends = (width * side.reshape(height, samples)[filled] for side in (left, right))
            for start, end in zip(starts.T, ends.T, strict=True):  # [filled rows], one of each row's subrows
                result[filled] += (end[:, None] - pixels).clip(0, 1) - (start[:, None] - pixels).clip(0, 1)
        return result / samples

    def _inside(self, height: int, width: int) -> NDArray[Any]:
        rows, columns = (2 * np.arange(height) + 1) / (2 * height), (2 * np.arange(width) + 1) / (2 * width)
        result = np.zeros((height, width))
        for left, right in self._spans(rows):
            result += (columns >= left[:, None]) & (columns < right[:, None])
        return result


@lru_cache(64)
def _blurred(drawn: Drawn) -> Raster:
    """Return the blurred raster of a shape, [N, N], from which the masks of all layers are resized."""
    assert drawn.raster is not None
    picture: NDArray[Any] = drawn._inside(drawn.raster, drawn.raster)
    for axis, written in enumerate(drawn.sigma or ()):
        sigma = float(written)
        if sigma > 0:
            kernel = drawn.kernel[axis] if drawn.kernel else kernel_for(sigma)
            picture = blur_axis(picture, gaussian_taps(sigma, kernel), axis, "reflect")
    result: Raster = picture.astype(np.float32)
    result.flags.writeable = False
    return result
