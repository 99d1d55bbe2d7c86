"""Masks drawn at a layer's size, and the weighted sum that every blend lowers to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fgraph.ir.ops.base import PointwiseOp, expect
from fgraph.ir.types import Type


@dataclass(frozen=True)
class DrawMask(PointwiseOp):
    """A mask drawn at a size. Params: the mask."""

    name: ClassVar[str] = "mask"
    takes_params: ClassVar[bool] = True
    height: int
    width: int

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(not inputs, self, inputs)
        return Type("mask", (1, self.height, self.width))

    def __str__(self) -> str:
        return f"mask {self.height}x{self.width}"


@dataclass(frozen=True)
class Mix(PointwiseOp):
    """Σ alpha_i · value_i. Operands: the n values, then their n alphas, which sum to 1 at every pixel."""

    name: ClassVar[str] = "mix"

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        values, alphas = inputs[: len(inputs) // 2], inputs[len(inputs) // 2 :]
        expect(len(inputs) >= 4 and len(values) == len(alphas), self, inputs)
        expect(all(value == values[0] for value in values) and values[0].spatial, self, inputs)
        expect(all(alpha == Type("mask", (1, *values[0].size)) for alpha in alphas), self, inputs)
        return values[0]

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return len(inputs) * output.numbers
