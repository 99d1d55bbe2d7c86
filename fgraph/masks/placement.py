"""Masks transferred from one canvas to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fgraph._geometry import Axis, Edit, Number, Pad, Shift, SizeError, apply_edit, fraction, whole
from fgraph._geometry.numbers import check_choice, shown
from fgraph.masks.axial import Constant
from fgraph.masks.base import MaskExpr, rasterise


@dataclass(frozen=True)
class Edited(MaskExpr):
    """A mask after a spatial edit of its canvas: drawn at the source size, then edited.

    The wraps are those of the source canvas. A bilinear resize reads across wrapped edges.
    """

    mask: MaskExpr
    edit: Edit
    wrap_x: bool = False
    wrap_y: bool = False

    def _constant(self) -> float | None:
        value, edit = self.mask.constant, self.edit
        fills = isinstance(edit, Pad | Shift) and edit.mode == "constant" and not edit.is_identity
        if value is None or (fills and isinstance(edit, Pad | Shift) and edit.value != value):
            return None
        return value

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        rows, columns = self.edit.source_size(height, width)
        if rows.denominator > 1 or columns.denominator > 1:
            name = type(self.edit).__name__.lower()
            raise SizeError(
                f"a mask of {height} x {width} pixels after {name} comes from {shown(rows)} x {shown(columns)} pixels, "
                f"which are not whole; let the {name} divide"
            )
        source = rasterise(self.mask, int(rows), int(columns))
        return apply_edit(source, self.edit, wrap_y=self.wrap_y, wrap_x=self.wrap_x)


def edited(mask: MaskExpr, edit: Edit, *, wrap_x: bool = False, wrap_y: bool = False) -> MaskExpr:
    """Return the mask after an edit; the mask itself if the edit changes nothing."""
    if edit.is_identity:
        return mask
    result = Edited(mask, edit, wrap_x, wrap_y)
    return result if result.constant is None else Constant(result.constant)


@dataclass(frozen=True)
class Placed(MaskExpr):
    """A mask on the part [start, start + length) of the canvas along an axis.

    Its edge values fill the rest.
    """

    mask: MaskExpr
    axis: Axis
    start: Number
    length: Number

    def __post_init__(self) -> None:
        self._make_exact("start", "length")
        check_choice("axis", self.axis, ("x", "y"))
        start, end = fraction(self.start), fraction(self.start) + fraction(self.length)
        if not 0 <= start < end <= 1:
            raise ValueError(f"a part from {shown(start)} to {shown(end)}; it lies from 0 to 1")

    def _constant(self) -> float | None:
        return self.mask.constant

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        size = width if self.axis == "x" else height
        before = whole(fraction(self.start), size, "part start")
        count = whole(fraction(self.length), size, "part length", smallest=1)
        outside = (before, size - before - count)
        if self.axis == "x":
            return np.pad(rasterise(self.mask, height, count), ((0, 0), outside), "edge")
        return np.pad(rasterise(self.mask, count, width), (outside, (0, 0)), "edge")
