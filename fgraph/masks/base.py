"""The base class of mask expressions, and their rasters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import fields
from fractions import Fraction
from functools import lru_cache
from math import ceil
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fgraph import _limits
from fgraph._cached import cached_property
from fgraph._geometry import fraction
from fgraph._geometry.numbers import check_positive_size, described
from fgraph._geometry.regions import Region, Size

Raster = NDArray[np.float32]
Exact = Fraction | tuple["Exact", ...]

_CACHE_BYTES = 256 * 2**20
_SHALLOW = 3  # windows of masks up to this depth are not cached
_DERIVED = ("_hash", "_compared", "_equal")  # attributes of an expression that are not fields


class MaskExpr(ABC):
    """A description of a mask: alpha from 0 to 1 over a canvas, drawn at any size.

    Subclasses are frozen dataclasses; equal descriptions compare and hash equal. Coordinates are fractions of the
    canvas, from the top left. An expression can contain another one many times, so a small description can unfold to
    a large tree. Therefore, hashes are cached, and a comparison visits each pair once.
    """

    def __init_subclass__(cls) -> None:
        cls.__eq__ = MaskExpr.__eq__  # type: ignore[method-assign]  # `dataclass` keeps methods that a class has
        cls.__hash__ = MaskExpr.__hash__  # type: ignore[method-assign]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MaskExpr):
            return False
        mine, theirs = self._first, other._first
        if mine is theirs:
            return True
        if not _are_equal(mine, theirs):
            return False
        theirs.__dict__["_equal"] = mine
        return True

    def __hash__(self) -> int:
        return self._hash

    def __getstate__(self) -> dict[str, Any]:
        # Hashes of strings differ between processes.
        return {name: value for name, value in self.__dict__.items() if name not in _DERIVED}

    @property
    def _first(self) -> MaskExpr:
        """The representative of all masks that were found equal to this one, so that they are compared once."""
        found = self
        while (other := found.__dict__.get("_equal")) is not None:
            found = other
        return found

    @cached_property
    def _hash(self) -> int:
        return hash((type(self), self._compared))

    @cached_property
    def _compared(self) -> tuple[Any, ...]:
        return tuple(getattr(self, field.name) for field in fields(self) if field.compare)  # type: ignore[arg-type]

    @cached_property
    def depth(self) -> int:
        """The nesting depth, this mask included."""
        known: dict[int, int] = {}
        waiting: list[tuple[MaskExpr, bool]] = [(self, False)]  # a mask, and whether the depths inside it are known
        while waiting:  # a loop, because this method finds masks that are too deep for recursion
            mask, ready = waiting.pop()
            inner = list(_masks_in(mask._compared))
            if ready:
                known[id(mask)] = 1 + max((known[id(one)] for one in inner), default=0)
            elif id(mask) not in known:
                waiting += [(mask, True), *((one, False) for one in inner)]
        return known[id(self)]

    @cached_property
    def constant(self) -> float | None:
        """The value of every pixel, if the description is constant; otherwise None."""
        return self._constant()

    @abstractmethod
    def _draw(self, height: int, width: int) -> NDArray[Any]:
        """Return float values [height, width]; `rasterise` clips, casts and caches them."""

    def _constant(self) -> float | None:
        """Return the value of `constant`; subclasses override it."""
        return None

    @cached_property
    def is_local(self) -> bool:
        """True if a window can be drawn without the rest of the mask."""
        return self.constant is not None or self._is_local()

    def _is_local(self) -> bool:
        """Return the value of `is_local` for a mask that is not constant; subclasses override it."""
        return False

    def _draw_window(self, height: int, width: int, window: Region) -> NDArray[Any]:
        """Return the window of `_draw`."""
        top, left, bottom, right = window
        return rasterise(self, height, width)[top:bottom, left:right]

    def _check_size(self, height: int, width: int) -> None:
        """Check the masks inside this one; subclasses that draw them at another size override it."""
        for mask in _masks_in(self._compared):
            check_size(mask, height, width)

    def _bounds(self, height: int, width: int) -> Region | None:
        """Return a region outside of which the mask is 0; None if it is 0 everywhere."""
        return (0, 0, height, width)

    def _support(self, height: int, width: int) -> Region | None:
        """Return the value of `support` for a mask that is not constant."""
        window = self._bounds(height, width)
        found = None if window is None else extent_of(rasterise_window(self, height, width, window))
        return None if window is None or found is None else placed(found, window)

    def _make_exact(self, *names: str) -> None:
        """Convert numbers, also inside tuples, to fractions, so that 0.25 equals 1/4."""
        for name in names:
            object.__setattr__(self, name, _exact(getattr(self, name)))

    def __str__(self) -> str:
        return described(self)


def check_depth(masks: Iterable[MaskExpr]) -> None:
    """Check that masks are not nested too deeply to be drawn.

    Raises:
        ValueError: a mask is nested too deeply.
    """
    if any(mask.depth > _limits.NESTED for mask in masks):
        raise ValueError(f"masks are nested more than {_limits.NESTED} deep: combine several in one node")


def _masks_in(values: Iterable[Any]) -> Iterator[MaskExpr]:
    for value in values:
        if isinstance(value, MaskExpr):
            yield value
        elif isinstance(value, tuple):
            yield from _masks_in(value)


def _are_equal(a: MaskExpr, b: MaskExpr) -> bool:
    """Return whether two masks are equal; compare each pair of inner masks once."""
    seen: set[tuple[int, int]] = set()
    waiting: list[tuple[Any, Any]] = [(a, b)]
    while waiting:
        one, other = waiting.pop()
        if one is other or (id(one), id(other)) in seen:
            continue
        if isinstance(one, MaskExpr):
            if isinstance(other, MaskExpr) and one._first is other._first:
                continue
            if type(one) is not type(other) or one._hash != other._hash:
                return False
            seen.add((id(one), id(other)))
            waiting += zip(one._compared, other._compared, strict=True)
        elif isinstance(one, tuple) and isinstance(other, tuple):
            if len(one) != len(other):
                return False
            waiting += zip(one, other, strict=True)
        elif one != other:
            return False
    return True


def _exact(value: Any) -> Exact:
    return tuple(map(_exact, value)) if isinstance(value, tuple | list) else fraction(value)


class _RasterCache:
    """A least-recently-used cache of rasters, limited in bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = 0
        self._rasters: OrderedDict[tuple[Any, ...], Raster] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[Any, ...]) -> Raster | None:
        with self._lock:
            raster = self._rasters.get(key)
            if raster is not None:
                self._rasters.move_to_end(key)
            return raster

    def put(self, key: tuple[Any, ...], raster: Raster) -> None:
        with self._lock:
            if key in self._rasters or raster.nbytes > self._limit:
                return
            self._rasters[key] = raster
            self._bytes += raster.nbytes
            while self._bytes > self._limit:
                self._bytes -= self._rasters.popitem(last=False)[1].nbytes


