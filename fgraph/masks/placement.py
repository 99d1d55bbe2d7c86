"""Masks transferred from one canvas to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from fgraph._geometry import Axis, Edit, Number, Pad, Shift, SizeError, apply_edit, fraction, whole
from fgraph._geometry.numbers import check_choice, shown
from fgraph._geometry.regions import Region, Size
from fgraph.masks.axial import Constant, Segment
from fgraph.masks.base import MaskExpr, check_size, draw_extended, rasterise, support


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

    def _check_size(self, height: int, width: int) -> None:
        rows, columns = self._source_size(height, width)
        self.edit.maps(rows, columns)
        check_size(self.mask, rows, columns)

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        source = rasterise(self.mask, *self._source_size(height, width))
        return apply_edit(source, self.edit, wrap_y=self.wrap_y, wrap_x=self.wrap_x)

    def _source_size(self, height: int, width: int) -> Size:
        rows, columns = self.edit.source_size(height, width)
        if rows.denominator > 1 or columns.denominator > 1:
            name = type(self.edit).__name__.lower()
            raise SizeError(
                f"a mask of {height} x {width} pixels after {name} comes from {shown(rows)} x {shown(columns)} pixels, "
                f"which are not whole: choose an amount that gives whole pixels"
            )
        return int(rows), int(columns)


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
            raise ValueError(f"a part from {shown(start)} to {shown(end)}; it must be within 0 and 1")

    def _constant(self) -> float | None:
        return self.mask.constant

    def _check_size(self, height: int, width: int) -> None:
        check_size(self.mask, *self._part(height, width)[1])

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        return self._draw_window(height, width, (0, 0, height, width))

    def _is_local(self) -> bool:
        return self.mask.is_local

    def _draw_window(self, height: int, width: int, window: Region) -> NDArray[Any]:
        origin, size = self._part(height, width)
        return draw_extended(self.mask, origin, size, window)

    def _support(self, height: int, width: int) -> Region | None:
        origin, size = self._part(height, width)
        inner = support(self.mask, *size)
        if inner is None:
            return None
        top, left = (0 if first == 0 else first + at for first, at in zip(inner[:2], origin, strict=True))
        bottom = height if inner[2] == size[0] else inner[2] + origin[0]
        return top, left, bottom, width if inner[3] == size[1] else inner[3] + origin[1]

    def _part(self, height: int, width: int) -> tuple[Size, Size]:
        """Return the origin and the size of the part, in pixels.

        Raises:
            SizeError: either is not whole.
        """
        length = width if self.axis == "x" else height
        before = whole(fraction(self.start), length, "part start")
        count = whole(fraction(self.length), length, "part length", smallest=1)
        return ((0, before), (height, count)) if self.axis == "x" else ((before, 0), (count, width))


def inset(mask: MaskExpr, axis: Axis, start: Number, length: Number) -> MaskExpr:
    """Return the mask on the part [start, start + length) of the canvas along an axis; a segment remains one."""
    if not isinstance(mask, Segment):
        return Placed(mask, axis, start, length)
    if mask.axis != axis:
        return mask
    first, last = (fraction(start) + fraction(end) * fraction(length) for end in (mask.start, mask.stop))
    return Segment(0 if mask.start == 0 else first, 1 if mask.stop == 1 else last, axis)
