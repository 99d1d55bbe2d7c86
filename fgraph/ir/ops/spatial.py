"""Spatial edits of maps and images: one operation a kind, its amounts as row parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from fgraph.ir.ops.base import Op, expect
from fgraph.ir.types import Type


@dataclass(frozen=True)
class SpatialOp(Op):
    """An edit to a known size. Params: the `Edit`, in fractions of the canvas, so that a whole state shares it."""

    takes_params: ClassVar[bool] = True
    height: int
    width: int
    wrap_x: bool = False  # a bilinear resize reads its neighbours round the edge of a wrapped axis
    wrap_y: bool = False

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 1 and inputs[0].spatial, self, inputs)
        return inputs[0].resized(self.height, self.width)

    def __str__(self) -> str:
        return f"{self.name} to {self.height}x{self.width}"


@dataclass(frozen=True)
class Pad(SpatialOp):
    """Grows a map by reflection, replication, repetition or a constant."""

    name: ClassVar[str] = "pad"


@dataclass(frozen=True)
class Resize(SpatialOp):
    """Stretches a map by nearest or bilinear sampling."""

    name: ClassVar[str] = "resize"


@dataclass(frozen=True)
class Shift(SpatialOp):
    """Moves a map, by whole or fractional pixels."""

    name: ClassVar[str] = "shift"


@dataclass(frozen=True)
class Crop(SpatialOp):
    """Cuts a rectangle out of a map."""

    name: ClassVar[str] = "crop"


@dataclass(frozen=True)
class Flip(SpatialOp):
    """Mirrors a map."""

    name: ClassVar[str] = "flip"


@dataclass(frozen=True)
class Concat(Op):
    """Maps side by side along an axis."""

    name: ClassVar[str] = "concat"
    axis: Literal["x", "y"]

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(bool(inputs) and all(one.spatial and one.kind == inputs[0].kind for one in inputs), self, inputs)
        along = 2 if self.axis == "x" else 1
        rest = {one.shape[:along] + one.shape[along + 1 :] for one in inputs}
        expect(len(rest) == 1, self, inputs)
        shape = list(inputs[0].shape)
        shape[along] = sum(one.shape[along] for one in inputs)
        return Type(inputs[0].kind, tuple(shape))
