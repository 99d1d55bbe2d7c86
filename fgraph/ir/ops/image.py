"""Images: reading, plain colours, clamping, a user's function; rows of a baseline and spilled rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from fgraph.ir.ops.base import Op, PointwiseOp, expect
from fgraph.ir.types import Type


@dataclass(frozen=True)
class Picture(Op):
    """An image file, fitted to a size, in RGB or grey. Params: the path."""

    name: ClassVar[str] = "picture"
    takes_params: ClassVar[bool] = True
    is_drawn: ClassVar[bool] = True
    is_fixed: ClassVar[bool] = False
    height: int
    width: int
    fit: str
    channels: int = 3  # or 1

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(not inputs, self, inputs)
        return Type("rgb", (self.channels, self.height, self.width))


@dataclass(frozen=True)
class Fill(PointwiseOp):
    """A plain colour at a size. Params: a value in [-1, 1] for each channel."""

    name: ClassVar[str] = "fill"
    takes_params: ClassVar[bool] = True
    is_drawn: ClassVar[bool] = True
    height: int
    width: int
    channels: int = 3

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(not inputs, self, inputs)
        return Type("rgb", (self.channels, self.height, self.width))


@dataclass(frozen=True)
class Clamp(PointwiseOp):
    """Values clamped to [-1, 1]."""

    name: ClassVar[str] = "clamp"

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 1, self, inputs)
        return inputs[0]


@dataclass(frozen=True)
class Apply(Op):
    """A user's function of tensors [rows, ...]. Params: a tuple of numbers for each row, passed as further arguments.

    The function must treat rows independently. The result has the type of the first operand unless `shape` is given.
    """

    name: ClassVar[str] = "apply"
    is_pure: ClassVar[bool] = False  # a user's function may draw its own numbers
    takes_params: ClassVar[bool] = True
    function: Callable[..., Any]
    shape: tuple[int, ...] | None = None

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(bool(inputs), self, inputs)
        return inputs[0] if self.shape is None else Type(inputs[0].kind, self.shape)

    def __str__(self) -> str:
        return f"apply {getattr(self.function, '__qualname__', repr(self.function))}"


@dataclass(frozen=True)
class BaselineRows(Op):
    """Rows of a baseline: value `slot` of its program, which is in a buffer already."""

    name: ClassVar[str] = "baseline"
    is_computed: ClassVar[bool] = False
    slot: int
    type: Type

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(not inputs, self, inputs)
        return self.type

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return 0


@dataclass(frozen=True)
class Spill(PointwiseOp):
    """Parts of rows copied out of their buffers for later chunks. It occurs in plans only."""

    name: ClassVar[str] = "spill"

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 1, self, inputs)
        return inputs[0]

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return 0
