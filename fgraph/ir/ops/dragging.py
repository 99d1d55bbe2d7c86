"""Operations of point-based editing."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar, Literal

from fgraph.ir.costs import Call, Copies, DeviceProfile, rate
from fgraph.ir.ops.base import Op, expect
from fgraph.ir.ops.latent import CALLS_OF_A_LAYER, TYPICAL_LAYER, CodeOp
from fgraph.ir.types import Type, TypeKind

if TYPE_CHECKING:
    from fgraph.dragging.settings import DragSettings

TRAIL = 128  # positions along the path of a point in a result
ABSENT = -1.0  # the position of a point that a row lacks
ENDING = 3  # numbers: how it ended, the steps, the mean distance in pixels
Part = Literal["code", "trail", "ending"]


@dataclass(frozen=True)
class Drag(CodeOp):
    """The drag of points, by optimisation. Each row stops on its own. Params: the points of the row.

    A row of the result has the code, the ending and the trail of each frame, end to end; `DragPart` picks one of them.
    """

    name: ClassVar[str] = "drag"
    reads_back: ClassVar[bool] = True
    takes_params: ClassVar[bool] = True
    settings: DragSettings
    space: TypeKind = "w+"
    shape: tuple[int, ...] = ()
    points: int = 1  # most points of a row
    every: int = 0  # steps between two frames; 0: the end is the only frame
    pass_flops: int = 0  # FLOPs of a forward pass up to the features, for the cost

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        code = Type(self.space, self.shape)
        kinds = [one.kind for one in inputs]
        expect(kinds in ([self.space], [self.space, "mask"]) and inputs[0] == code, self, inputs)
        return Type("drag", self.row_shape)

    @property
    def frames(self) -> int:
        """The number of frames: after each `every` steps, from the first one to the last."""
        return -(-self.settings.steps // self.every) + 1 if self.every else 1

    @property
    def frame_length(self) -> int:
        """The length of a frame, in numbers."""
        return prod(self.shape) + ENDING + 2 * self.points * TRAIL

    @property
    def row_shape(self) -> tuple[int]:
        """The shape of a row of the result."""
        return (self.frames * self.frame_length,)

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return (1 + 3 * self.settings.steps) * self.pass_flops  # a backward pass costs about two forward ones

    def seconds(self, call: Call, profile: DeviceProfile) -> float:
        flops = self.flops(call.inputs, call.output) * call.rows
        calls = 1 + self.settings.steps * 3 * 12 * CALLS_OF_A_LAYER
        return calls * profile.overhead + flops / rate(profile.plain, *TYPICAL_LAYER)

    def __str__(self) -> str:
        settings = f"space={self.settings.space}, tracking={self.settings.tracking}, steps={self.settings.steps}"
        every = f", every={self.every}" if self.every else ""
        return f"drag(model={self.model}, {settings}{every})"


@dataclass(frozen=True)
class DragPart(CodeOp):
    """The code, the ending or the trail of a frame from the packed rows of a drag."""

    name: ClassVar[str] = "drag_part"
    PARTS: ClassVar[tuple[Part, ...]] = ("code", "trail", "ending")
    of: Drag
    part: Part = "code"
    frame: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a row."""
        return {"code": self.of.shape, "trail": (TRAIL, self.of.points, 2), "ending": (ENDING,)}[self.part]

    @property
    def columns(self) -> slice:
        """The place of the part in a row of the drag's result."""
        code = prod(self.of.shape)
        start = self.frame * self.of.frame_length + {"code": 0, "ending": code, "trail": code + ENDING}[self.part]
        return slice(start, start + prod(self.shape))

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 1 and inputs[0].kind == "drag", self, inputs)
        return Type(self.of.space if self.part == "code" else "trail", self.shape)

    def __str__(self) -> str:
        frame = f", frame={self.frame}" if self.of.every else ""
        return f"drag_part({self.part}, points={self.of.points}{frame})"


@dataclass(frozen=True)
class Arrows(Op):
    """The paths of points drawn on images; the width of lines is a fraction of the shorter side."""

    name: ClassVar[str] = "arrows"
    width: float

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect([one.kind for one in inputs] == ["rgb", "trail"], self, inputs)
        return inputs[0]

    def constants_copied(self, call: Call, distinct_rows: int) -> Copies:
        return Copies(2, 16 + 3 * 3 * 4)  # the size of the images, three colours

    def __str__(self) -> str:
        return f"arrows(width={self.width:g})"
