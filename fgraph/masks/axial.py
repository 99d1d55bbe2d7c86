"""Masks that vary along one axis: ramps, and the partitions that mosaics and joins use."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fgraph._geometry import Axis, Number, fraction
from fgraph._geometry.numbers import check_choice, shown
from fgraph._geometry.regions import Region
from fgraph.masks.base import MaskExpr, along, centred, centres


@dataclass(frozen=True)
class Constant(MaskExpr):
    """One value, in [0, 1], everywhere."""

    value: float

    def __post_init__(self) -> None:
        if not 0 <= self.value <= 1:
            raise ValueError(f"a mask of {self.value}; its values are from 0 to 1")

    def _constant(self) -> float:
        return self.value

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        return np.full((height, width), self.value)


class Axial(MaskExpr):
    """A mask that has the same values in every line across its axis."""

    axis: Axis  # declared only: each dataclass below gives it its place among its own fields

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        return along(self._profile(width if self.axis == "x" else height), self.axis, height, width)

    def _is_local(self) -> bool:
        return True

    def _draw_window(self, height: int, width: int, window: Region) -> NDArray[Any]:
        top, left, bottom, right = window
        profile = self._profile(width if self.axis == "x" else height)
        part = profile[left:right] if self.axis == "x" else profile[top:bottom]
        return along(part, self.axis, bottom - top, right - left)

    def _bounds(self, height: int, width: int) -> Region | None:
        held = np.flatnonzero(self._profile(width if self.axis == "x" else height) > 0)
        if not len(held):
            return None
        first, end = int(held[0]), int(held[-1]) + 1
        return (0, first, height, end) if self.axis == "x" else (first, 0, end, width)

    @abstractmethod
    def _profile(self, length: int) -> NDArray[Any]:
        """Its values along its axis, [length]."""


@dataclass(frozen=True)
class Ramp(Axial):
    """0 before `start`, linear, 1 after `stop`: fractions of the canvas.

    `ends` is the published rule (StyleGAN of All Trades, blend): of n pixels floor(start * n) are 0,
    floor((1 - stop) * n) are 1, an inclusive linspace from 0 to 1 lies between. Where one pixel is left
    between, it is 1/2. `centre` takes the value at each pixel's centre; there `start` and `stop` may lie
    off the canvas.
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
            raise ValueError(f"{span}: start is at most stop; to fall instead of rise, invert the mask")
        if self.sampling == "ends" and not 0 <= start <= stop <= 1:
            raise ValueError(f"{span}: with sampling 'ends' both are from 0 to 1")

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
    """The weight of cell `index` of `count` equal cells along an axis; over all cells they sum to 1.

    Each border between cells is crossed by a linear transition `overlap` cells wide, 0 to 1: at 1 a
    weight is linear between the centres of neighbouring cells, at 0 it steps. On a wrapped axis the last
    cell meets the first; else the two outer cells stay at 1 towards the edges. The weights of a grid
    are products of an x and a y hat.
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
            raise ValueError(f"overlap is {shown(fraction(self.overlap))} cells; it is from 0 to 1")

    def _constant(self) -> float | None:
        return 1.0 if self.count == 1 else None

    def _profile(self, length: int) -> NDArray[Any]:
        # The integers come first, so that a centre on a border is found there exactly.
        position = (2 * np.arange(length) + 1) * self.count / (2 * length)  # in cells
        turns = (-1, 0, 1) if self.wrap else (0,)
        weight = np.zeros(length)
        for turn in turns:
            first = self.index + turn * self.count
            weight += self._rise(position, first) - self._rise(position, first + 1)
        return weight

    def _rise(self, position: NDArray[np.float64], border: int) -> NDArray[np.float64]:
        """0 before a border, 1 after it: differences of these telescope, so that the weights sum to 1."""
        if not self.wrap and border in (0, self.count):
            return np.full_like(position, float(border == 0))
        if self.overlap == 0:
            return (position >= border).astype(np.float64)
        return ((position - border) / float(self.overlap) + 0.5).clip(0, 1)


@dataclass(frozen=True)
class Segment(Axial):
    """1 on part `index` between `edges`, 0 elsewhere; every pixel is in exactly one part.

    `edges` rise from 0 to 1, fractions of the canvas. A pixel belongs to the part that holds its centre,
    so that parts are exact where the edges fall between pixels.
    """

    index: int
    edges: tuple[Number, ...]
    axis: Axis = "x"

    def __post_init__(self) -> None:
        self._make_exact("edges")
        check_choice("segment axis", self.axis, ("x", "y"))
        edges = tuple(map(fraction, self.edges))
        if len(edges) < 2 or edges[0] != 0 or edges[-1] != 1 or sorted(set(edges)) != list(edges):
            raise ValueError(f"edges {', '.join(map(shown, edges))}: they rise from 0 to 1")
        if not 0 <= self.index < len(edges) - 1:
            raise ValueError(f"there is no part {self.index} of {len(edges) - 1}; the first is 0")

    def _constant(self) -> float | None:
        return 1.0 if len(self.edges) == 2 else None

    def _profile(self, length: int) -> NDArray[Any]:
        first, end = centred(fraction(self.edges[self.index]), fraction(self.edges[self.index + 1]), length)
        values = np.zeros(length)
        values[first:end] = 1
        return values
