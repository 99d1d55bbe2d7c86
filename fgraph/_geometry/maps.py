"""Index maps: one axis of a spatial edit as a linear interpolation between two source pixels.

A two-dimensional edit is separable: a map for y, then a map for x. Maps are cached per (edit, size), because the
compiler needs the same maps many times. Their arrays are read-only.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fgraph._cached import cached_property
from fgraph._geometry.numbers import whole

Indices = NDArray[np.int64]
Floats = NDArray[np.float32]

_CACHED = 4096  # maps; each is a few kilobytes


@dataclass(frozen=True, eq=False)
class AxisMap:
    """One axis of an edit: result[i] = (1 - weight[i]) * source[low[i]] + weight[i] * source[high[i]].

    Where `inside` is False, the result is the `value` of the edit; None means inside everywhere. Indices are always
    valid for the source.
    """

    low: Indices  # [n']
    high: Indices  # [n']
    weight: Floats  # [n'], of high, 0 to 1
    inside: NDArray[np.bool_] | None  # [n']
    source: int  # pixels of the source axis

    def __post_init__(self) -> None:
        for array in (self.low, self.high, self.weight, self.inside):
            if array is not None:
                array.flags.writeable = False

    @property
    def size(self) -> int:
        """The length of the result in pixels."""
        return len(self.low)

    @cached_property
    def is_gather(self) -> bool:
        """True if every result pixel is one source pixel (`low`) or the value."""
        return not self.weight.any()

    @cached_property
    def is_identity(self) -> bool:
        """True if the result equals the source."""
        if self.inside is not None or self.size != self.source or not self.is_gather:
            return False
        return bool((self.low == np.arange(self.source)).all())


def fold(positions: Indices, length: int, mode: str) -> Indices:
    """Map positions outside an axis to 0 .. length-1.

    `reflect` mirrors without repeating the edge, with period 2(length-1), like repeated reflect pads of torch.
    A single pixel replicates. `circular` and `roll` wrap. `replicate` and `constant` clamp to the edge.
    """
    if mode in ("circular", "roll"):
        return positions % length
    if mode == "reflect" and length > 1:
        period = 2 * (length - 1)
        inside = positions % period
        return np.minimum(inside, period - inside)
    return positions.clip(0, length - 1)


def _gather(positions: Indices, length: int, mode: str = "replicate") -> AxisMap:
    inside = (positions >= 0) & (positions < length)
    index = fold(positions, length, mode)
    outer = None if mode != "constant" or inside.all() else inside
    return AxisMap(index, index, np.zeros(len(index), np.float32), outer, length)


@lru_cache(_CACHED)
def pad_axis(length: int, before: Fraction, after: Fraction, mode: str, sides: tuple[str, str]) -> AxisMap:
    """Return the map of a pad by fractions of the axis; `sides` names the two amounts in errors."""
    first = whole(before, length, f"pad {sides[0]}")
    last = length + whole(after, length, f"pad {sides[1]}")
    return _gather(np.arange(-first, last), length, mode)


@lru_cache(_CACHED)
def crop_axis(length: int, start: Fraction, part: Fraction, names: tuple[str, str]) -> AxisMap:
    """Return the map of a crop from `start`, in fractions of the axis; `names` names the two amounts in errors."""
    first = whole(start, length, f"crop {names[0]}")
    count = whole(part, length, f"crop {names[1]}", smallest=1)
    return _gather(np.arange(first, first + count), length)


@lru_cache(_CACHED)
def flip_axis(length: int, is_flipped: bool) -> AxisMap:
    """Return the map of a reversed axis if `is_flipped`, otherwise the identity."""
    order = np.arange(length)
    return _gather(order[::-1].copy() if is_flipped else order, length)


@lru_cache(_CACHED)
def shift_axis(length: int, amount: Fraction, mode: str) -> AxisMap:
    """Return the map of a shift: result[i] = source[i - amount * length], with linear interpolation.

    With `constant`, a result pixel is inside if it reads a point of the source canvas, -1/2 to length - 1/2. Half a
    pixel at the edges replicates, as in a bilinear resize.
    """
    moved = amount * length
    start = floor(-moved)
    between = -moved - start
    steps = np.arange(length)
    low = steps + start
    high = low + 1 if between else low
    inside = None
    if mode == "constant":
        half = Fraction(1, 2)
        inside = (steps >= ceil(moved - half)) & (steps < ceil(moved + length - half))
    weight = np.full(length, float(between), np.float32)
    outer = None if inside is None or inside.all() else inside
    return AxisMap(fold(low, length, mode), fold(high, length, mode), weight, outer, length)


def resize_axis(length: int, result: int, mode: str, wrap: bool = False) -> AxisMap:
    """Return the map of a resize from `length` to `result` pixels, equal to torch's `interpolate`.

    `nearest` reads floor(i * length / result). `bilinear` is align_corners=False without antialias; it clamps at the
    edges, or wraps on a wrapped axis. Positions are float32, as in torch.
    """
    return _resize_axis(length, result, mode, wrap)


@lru_cache(_CACHED)
def _resize_axis(length: int, result: int, mode: str, wrap: bool) -> AxisMap:
    if mode == "nearest":
        return _gather(np.arange(result) * length // result, length)
    scale = np.float32(length) / np.float32(result)
    position = (np.arange(result, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
    if not wrap:
        position = position.clip(0, length - 1)
    base = np.floor(position)
    low = base.astype(np.int64)
    border = "circular" if wrap else "replicate"
    return AxisMap(fold(low, length, border), fold(low + 1, length, border), position - base, None, length)


def apply_maps(array: NDArray[Any], y: AxisMap, x: AxisMap, value: float = 0.0) -> Floats:
    """Apply two maps to an array [..., h, w]; return float32 [..., h', w'], with `value` outside of either."""
    result = np.asarray(array, np.float32)
    result = _apply_axis(result, y, -2)  # [..., h', w]
    result = _apply_axis(result, x, -1)  # [..., h', w']
    if y.inside is not None:
        result = np.where(y.inside[:, None], result, np.float32(value))
    if x.inside is not None:
        result = np.where(x.inside, result, np.float32(value))
    return result


def _apply_axis(array: Floats, axis_map: AxisMap, axis: int) -> Floats:
    if axis_map.is_identity:
        return array
    low = array.take(axis_map.low, axis)
    if axis_map.is_gather:
        return low
    weight = axis_map.weight if axis == -1 else axis_map.weight[:, None]
    return low * (1 - weight) + array.take(axis_map.high, axis) * weight
