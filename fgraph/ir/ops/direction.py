"""Directions and walks: operations that find directions, move codes along them, and interpolate codes."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, Literal

from fgraph.ir.costs import Call, Copies
from fgraph.ir.ops.base import expect
from fgraph.ir.ops.latent import CodeOp, ToStyles
from fgraph.ir.types import CODE_KINDS, Type


@dataclass(frozen=True)
class Component(CodeOp):
    """A direction of w that is found in the model. Params: its number, from 0, in descending strength.

    With `pca`, it is an eigenvector of the covariance of w. With `sefa`, it is a factor of the affine weights of
    `layers`, whose rows may be normalised first. Its length is the standard deviation of w along it, or 1.
    """

    name: ClassVar[str] = "component"
    takes_params: ClassVar[bool] = True
    method: Literal["pca", "sefa"] = "pca"
    width: int = 0
    unit: Literal["deviation", "length"] = "deviation"
    layers: tuple[int, ...] = ()
    normalised: bool = False

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(not inputs, self, inputs)
        return Type("w", (self.width,))


@dataclass(frozen=True)
class Slope(ToStyles):
    """The affine layers without biases: maps a difference in w or W+ to S."""

    name: ClassVar[str] = "slope"


@dataclass(frozen=True)
class Move(CodeOp):
    """a + t d, on [start, stop) ranges of rows of W+ or of entries of S; None: all. Params: t."""

    name: ClassVar[str] = "move"
    takes_params: ClassVar[bool] = True
    takes_numbers: ClassVar[bool] = True
    ranges: tuple[tuple[int, int], ...] | None = None

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 2 and inputs[0] == inputs[1] and inputs[0].kind in CODE_KINDS, self, inputs)
        expect(self.ranges is None or inputs[0].kind in ("w+", "s"), self, inputs)
        return inputs[0]


@dataclass(frozen=True)
class MoveTo(CodeOp):
    """a + (t - c) d, where c is the coordinate of a along d: GANSpace's edits of given coordinates.

    c = <a - mean, d> / <d, d>, of the first row of W+. The third operand is the mean; without it, the mean of the model
    is used. `ranges` are [start, stop) rows of W+ that move; None: all. Params: t.
    """

    name: ClassVar[str] = "move_to"
    takes_params: ClassVar[bool] = True
    takes_numbers: ClassVar[bool] = True
    ranges: tuple[tuple[int, int], ...] | None = None

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) in (2, 3) and inputs[0] == inputs[1] and inputs[0].kind in ("w", "w+"), self, inputs)
        expect(all(mean == Type("w", inputs[0].shape[-1:]) for mean in inputs[2:]), self, inputs)
        expect(self.ranges is None or inputs[0].kind == "w+", self, inputs)
        return inputs[0]


@dataclass(frozen=True)
class InDeviations(CodeOp):
    """A difference in S, multiplied by the standard deviation of each style.

    The second operand is the deviations; without it, the model's deviations are used.
    """

    name: ClassVar[str] = "in_deviations"

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) in (1, 2) and all(one == inputs[0] for one in inputs), self, inputs)
        expect(inputs[0].kind == "s", self, inputs)
        return inputs[0]


@dataclass(frozen=True)
class TextDirection(CodeOp):
    """StyleCLIP's global direction for two texts, in S, in units of the deviation of each style.

    Params: (effects of the channels, target, neutral, β). A text is a string, which CLIP embeds, or its vectors.
    """

    name: ClassVar[str] = "text_direction"
    takes_params: ClassVar[bool] = True
    length: int = 0

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(not inputs, self, inputs)
        return Type("s", (self.length,))


@dataclass(frozen=True)
class MapLevels(CodeOp):
    """The difference that a mapper of StyleCLIP makes of a code in W+. Params: (the mapper)."""

    name: ClassVar[str] = "map_levels"
    takes_params: ClassVar[bool] = True

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 1 and inputs[0].kind == "w+", self, inputs)
        return inputs[0]

    def constants_copied(self, call: Call, distinct_rows: int) -> Copies:
        levels = [level for (mapper,) in set[Any](call.params) for _, level in mapper.levels]
        weights = [prod(one.shape) for level in levels for one in (level.weights, level.biases)]
        return Copies(len(weights) + distinct_rows, 4 * sum(weights) + 8 * call.rows)


@dataclass(frozen=True)
class TruncateStyles(CodeOp):
    """Truncation of codes in S: towards the styles of the mean of w, below W+ row `cutoff` (None: all). Params: ψ."""

    name: ClassVar[str] = "truncate_styles"
    takes_params: ClassVar[bool] = True
    takes_numbers: ClassVar[bool] = True
    cutoff: int | None = None

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 1 and inputs[0].kind == "s", self, inputs)
        return inputs[0]


@dataclass(frozen=True)
class Slerp(CodeOp):
    """Spherical interpolation of a and b (Shoemake 1985); linear for the last `classes` numbers. Params: t."""

    name: ClassVar[str] = "slerp"
    takes_params: ClassVar[bool] = True
    takes_numbers: ClassVar[bool] = True
    classes: int = 0

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 2 and inputs[0] == inputs[1] and inputs[0].kind == "z", self, inputs)
        return inputs[0]


@dataclass(frozen=True)
class Combine(CodeOp):
    """Σ weight · code. Params: a weight for each operand."""

    name: ClassVar[str] = "combine"
    takes_params: ClassVar[bool] = True
    takes_numbers: ClassVar[bool] = True

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(bool(inputs) and all(one == inputs[0] for one in inputs), self, inputs)
        expect(inputs[0].kind in CODE_KINDS, self, inputs)
        return inputs[0]
