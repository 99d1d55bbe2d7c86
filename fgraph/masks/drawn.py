"""The ways in which a shape becomes pixels: by area, hard, or drawn and blurred at a fixed size."""

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
Span = tuple[Doubles, Doubles]  # left and right end in every row, fractions of the width

_SUBROWS = 8  # rows sampled in each row of pixels, at least; along a row the area is exact
_ROWS = 512  # sampled in all, at least: small layers have few pixels and are cheap to draw well


@dataclass(frozen=True)
class Drawn(MaskExpr):
    """A shape, 1 inside and 0 outside.

    With neither option a pixel holds the area that the shape covers of it. `grid: N` gives coordinates
    in N-ths of the canvas, and a pixel is inside if its centre is. `raster: N` draws so at N x N pixels,
    blurs that with a Gaussian (`kernel` and `sigma` in pixels of the raster, each y first; border
    reflect), and brings it to the size that is asked for, bilinear without antialias. Without a kernel
    the blur reaches four sigmas; without a sigma there is none.
    """

    grid: int | None = field(default=None, kw_only=True)
    raster: int | None = field(default=None, kw_only=True)
    kernel: tuple[int, int] | None = field(default=None, kw_only=True)
    sigma: tuple[Number, Number] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name in ("grid", "raster"):
            size = getattr(self, name)
            if size is not None and size < 1:
                raise ValueError(f"{name} is {size}; it is at least 1")
        if self.sigma is not None:
            self._make_exact("sigma")
            if len(self.sigma) != 2 or min(self.sigma) < 0:
                raise ValueError("sigma is two numbers, y first, each at least 0")
            if self.raster is None:
                raise ValueError("a kernel and sigma are pixels of a raster: give raster, or use feather")
        if self.kernel is not None:
            object.__setattr__(self, "kernel", tuple(self.kernel))
            if len(self.kernel) != 2 or any(size < 1 or size % 2 == 0 for size in self.kernel):
                raise ValueError(f"kernel is {self.kernel}; it is two odd numbers, y first")
            if self.sigma is None:
                raise ValueError("a kernel needs a sigma")

    def _written(self, value: Number) -> Fraction:
        """A coordinate as it was written, in N-ths or not, as a fraction of the canvas."""
        return fraction(value) / (self.grid or 1)

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        if self.raster is not None:
            picture = _blurred(self)
            y, x = (resize_axis(self.raster, side, "bilinear") for side in (height, width))
            return apply_maps(picture, y, x)
        return self._inside(height, width) if self.grid else self._area(height, width)

    @abstractmethod
    def _area(self, height: int, width: int) -> NDArray[Any]:
        """How much of each pixel is inside."""

    @abstractmethod
    def _inside(self, height: int, width: int) -> NDArray[Any]:
        """1 where a pixel's centre is inside."""


@dataclass(frozen=True)
class Spanned(Drawn):
    """A shape that can say where each row crosses it; the area is exact along rows, sampled across them."""

    @abstractmethod
    def _spans(self, rows: Doubles) -> list[Span]:
        """The disjoint parts of each row, at y = rows, that are inside; an empty part ends where it starts."""

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
    """The raster of a shape after its blur, [N, N]: every layer's mask comes from this one."""
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