_cache = _RasterCache(_CACHE_BYTES)


def rasterise(mask: MaskExpr, height: int, width: int) -> Raster:
    """Draw a mask at a size in pixels; return read-only float32 [height, width] in [0, 1].

    Raises:
        SizeError: a side is under 1, or an edit in the mask is not a whole number of pixels at this size.
    """
    key = (mask, height, width)
    raster = _cache.get(key)
    if raster is None:
        check_positive_size(height, width)
        raster = _raster(mask, height, width)
        raster.flags.writeable = False
        _cache.put(key, raster)
    return raster


def rasterise_window(mask: MaskExpr, height: int, width: int, window: Region) -> Raster:
    """Draw a window of `rasterise(mask, height, width)`; return float32 in [0, 1].

    Raises:
        SizeError: as `rasterise`.
    """
    top, left, bottom, right = window
    if mask.constant is not None:
        return np.full((bottom - top, right - left), mask.constant, np.float32)
    if mask.depth <= _SHALLOW:
        return clipped(mask._draw_window(height, width, window))
    key = (mask, *window, height, width)
    raster = _cache.get(key)
    if raster is None:  # cached, because an expression can contain this mask many times
        raster = clipped(mask._draw_window(height, width, window))
        raster.flags.writeable = False
        _cache.put(key, raster)
    return raster


