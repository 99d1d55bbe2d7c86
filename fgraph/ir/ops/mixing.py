"""Masks drawn at a layer's size, and the weighted sum that every blend lowers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from fgraph._geometry.regions import NOTHING, Region, Size
from fgraph.ir.costs import Call
from fgraph.ir.ops.base import PointwiseOp, cut_bytes, expect
from fgraph.ir.types import Type
from fgraph.masks import MaskExpr, difference, support

T = TypeVar("T")


@dataclass(frozen=True)
class DrawMask(PointwiseOp):
    """A mask drawn at a size. Params: the mask."""

    name: ClassVar[str] = "mask"
    takes_params: ClassVar[bool] = True
    is_comparable: ClassVar[bool] = True
    is_drawn: ClassVar[bool] = True
    height: int
    width: int

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(not inputs, self, inputs)
        return Type("mask", (1, self.height, self.width))

    def support(self, param: Any, size: Size) -> Region:
        return support(param, *size) or NOTHING

    def is_zero(self, param: Any) -> bool:
        return bool(param.constant == 0.0)

    def difference(self, a: Any, b: Any, size: Size) -> Region:
        return difference(a, b, *size) or NOTHING

    def workspace(self, call: Call, gathered: Sequence[int]) -> int:
        local = all(isinstance(mask, MaskExpr) and mask.is_local for mask in call.params)
        return cut_bytes(call, is_local=local)

    def __str__(self) -> str:
        return f"mask {self.height}x{self.width}"


@dataclass(frozen=True)
class Mix(PointwiseOp):
    """Σ alpha_i · value_i. Operands: the n values, then their n alphas, which sum to 1 at every pixel."""

    name: ClassVar[str] = "mix"
    reads_in_parts: ClassVar[bool] = True

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        values, alphas = inputs[: len(inputs) // 2], inputs[len(inputs) // 2 :]
        expect(len(inputs) >= 4 and len(values) == len(alphas), self, inputs)
        expect(all(value == values[0] for value in values) and values[0].spatial, self, inputs)
        expect(all(alpha == Type("mask", (1, *values[0].size)) for alpha in alphas), self, inputs)
        return values[0]

    def terms(self, operands: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
        half = len(operands) // 2
        return operands[:half], operands[half:]

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return len(inputs) * output.numbers

    def workspace(self, call: Call, gathered: Sequence[int]) -> int:
        if call.is_plain:
            return sum(gathered)
        values, alphas = self.terms(gathered)
        return sum(sorted(alphas)[-2:]) + max(values)  # one term after another
