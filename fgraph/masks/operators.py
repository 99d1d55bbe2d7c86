"""Pixelwise operators on masks. The lower-case constructors fold constants."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from math import prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fgraph._geometry import Axis, Number, fraction
from fgraph._geometry.blur import blur_axis, gaussian_taps, kernel_for
from fgraph._geometry.numbers import check_choice
from fgraph._geometry.regions import Region
from fgraph.masks.axial import Constant, Segment
from fgraph.masks.base import MaskExpr, rasterise, rasterise_window, support

Operation = Literal["add", "subtract", "multiply", "max", "min"]

_OPERATIONS = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "max": np.maximum,
    "min": np.minimum,
}
_DOMINANT = {"add": 1.0, "multiply": 0.0, "max": 1.0, "min": 0.0}  # an operand with this value determines the result


@dataclass(frozen=True)
class Complement(MaskExpr):
    """The complement of a mask: 1 - alpha."""

    mask: MaskExpr

    def _constant(self) -> float | None:
        value = self.mask.constant
        return None if value is None else 1 - value

    def _is_local(self) -> bool:
        return self.mask.is_local

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        return 1 - rasterise(self.mask, height, width)

    def _draw_window(self, height: int, width: int, window: Region) -> NDArray[Any]:
        return 1 - rasterise_window(self.mask, height, width, window)


@dataclass(frozen=True)
class Product(MaskExpr):
    """The product of masks; 1 for no masks."""

    masks: tuple[MaskExpr, ...]

    def _constant(self) -> float | None:
        values = [mask.constant for mask in self.masks]
        if 0 in values:
            return 0.0
        known = [value for value in values if value is not None]
        return prod(known, start=1.0) if len(known) == len(values) else None

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        return reduce(np.multiply, (rasterise(mask, height, width) for mask in self.masks))

    def _is_local(self) -> bool:
        return all(mask.is_local for mask in self.masks)

    def _draw_window(self, height: int, width: int, window: Region) -> NDArray[Any]:
        return reduce(np.multiply, (rasterise_window(mask, height, width, window) for mask in self.masks))

    def _bounds(self, height: int, width: int) -> Region | None:
        top, left, bottom, right = 0, 0, height, width
        for mask in self.masks:
            region = support(mask, height, width)
            if region is None:
                return None
            top, left = max(top, region[0]), max(left, region[1])
            bottom, right = min(bottom, region[2]), min(right, region[3])
        return (top, left, bottom, right) if bottom > top and right > left else None


@dataclass(frozen=True)
class Combine(MaskExpr):
    """Masks combined by an operation from left to right, clipped to [0, 1].

    `subtract` subtracts all later masks from the first.
    """

    op: Operation
    masks: tuple[MaskExpr, ...]

    def __post_init__(self) -> None:
        check_choice("mask operation", self.op, tuple(_OPERATIONS))
        if not self.masks:
            raise ValueError("found no mask to combine; expected at least one")

    def _constant(self) -> float | None:
        values = [mask.constant for mask in self.masks]
        if self.op == "subtract":
            if values[0] == 0 or 1 in values[1:]:
                return 0.0
        elif _DOMINANT[self.op] in values:
            return _DOMINANT[self.op]
        known = [value for value in values if value is not None]
        if len(known) < len(values):
            return None
        return float(np.clip(reduce(_OPERATIONS[self.op], known), 0, 1))

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        return reduce(_OPERATIONS[self.op], (rasterise(mask, height, width) for mask in self.masks))

    def _is_local(self) -> bool:
        return all(mask.is_local for mask in self.masks)

    def _draw_window(self, height: int, width: int, window: Region) -> NDArray[Any]:
        return reduce(_OPERATIONS[self.op], (rasterise_window(mask, height, width, window) for mask in self.masks))


@dataclass(frozen=True)
class Scaled(MaskExpr):
    """A mask times a factor in [0, 1], the field `alpha` of a node."""

    mask: MaskExpr
    factor: float

    def __post_init__(self) -> None:
        if not 0 <= self.factor <= 1:
            raise ValueError(f"alpha is {self.factor}; expected 0 to 1")

    def _constant(self) -> float | None:
        value = self.mask.constant
        return 0.0 if self.factor == 0 else None if value is None else value * self.factor

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        return rasterise(self.mask, height, width) * np.float32(self.factor)

    def _is_local(self) -> bool:
        return self.mask.is_local

    def _draw_window(self, height: int, width: int, window: Region) -> NDArray[Any]:
        return rasterise_window(self.mask, height, width, window) * np.float32(self.factor)

    def _bounds(self, height: int, width: int) -> Region | None:
        return support(self.mask, height, width)


@dataclass(frozen=True)
class Feathered(MaskExpr):
    """A mask blurred by a Gaussian with sigma = radius * the shorter side of the canvas.

    The kernel extends to four sigmas. The border reflects; on a wrapped axis, it wraps.
    """

    mask: MaskExpr
    radius: Number
    wrap_x: bool = False
    wrap_y: bool = False

    def __post_init__(self) -> None:
        self._make_exact("radius")
        if self.radius < 0:
            raise ValueError(f"feather is {float(self.radius):g}; expected a fraction of the canvas, at least 0")

    def _constant(self) -> float | None:
        return self.mask.constant

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        picture: NDArray[Any] = rasterise(self.mask, height, width)
        sigma = float(self.radius) * min(height, width)
        taps = gaussian_taps(sigma, kernel_for(sigma)) if sigma else np.ones(1)
        if len(taps) == 1:
            return picture
        picture = blur_axis(picture, taps, 0, "circular" if self.wrap_y else "reflect")
        return blur_axis(picture, taps, 1, "circular" if self.wrap_x else "reflect")


def _folded(mask: MaskExpr) -> MaskExpr:
    return mask if mask.constant is None else Constant(mask.constant)


def complement(mask: MaskExpr) -> MaskExpr:
    """Return the complement of a mask; for a complement, this is its inner mask."""
    return mask.mask if isinstance(mask, Complement) else _folded(Complement(mask))


def product(*masks: MaskExpr) -> MaskExpr:
    """Return the product of masks: nested products flattened, one segment per axis, one constant factor in front."""
    flat: list[MaskExpr] = []
    for mask in masks:
        flat.extend(mask.masks if isinstance(mask, Product) else (mask,))
    flat = _with_one_segment(_with_one_segment(flat, "x"), "y")
    factor = prod((mask.constant for mask in flat if mask.constant is not None), start=1.0)
    rest = [mask for mask in flat if mask.constant is None]
    if factor == 0 or not rest:
        return Constant(factor)
    if factor != 1:
        rest.insert(0, Constant(factor))
    return rest[0] if len(rest) == 1 else Product(tuple(rest))


def _with_one_segment(masks: list[MaskExpr], axis: Axis) -> list[MaskExpr]:
    """Return the factors of a product with the segments of an axis replaced by their intersection."""
    found = [mask for mask in masks if isinstance(mask, Segment) and mask.axis == axis]
    if len(found) < 2:
        return masks
    start, stop = max(fraction(one.start) for one in found), min(fraction(one.stop) for one in found)
    common = Segment(start, stop, axis) if start < stop else Constant(0.0)
    return [common, *(mask for mask in masks if not (isinstance(mask, Segment) and mask.axis == axis))]


def combine(op: Operation, *masks: MaskExpr) -> MaskExpr:
    """Return masks combined by an operation, with constants folded."""
    if op == "multiply" and masks:
        return product(*masks)
    return masks[0] if len(masks) == 1 else _folded(Combine(op, masks))


def scaled(mask: MaskExpr, factor: float) -> MaskExpr:
    """Return the mask times a factor; the mask itself for 1."""
    return mask if factor == 1 else _folded(Scaled(mask, factor))


def feathered(mask: MaskExpr, radius: Number, *, wrap_x: bool = False, wrap_y: bool = False) -> MaskExpr:
    """Return the blurred mask; the mask itself for radius 0."""
    return mask if fraction(radius) == 0 else _folded(Feathered(mask, radius, wrap_x, wrap_y))


def finish(
    mask: MaskExpr,
    *,
    feather: Number = 0,
    invert: bool = False,
    alpha: float = 1,
    wrap_x: bool = False,
    wrap_y: bool = False,
) -> MaskExpr:
    """Apply the options that all mask nodes share, in this order: feather, invert, alpha."""
    mask = feathered(mask, feather, wrap_x=wrap_x, wrap_y=wrap_y)
    return scaled(complement(mask) if invert else mask, alpha)