@lru_cache(4096)
def check_size(mask: MaskExpr, height: int, width: int) -> None:
    """Check that a mask can be drawn at a size in pixels, without drawing it.

    Raises:
        SizeError: as `rasterise`.
    """
    check_positive_size(height, width)
    if mask.constant is None:
        mask._check_size(height, width)


def draw_extended(mask: MaskExpr, origin: Size, size: Size, window: Region) -> Raster:
    """Draw a window of a canvas that has a mask at `origin`, `size` pixels large; its edge values fill the rest."""
    rows, columns = (
        np.arange(window[axis], window[axis + 2]).clip(origin[axis], origin[axis] + size[axis] - 1) - origin[axis]
        for axis in (0, 1)
    )
    inside = (int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)
    raster: Raster = rasterise_window(mask, *size, inside)[np.ix_(rows - rows[0], columns - columns[0])]
    return raster


def _raster(mask: MaskExpr, height: int, width: int) -> Raster:
    if mask.constant is not None:
        return np.full((height, width), mask.constant, np.float32)
    return clipped(mask._draw(height, width))


def clipped(values: NDArray[Any]) -> Raster:
    """Return values as a raster: float32, clipped to [0, 1]."""
    raster: Raster = np.empty(values.shape, np.float32)  # a copy: values may be the cached raster of another mask
    np.clip(values, 0.0, 1.0, out=raster, casting="same_kind")
    return raster


@lru_cache(4096)
def support(mask: MaskExpr, height: int, width: int) -> Region | None:
    """Return the smallest region that contains every pixel above 0 at this size; None if no pixel is."""
    if mask.constant is not None:
        return (0, 0, height, width) if mask.constant > 0 else None
    return mask._support(height, width)


def difference(a: MaskExpr, b: MaskExpr, height: int, width: int) -> Region | None:
    """Return a region outside of which two masks are equal at this size; None if they are equal everywhere."""
    first, second = support(a, height, width), support(b, height, width)
    if first is None or second is None:
        return first or second
    window: Region = (*map(min, first[:2], second[:2]), *map(max, first[2:], second[2:]))  # type: ignore[assignment]
    if first[2] <= second[0] or second[2] <= first[0] or first[3] <= second[1] or second[3] <= first[1]:
        return window  # the supports are disjoint
    unequal = rasterise_window(a, height, width, window) != rasterise_window(b, height, width, window)
    found = extent_of(unequal)
    return None if found is None else placed(found, window)


def extent_of(values: NDArray[Any]) -> Region | None:
    """Return the smallest region that contains all non-zero values; None if all are 0."""
    rows, columns = np.flatnonzero(values.any(axis=1)), np.flatnonzero(values.any(axis=0))
    if not len(rows):
        return None
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def placed(inner: Region, window: Region) -> Region:
    """Convert a region from the coordinates of a window to those of the canvas."""
    top, left = window[:2]
    return inner[0] + top, inner[1] + left, inner[2] + top, inner[3] + left


def centred(start: Fraction, stop: Fraction, length: int) -> tuple[int, int]:
    """Return the half-open range of pixels whose centres are in [start, stop) of an axis of `length` pixels.

    >>> centred(Fraction(1, 4), Fraction(1, 2), 8)
    (2, 4)
    """
    half = Fraction(1, 2)
    first = min(max(ceil(start * length - half), 0), length)
    return first, min(max(ceil(stop * length - half), first), length)


def centres(length: int) -> NDArray[np.float64]:
    """Return the pixel centres of an axis, as fractions of it."""
    return (np.arange(length) + 0.5) / length


def along(values: NDArray[Any], axis: str, height: int, width: int) -> NDArray[Any]:
    """Broadcast values along one axis, [height] or [width], to [height, width]."""
    line = values if axis == "x" else values[:, None]
    return np.broadcast_to(line, (height, width))
