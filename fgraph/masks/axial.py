"""Masks that vary along one axis: ramps, and partitions for mosaics and joins."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import floor
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fgraph._geometry import Axis, Number, fraction
from fgraph._geometry.numbers import check_choice, shown
from fgraph._geometry.regions import Region
from fgraph.masks.base import MaskExpr, along, centred, centres, clipped


@dataclass(frozen=True)
class Constant(MaskExpr):
    """A mask with one value, in [0, 1], at every pixel."""

    value: float

    def __post_init__(self) -> None:
        if not 0 <= self.value <= 1:
            raise ValueError(f"a mask of {self.value}; its values must be from 0 to 1")

    def _constant(self) -> float:
        return self.value

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        return np.full((height, width), self.value)


class Axial(MaskExpr):
    """A mask that is constant along the other axis."""

    axis: Axis  # an annotation only: each dataclass below defines the position of the field

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        return along(_profile(self, width if self.axis == "x" else height), self.axis, height, width)

    def _is_local(self) -> bool:
        return True

    def _draw_window(self, height: int, width: int, window: Region) -> NDArray[Any]:
        top, left, bottom, right = window
        profile = _profile(self, width if self.axis == "x" else height)
        part = profile[left:right] if self.axis == "x" else profile[top:bottom]
        return along(part, self.axis, bottom - top, right - left)

    def _bounds(self, height: int, width: int) -> Region | None:
        nonzero = np.flatnonzero(clipped(_profile(self, width if self.axis == "x" else height)))
        if not len(nonzero):
            return None
        first, end = int(nonzero[0]), int(nonzero[-1]) + 1
        return (0, first, height, end) if self.axis == "x" else (first, 0, end, width)

    def _support(self, height: int, width: int) -> Region | None:
        return self._bounds(height, width)  # the profile gives it: nothing is drawn

    @abstractmethod
    def _profile(self, length: int) -> NDArray[Any]:
        """Return the values along the axis, [length]."""


@lru_cache(maxsize=32)
def _profile(mask: Axial, length: int) -> NDArray[Any]:
    """Return the profile of a mask, [length]; cached, because each row of each chunk of a plan reads it."""
    profile = mask._profile(length)
    profile.setflags(write=False)
    return profile


@dataclass(frozen=True)
class Ramp(Axial):
    """A linear rise from 0 at `start` to 1 at `stop`, in fractions of the canvas.

    `sampling="ends"` is the published rule (StyleGAN of All Trades, blend). Of n pixels, floor(start * n) are 0 and
    floor((1 - stop) * n) are 1. An inclusive linspace from 0 to 1 fills the rest; a single pixel is 1/2.
    `sampling="centre"` evaluates the ramp at pixel centres. There, `start` and `stop` may be off the canvas.
    """

    axis: Axis = "x"
    start: Number = Fraction(1, 4)
    stop: Number = Fraction(3, 4)
    sampling: Literal["centre", "ends"] = "ends"

    def __post_init__(self) -> None:
        self._make_exact("start", "stop")
        check_choice("ramp axis", self.axis, ("x", "y"))
        check_choice("ramp sampling", self.sampling, ("centre", "ends"))
        start, stop = fraction(self.start), fraction(self.stop)
        span = f"a ramp from {shown(start)} to {shown(stop)}"
        if start > stop:
            raise ValueError(f"{span}: expected start <= stop; for a falling ramp, use invert")
        if self.sampling == "ends" and not 0 <= start <= stop <= 1:
            raise ValueError(f"{span}: with sampling 'ends', expected both from 0 to 1")

    def _profile(self, length: int) -> NDArray[Any]:
        start, stop = fraction(self.start), fraction(self.stop)
        if self.sampling == "ends":
            return _ramp_ends(length, floor(start * length), floor((1 - stop) * length))
        if start == stop:
            first, _ = centred(start, Fraction(1), length)
            return (np.arange(length) >= first).astype(np.float64)
        return ((centres(length) - float(start)) / float(stop - start)).clip(0, 1)


def _ramp_ends(length: int, zeros: int, ones: int) -> NDArray[np.float64]:
    between = length - zeros - ones
    middle = np.linspace(0, 1, between) if between != 1 else np.full(1, 0.5)
    return np.concatenate([np.zeros(zeros), middle, np.ones(ones)])


@dataclass(frozen=True)
class Hat(Axial):
    """The alpha of cell `index` of `count` equal cells along an axis. The alphas of all cells sum to 1.

    Between two cells, alpha changes linearly over `overlap` cells, 0 to 1. At 1, it is linear between the centres of
    the two cells; at 0, it steps. On a wrapped axis, the last cell meets the first. Otherwise, the outer cells stay
    at 1 up to the edges. The alphas of a grid are products of an x and a y hat.
    """

    index: int
    count: int
    axis: Axis = "x"
    overlap: Number = Fraction(1)
    wrap: bool = False

    def __post_init__(self) -> None:
        self._make_exact("overlap")
        check_choice("hat axis", self.axis, ("x", "y"))
        if not 0 <= self.index < self.count:
            raise ValueError(f"there is no cell {self.index} of {self.count}; the first is 0")
        if not 0 <= self.overlap <= 1:
            raise ValueError(f"overlap is {shown(fraction(self.overlap))} cells; it must be from 0 to 1")

    def _constant(self) -> float | None:
        return 1.0 if self.count == 1 else None

    def _profile(self, length: int) -> NDArray[Any]:
        # Multiply the integers first: a centre on a border is then exact.
        position = (2 * np.arange(length) + 1) * self.count / (2 * length)  # positions in cells
        turns = (-1, 0, 1) if self.wrap else (0,)
        alpha = np.zeros(length)
        for turn in turns:
            first = self.index + turn * self.count
            alpha += self._rise(position, first) - self._rise(position, first + 1)
        return alpha

    def _rise(self, position: NDArray[np.float64], border: int) -> NDArray[np.float64]:
        """Return a rise from 0 before a border to 1 after it. Differences of rises telescope, so alphas sum to 1."""
        if not self.wrap and border in (0, self.count):
            return np.full_like(position, float(border == 0))
        if self.overlap == 0:
            return (position >= border).astype(np.float64)
        return ((position - border) / float(self.overlap) + 0.5).clip(0, 1)


@dataclass(frozen=True)
class Segment(Axial):
    """1 from `start` to `stop`, 0 elsewhere, in fractions of the canvas.

    A pixel belongs to it if its centre is in [start, stop). So each pixel is in exactly one of the segments that divide
    a canvas.
    """

    start: Number
    stop: Number
    axis: Axis = "x"

    def __post_init__(self) -> None:
        self._make_exact("start", "stop")
        check_choice("segment axis", self.axis, ("x", "y"))
        start, stop = fraction(self.start), fraction(self.stop)
        if not 0 <= start < stop <= 1:
            raise ValueError(f"a segment from {shown(start)} to {shown(stop)}: expected 0 <= start < stop <= 1")

    def _constant(self) -> float | None:
        return 1.0 if self.start == 0 and self.stop == 1 else None

    def _profile(self, length: int) -> NDArray[Any]:
        first, end = centred(fraction(self.start), fraction(self.stop), length)
        values = np.zeros(length)
        values[first:end] = 1
        return values
