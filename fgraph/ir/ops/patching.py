"""Patches that are proposed, sifted and copied within a picture while the plan runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fgraph.ir.ops.base import Op, expect
from fgraph.ir.types import Type

PATCH = 6  # numbers of a patch: x, y, width, height, and its move along x and y, in cells; width 0: no patch


@dataclass(frozen=True)
class Propose(Op):
    """Proposed patches of a picture to copy elsewhere in it. Params: (seed, number of the variation).

    The proposals are on a grid of `rows` x `columns` cells; sizes are fractions of the canvas. See
    `docs/explanation/one_image.md`.
    """

    name: ClassVar[str] = "propose"
    reads_back: ClassVar[bool] = True
    takes_params: ClassVar[bool] = True
    count: int
    rows: int
    columns: int
    smallest: float
    largest: float
    horizon: str

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 1 and inputs[0].kind == "rgb", self, inputs)
        height, width = inputs[0].size
        expect(height % self.rows == 0 and width % self.columns == 0, self, inputs)
        return Type("patches", (self.count, PATCH))

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return 16 * inputs[0].numbers

    def __str__(self) -> str:
        return f"propose {self.count} of {self.rows}x{self.columns}"


@dataclass(frozen=True)
class Sift(Op):
    """The first `count` proposed patches without visible seams.

    Operands: the picture, the picture with all patches, the patches.

    The patches are on a grid of `rows` x `columns` cells. See `docs/explanation/one_image.md`.
    """

    name: ClassVar[str] = "sift"
    reads_back: ClassVar[bool] = True
    count: int
    rows: int
    columns: int

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect([one.kind for one in inputs] == ["rgb", "rgb", "patches"], self, inputs)
        expect(inputs[0] == inputs[1] and inputs[2].shape[0] >= self.count, self, inputs)
        return Type("patches", (self.count, PATCH))

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return 64 * inputs[2].shape[0] * inputs[0].numbers

    def __str__(self) -> str:
        return f"sift {self.count} of {self.rows}x{self.columns}"


@dataclass(frozen=True)
class Transplant(Op):
    """Patches copied within a map: f <- (1 - Shift(α)) f + Shift(α) Shift(f0), patch after patch.

    SOAT, equation 4. Operands: the map f0, the patches in cells of a canvas of `rows` x `columns`. Params: the feather
    of α, in fractions of the shorter side.
    """

    name: ClassVar[str] = "transplant"
    reads_back: ClassVar[bool] = True
    takes_params: ClassVar[bool] = True
    rows: int
    columns: int

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 2 and inputs[0].spatial and inputs[1].kind == "patches", self, inputs)
        return inputs[0]

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return 3 * inputs[1].shape[0] * output.numbers

    def __str__(self) -> str:
        return f"transplant {self.rows}x{self.columns}"
