"""Spatial edits: pad, resize, shift, crop, flip, as frozen values with exact amounts.

Every amount is a fraction of the canvas that is edited. So one edit applies to activation, skip, masks and noise, each
at its own size. Positive shifts move the picture right and down.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fgraph._geometry.maps import AxisMap, apply_maps, crop_axis, flip_axis, pad_axis, resize_axis, shift_axis
from fgraph._geometry.numbers import (
    Axis,
    SizeError,
    check_choice,
    check_positive_size,
    described,
    fraction,
    shown,
    whole,
)

Length = Fraction | int
Maps = tuple[AxisMap, AxisMap]

PadMode = Literal["reflect", "replicate", "circular", "constant"]
ShiftMode = Literal["roll", "reflect", "replicate", "constant"]
ResizeMode = Literal["nearest", "bilinear"]

_PAD_MODES = ("reflect", "replicate", "circular", "constant")
_SHIFT_MODES = ("roll", "reflect", "replicate", "constant")
_RESIZE_MODES = ("nearest", "bilinear")
_ZERO, _ONE = Fraction(0), Fraction(1)
LONGEST = 2**24  # most pixels per side of a canvas at any layer, which is the length of index maps


@dataclass(frozen=True)
class _SpatialEdit(ABC):
    """The base class of edits, which converts amounts to fractions."""

    def __str__(self) -> str:
        return described(self)

    def _make_exact(self, *names: str, least: int | None = None) -> None:
        for name in names:
            amount = fraction(getattr(self, name))
            if least is not None and amount < least:
                raise ValueError(f"{type(self).__name__.lower()} {name} is {shown(amount)}; expected at least {least}")
            object.__setattr__(self, name, amount)

    @property
    @abstractmethod
    def factors(self) -> tuple[Fraction, Fraction]:
        """The ratios of result to source: height, width."""

    @property
    def is_identity(self) -> bool:
        """True if the edit changes nothing at any size."""
        return self.factors == (_ONE, _ONE)

    @abstractmethod
    def _axis_maps(self, height: int, width: int, wrap_y: bool, wrap_x: bool) -> Maps: ...

    def size(self, height: Length, width: Length) -> tuple[Fraction, Fraction]:
        """Return the size of the result for a source of this size, in the same unit."""
        return height * self.factors[0], width * self.factors[1]

    def source_size(self, height: Length, width: Length) -> tuple[Fraction, Fraction]:
        """Return the size of the source for a result of this size: the inverse of `size`."""
        return Fraction(height) / self.factors[0], Fraction(width) / self.factors[1]

    def maps(self, height: int, width: int, *, wrap_y: bool = False, wrap_x: bool = False) -> Maps:
        """Return the index maps (y, x) for a source of this size in pixels. Only a bilinear resize uses the wraps.

        Raises:
            SizeError: an amount is not a whole number of pixels, or the result has more than `LONGEST` pixels per side;
                the message names the nearest whole amounts.
        """
        check_positive_size(height, width)
        if (side := max(self.size(height, width))) > LONGEST:
            name = type(self).__name__.lower()
            raise SizeError(
                f"{name} makes {float(side):.3g} pixels a side of {height} x {width}; at most {LONGEST} are allowed"
            )
        return self._axis_maps(height, width, wrap_y, wrap_x)


@dataclass(frozen=True)
class Pad(_SpatialEdit):
    """A pad at the sides. With `reflect` and `circular`, it may be wider than the source."""

    top: Fraction = _ZERO
    bottom: Fraction = _ZERO
    left: Fraction = _ZERO
    right: Fraction = _ZERO
    mode: PadMode = "reflect"
    value: float = 0.0  # value for mode `constant`

    def __post_init__(self) -> None:
        self._make_exact("top", "bottom", "left", "right", least=0)
        check_choice("pad mode", self.mode, _PAD_MODES)

    @property
    def factors(self) -> tuple[Fraction, Fraction]:
        return 1 + self.top + self.bottom, 1 + self.left + self.right

    def _axis_maps(self, height: int, width: int, wrap_y: bool, wrap_x: bool) -> Maps:
        y = pad_axis(height, self.top, self.bottom, self.mode, ("top", "bottom"))
        return y, pad_axis(width, self.left, self.right, self.mode, ("left", "right"))


@dataclass(frozen=True)
class Resize(_SpatialEdit):
    """A resize of the whole canvas by factors above 0."""

    height: Fraction = _ONE
    width: Fraction = _ONE
    mode: ResizeMode = "nearest"

    def __post_init__(self) -> None:
        self._make_exact("height", "width")
        if min(self.height, self.width) <= 0:
            raise ValueError(f"resize by {shown(self.height)} x {shown(self.width)}; factors must be above 0")
        check_choice("resize mode", self.mode, _RESIZE_MODES)

    @property
    def factors(self) -> tuple[Fraction, Fraction]:
        return self.height, self.width

    def _axis_maps(self, height: int, width: int, wrap_y: bool, wrap_x: bool) -> Maps:
        rows = whole(self.height, height, "resize height", smallest=1)
        columns = whole(self.width, width, "resize width", smallest=1)
        return resize_axis(height, rows, self.mode, wrap_y), resize_axis(width, columns, self.mode, wrap_x)


@dataclass(frozen=True)
class Shift(_SpatialEdit):
    """A shift of the picture on its canvas, with linear interpolation between pixels."""

    dy: Fraction = _ZERO
    dx: Fraction = _ZERO
    mode: ShiftMode = "roll"
    value: float = 0.0  # value for mode `constant`

    def __post_init__(self) -> None:
        self._make_exact("dy", "dx")
        check_choice("shift mode", self.mode, _SHIFT_MODES)

    @property
    def factors(self) -> tuple[Fraction, Fraction]:
        return _ONE, _ONE

    @property
    def is_identity(self) -> bool:
        if self.mode == "roll":  # a shift by whole canvases changes nothing
            return self.dy.denominator == self.dx.denominator == 1
        return self.dy == self.dx == 0

    def _axis_maps(self, height: int, width: int, wrap_y: bool, wrap_x: bool) -> Maps:
        return shift_axis(height, self.dy, self.mode), shift_axis(width, self.dx, self.mode)


@dataclass(frozen=True)
class Crop(_SpatialEdit):
    """A crop to a rectangle inside the canvas."""

    top: Fraction = _ZERO
    left: Fraction = _ZERO
    height: Fraction = _ONE
    width: Fraction = _ONE

    def __post_init__(self) -> None:
        self._make_exact("top", "left", "height", "width", least=0)
        if min(self.height, self.width) == 0:
            raise ValueError("a crop of nothing: height and width must be above 0")
        for start, part in (("top", "height"), ("left", "width")):
            end = getattr(self, start) + getattr(self, part)
            if end > 1:
                raise ValueError(f"crop {start} + {part} is {shown(end)}; it must be at most 1, the whole canvas")

    @property
    def factors(self) -> tuple[Fraction, Fraction]:
        return self.height, self.width

    def _axis_maps(self, height: int, width: int, wrap_y: bool, wrap_x: bool) -> Maps:
        y = crop_axis(height, self.top, self.height, ("top", "height"))
        return y, crop_axis(width, self.left, self.width, ("left", "width"))


@dataclass(frozen=True)
class Flip(_SpatialEdit):
    """A flip of the canvas along an axis: `x` swaps left and right."""

    axis: Axis = "x"

    def __post_init__(self) -> None:
        check_choice("flip axis", self.axis, ("x", "y"))

    @property
    def factors(self) -> tuple[Fraction, Fraction]:
        return _ONE, _ONE

    @property
    def is_identity(self) -> bool:
        return False

    def _axis_maps(self, height: int, width: int, wrap_y: bool, wrap_x: bool) -> Maps:
        return flip_axis(height, self.axis == "y"), flip_axis(width, self.axis == "x")


Edit = Pad | Resize | Shift | Crop | Flip


def apply_edit(array: NDArray[Any], edit: Edit, *, wrap_y: bool = False, wrap_x: bool = False) -> NDArray[np.float32]:
    """Apply an edit to an array [..., h, w]; return float32 [..., h', w']. This defines the meaning of edits.

    Raises:
        SizeError: an amount is not a whole number of pixels.

    >>> apply_edit(np.array([[1, 2, 3, 4]]), Shift(dx=Fraction(1, 4)))
    array([[4., 1., 2., 3.]], dtype=float32)
    """
    y, x = edit.maps(array.shape[-2], array.shape[-1], wrap_y=wrap_y, wrap_x=wrap_x)
    return apply_maps(array, y, x, edit.value if isinstance(edit, Pad | Shift) else 0.0)
