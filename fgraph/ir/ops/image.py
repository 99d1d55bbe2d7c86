"""Images: reading, crops of photographs and their patches, plain colours, clamping, functions of users, stored rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from fgraph.ir.costs import NO_COPIES, Call, Copies, params_copied
from fgraph.ir.ops.base import Op, PointwiseOp, expect
from fgraph.ir.types import Type

if TYPE_CHECKING:
    from fgraph.photographs import Blending


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
    channels: int = 3  # 3 or 1

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(not inputs, self, inputs)
        return Type("rgb", (self.channels, self.height, self.width))


@dataclass(frozen=True)
class Cut(Op):
    """A crop of a photograph, in RGB or grey. Params: its `PhotoCrop`, where the crop is pasted back."""

    name: ClassVar[str] = "cut"
    takes_params: ClassVar[bool] = True
    is_drawn: ClassVar[bool] = True
    is_fixed: ClassVar[bool] = False
    height: int
    width: int
    channels: int = 3  # 3 or 1

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(not inputs, self, inputs)
        return Type("rgb", (self.channels, self.height, self.width))


@dataclass(frozen=True)
class Patch(PointwiseOp):
    """The change that is pasted into a photograph, with the mask α as its last channel.

    Operands: the edited crop a, for `difference` the crop b that the edit began with, and α. Channels: α (a - b) for
    `difference`, α a for `replace`, a for `poisson`.
    """

    name: ClassVar[str] = "patch"
    how: Blending = "difference"

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        kinds = ["rgb", "rgb", "mask"] if self.how == "difference" else ["rgb", "mask"]
        expect([one.kind for one in inputs] == kinds and len({one.size for one in inputs}) == 1, self, inputs)
        channels, height, width = inputs[0].shape
        return Type("rgb", (channels + 1, height, width))


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

    def inputs_copied(self, call: Call, distinct_rows: int) -> Copies:
        return params_copied(call.params)  # a number for each channel, never a map

    def constants_copied(self, call: Call, distinct_rows: int) -> Copies:
        return NO_COPIES


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

    def inputs_copied(self, call: Call, distinct_rows: int) -> Copies:
        return params_copied(call.params) if call.params[0] else NO_COPIES

    def __str__(self) -> str:
        return f"apply {getattr(self.function, '__qualname__', repr(self.function))}"


@dataclass(frozen=True)
class BaselineRows(Op):
    """Rows of a baseline: value `slot` of its program, which is already in a buffer."""

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
