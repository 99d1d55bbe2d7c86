"""Spatial edits of maps and images: an operation for each kind, with amounts as row parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from fgraph._geometry import AxisMap, Edit
from fgraph._geometry.regions import Cyclic, Region, Size
from fgraph.ir.costs import Call, Copies
from fgraph.ir.ops.base import Flags, Op, expect
from fgraph.ir.types import Type


@dataclass(frozen=True)
class SpatialOp(Op):
    """An edit with a known result size. Params: the `Edit`, in fractions of the canvas of any size."""

    takes_params: ClassVar[bool] = True
    height: int
    width: int
    wrap_x: bool = False  # a bilinear resize reads neighbours across the edge of a wrapped axis
    wrap_y: bool = False

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 1 and inputs[0].spatial, self, inputs)
        return inputs[0].resized(self.height, self.width)

    def granularity(self, region: Region, output: Type) -> Region:
        return region

    def footprint(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        return _read_by(param, inputs[0].size, (self.wrap_y, self.wrap_x), region)

    def affected(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        return _affected_by(param, inputs[0].size, (self.wrap_y, self.wrap_x), region)

    def identities(self, params: Sequence[Any]) -> Sequence[bool]:
        return [param.is_identity for param in params]

    def constants_copied(self, call: Call, distinct_rows: int) -> Copies:
        rows = Copies(2 * distinct_rows, 16 * call.rows)  # the rows of each group, in the operand and in the result
        return sum([edit_copies(call.output.size)] * distinct_rows, rows)

    def __str__(self) -> str:
        return f"{self.name} to {self.height}x{self.width}"


@dataclass(frozen=True)
class Pad(SpatialOp):
    """Padding by reflection, replication, repetition or a constant."""

    name: ClassVar[str] = "pad"


@dataclass(frozen=True)
class Resize(SpatialOp):
    """Resizing by nearest or bilinear sampling."""

    name: ClassVar[str] = "resize"


@dataclass(frozen=True)
class Shift(SpatialOp):
    """A shift by whole or fractional pixels."""

    name: ClassVar[str] = "shift"


@dataclass(frozen=True)
class Crop(SpatialOp):
    """A rectangle of a map, with its edges as true borders."""

    name: ClassVar[str] = "crop"


@dataclass(frozen=True)
class Flip(SpatialOp):
    """Reflection along an axis."""

    name: ClassVar[str] = "flip"


@dataclass(frozen=True)
class Concat(Op):
    """Concatenation of maps along an axis."""

    name: ClassVar[str] = "concat"
    reads_in_parts: ClassVar[bool] = True
    axis: Literal["x", "y"]

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(bool(inputs) and all(one.spatial and one.kind == inputs[0].kind for one in inputs), self, inputs)
        dimension = 2 if self.axis == "x" else 1
        rest = {one.shape[:dimension] + one.shape[dimension + 1 :] for one in inputs}
        expect(len(rest) == 1, self, inputs)
        shape = list(inputs[0].shape)
        shape[dimension] = sum(one.shape[dimension] for one in inputs)
        return Type(inputs[0].kind, tuple(shape))

    @property
    def footprint_wraps(self) -> Cyclic:
        return (self.axis == "x", self.axis == "y")  # the next part begins at the joint

    @property
    def reads_in_place(self) -> bool:
        return True

    def granularity(self, region: Region, output: Type) -> Region:
        return region

    def footprint(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        return self._moved(region, -self._start(port, inputs))

    def operands_read(self, regions: npt.NDArray[np.int64], inputs: tuple[Type, ...]) -> Flags:
        axis = 1 if self.axis == "x" else 0
        lengths = np.array([one.shape[1 + axis] for one in inputs])
        stops = np.cumsum(lengths)
        read: Flags = (regions[:, [axis]] < stops) & (regions[:, [axis + 2]] > stops - lengths)
        return read

    def affected(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        return self._moved(region, self._start(port, inputs))

    def workspace(self, call: Call, gathered: Sequence[int]) -> int:
        return 0 if call.is_tiled else sum(gathered)  # the parts of a tile are written directly to their places

    def _start(self, port: int, inputs: tuple[Type, ...]) -> int:
        """Return the start of a part along the axis."""
        return _starts(_Identical(inputs), 2 if self.axis == "x" else 1)[port]

    def _moved(self, region: Region, by: int) -> Region:
        top, left, bottom, right = region
        if self.axis == "x":
            return (top, left + by, bottom, right + by)
        return (top + by, left, bottom + by, right)


class _Identical:
    """The parts of a join as a key. A join has as many parts as it has ports, and each port asks for its start."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[Type, ...]) -> None:
        self.parts = parts

    def __hash__(self) -> int:
        return id(self.parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identical) and self.parts is other.parts


@lru_cache(maxsize=16)
def _starts(key: _Identical, dimension: int) -> list[int]:
    """Return the start of each part along a dimension of its shape."""
    return [0, *accumulate(one.shape[dimension] for one in key.parts)]


def edit_copies(size: Size) -> Copies:
    """Return the copies of an edit's index vectors: two positions, a weight and a flag for each line of the result."""
    return Copies(8, 21 * sum(size))


@lru_cache(maxsize=65536)
def _read_by(edit: Edit, size: Size, wraps: Cyclic, region: Region) -> Region:
    vertical, horizontal = edit.maps(*size, wrap_y=wraps[0], wrap_x=wraps[1])
    top, bottom = _read_along(vertical, region[0], region[2])
    left, right = _read_along(horizontal, region[1], region[3])
    return (top, left, bottom, right)


@lru_cache(maxsize=65536)
def _affected_by(edit: Edit, size: Size, wraps: Cyclic, region: Region) -> Region:
    vertical, horizontal = edit.maps(*size, wrap_y=wraps[0], wrap_x=wraps[1])
    top, bottom = _affected_along(vertical, region[0], region[2])
    left, right = _affected_along(horizontal, region[1], region[3])
    return (top, left, bottom, right)


def _affected_along(axis: AxisMap, start: int, stop: int) -> tuple[int, int]:
    touched = np.zeros(axis.source, bool)
    touched[np.arange(start, stop) % axis.source] = True
    affected = np.flatnonzero(touched[axis.low] | touched[axis.high])
    return (int(affected[0]), int(affected[-1]) + 1) if len(affected) else (0, 0)


def _read_along(axis: AxisMap, start: int, stop: int) -> tuple[int, int]:
    positions = np.arange(start, stop) % axis.size
    low, high = axis.low[positions], axis.high[positions] if not axis.is_gather else axis.low[positions]
    return int(min(low.min(), high.min())), int(max(low.max(), high.max())) + 1
