"""Operations on codes: drawing, given codes, mapping, truncation, affines, mixing, inversion."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING, ClassVar

from fgraph.ir.costs import Call, Copies, DeviceProfile, rate
from fgraph.ir.ops.base import Op, Order, expect
from fgraph.ir.types import CODE_KINDS, Type, TypeKind

if TYPE_CHECKING:
    from fgraph.inversion.settings import InversionSettings

FIRST: Order = (0, 0)  # codes are computed before any layer runs
TYPICAL_LAYER = (64, 4096)  # channels and pixels that stand for all layers of an inversion
CALLS_OF_A_LAYER = 4  # calls in an inversion: one forward, two backward, one for the optimiser


@dataclass(frozen=True)
class CodeOp(Op):
    """An operation on codes."""

    model: str

    @property
    def order(self) -> Order | None:
        return FIRST


@dataclass(frozen=True)
class Draw(CodeOp):
    """z from a seed. Params: (draw, seed, count, smooth, index): row `index` of the `count` rows drawn together.

    If `classes` is above 0, the last `classes` of the `width` numbers encode a class, and the params end with it: a
    number, or pairs of class and weight.
    """

    name: ClassVar[str] = "draw"
    takes_params: ClassVar[bool] = True
    is_drawn: ClassVar[bool] = True
    width: int = 0
    classes: int = 0

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(not inputs, self, inputs)
        return Type("z", (self.width,))

    def __str__(self) -> str:
        classes = f", classes={self.classes}" if self.classes else ""
        return f"draw(model={self.model}, width={self.width}{classes})"


@dataclass(frozen=True)
class Given(CodeOp):
    """A given code. Params: (array, row of it)."""

    name: ClassVar[str] = "given"
    takes_params: ClassVar[bool] = True
    space: TypeKind = "w"
    shape: tuple[int, ...] = ()

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(not inputs, self, inputs)
        return Type(self.space, self.shape)


@dataclass(frozen=True)
class MapZ(CodeOp):
    """The mapping network, z -> w."""

    name: ClassVar[str] = "map"
    width: int = 0
    depth: int = 8

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 1 and inputs[0].kind == "z", self, inputs)
        return Type("w", (self.width,))

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return 2 * (inputs[0].numbers + (self.depth - 1) * self.width) * self.width

    def seconds(self, call: Call, profile: DeviceProfile) -> float:
        return super().seconds(call, profile) + _linear_seconds(self, call, profile, layers=self.depth)


@dataclass(frozen=True)
class Truncate(CodeOp):
    """w_mean + ψ (w - w_mean), on the W+ rows below `cutoff` (None: all). Params: ψ.

    Operands: the codes; if the model has a mean for each class, also z, which ends with the class.
    """

    name: ClassVar[str] = "truncate"
    takes_params: ClassVar[bool] = True
    takes_numbers: ClassVar[bool] = True
    cutoff: int | None = None

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(1 <= len(inputs) <= 2 and inputs[0].kind in ("w", "w+"), self, inputs)
        expect(len(inputs) == 1 or inputs[1].kind == "z", self, inputs)
        expect(self.cutoff is None or inputs[0].kind == "w+", self, inputs)
        return inputs[0]


@dataclass(frozen=True)
class Repeat(CodeOp):
    """w -> W+, with equal rows."""

    name: ClassVar[str] = "repeat"
    count: int = 0

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 1 and inputs[0].kind == "w", self, inputs)
        return Type("w+", (self.count, *inputs[0].shape))


@dataclass(frozen=True)
class ToStyles(CodeOp):
    """The affine layers, w or W+ -> S."""

    length: int = 0

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 1 and inputs[0].kind in ("w", "w+"), self, inputs)
        return Type("s", (self.length,))

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return 2 * inputs[0].shape[-1] * self.length

    def seconds(self, call: Call, profile: DeviceProfile) -> float:
        return super().seconds(call, profile) + _linear_seconds(self, call, profile, layers=1)


@dataclass(frozen=True)
class Affine(ToStyles):
    """The styles of all layers, end to end."""

    name: ClassVar[str] = "affine"


@dataclass(frozen=True)
class Lerp(CodeOp):
    """a + t (b - a) of two codes. Params: t."""

    name: ClassVar[str] = "lerp"
    takes_params: ClassVar[bool] = True
    takes_numbers: ClassVar[bool] = True

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 2 and inputs[0] == inputs[1] and inputs[0].kind in CODE_KINDS, self, inputs)
        return inputs[0]


@dataclass(frozen=True)
class Splice(CodeOp):
    """The first code with entries of the second: [start, stop) ranges of rows of W+ or of entries of S."""

    name: ClassVar[str] = "splice"
    ranges: tuple[tuple[int, int], ...] = ()

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 2 and inputs[0] == inputs[1] and inputs[0].kind in ("w+", "s"), self, inputs)
        return inputs[0]


@dataclass(frozen=True)
class Own(CodeOp):
    """S, where the entries that own a part move towards the entries of a reference (Collins et al. 2020).

    Params: (numbers of the parts, or a mask that contains them; λ, ρ, ε).
    """

    name: ClassVar[str] = "own"
    takes_params: ClassVar[bool] = True
    how: str = "greedy"
    layer: str = ""
    clusters: int = 0
    samples: int = 0
    seed: int = 0

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 2 and inputs[0] == inputs[1] and inputs[0].kind == "s", self, inputs)
        return inputs[0]

    def constants_copied(self, call: Call, distinct_rows: int) -> Copies:
        return Copies(1, call.out_bytes)


@dataclass(frozen=True)
class Invert(CodeOp):
    """Inversion: the code whose image approximates the operand, by optimisation. Each row stops on its own.

    The second operand, if there is one, is the code that the search starts from.
    """

    name: ClassVar[str] = "invert"
    reads_back: ClassVar[bool] = True
    settings: InversionSettings
    shape: tuple[int, ...] = ()
    pass_flops: int = 0  # FLOPs of one forward pass, for the cost

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        code = Type(self.settings.space, self.shape)
        expect(inputs[0].kind == "rgb" and inputs[1:] in ((), (code,)), self, inputs)
        return code

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        # a backward pass costs about two forward ones
        return 3 * self.settings.steps * self.settings.starts * self.pass_flops

    def seconds(self, call: Call, profile: DeviceProfile) -> float:
        flops = self.flops(call.inputs, call.output) * call.rows
        layers = 3 * round(log2(min(call.inputs[0].size)) - 1)
        calls = 1 + self.settings.steps * layers * CALLS_OF_A_LAYER
        return calls * profile.overhead + flops / rate(profile.plain, *TYPICAL_LAYER)

    def __str__(self) -> str:
        settings = self.settings
        return f"invert(model={self.model}, space={settings.space}, prior={settings.prior}, steps={settings.steps})"


@dataclass(frozen=True)
class Distance(CodeOp):
    """The Mahalanobis distance of codes from the mean, relative to the distance of samples: 1 is typical."""

    name: ClassVar[str] = "distance"
    space: TypeKind = "w"

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 1 and inputs[0].kind == self.space, self, inputs)
        return Type("distance", (1, 1, 1))

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return 2 * inputs[0].numbers * inputs[0].shape[-1]


def _linear_seconds(op: Op, call: Call, profile: DeviceProfile, *, layers: int) -> float:
    """Return the seconds of fully connected layers: each weight is read once a call, and used once a row."""
    flops = op.flops(call.inputs, call.output)
    return layers * profile.overhead + max(profile.seconds_to_move(flops / 2), flops * call.rows / profile.peak)
