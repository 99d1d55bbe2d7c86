"""The operation of encoders: images -> codes in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from fgraph.ir.costs import Call, DeviceProfile, rate
from fgraph.ir.ops.base import expect
from fgraph.ir.ops.latent import TYPICAL_LAYER, CodeOp
from fgraph.ir.types import Type

if TYPE_CHECKING:
    from fgraph.stylegan.checkpoints.encoder_file import EncoderHeader
    from fgraph.stylegan.tables.encoder import EncoderTable

_MAPS = 5  # maps of the largest size in memory at once, as the profiler of torch counts them
_ROWS_BYTES = 64 << 20  # bytes of the largest maps of the rows that run together


@dataclass(frozen=True)
class Encode(CodeOp):
    """The code that an encoder finds for an image. A residual encoder also draws what it has found so far."""

    name: ClassVar[str] = "encode"
    encoder: EncoderHeader
    iterations: int = 1
    rows: int = 0  # rows of W+; 0: the code is in W
    pass_flops: int = 0  # FLOPs of a forward pass of the generator
    pass_numbers: int = 0  # numbers of the largest map of that pass

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 1 and inputs[0].kind == "rgb", self, inputs)
        expect(inputs[0].shape[0] == self.table.image_channels, self, inputs)
        return Type("w+", (self.rows, self.table.w_dim)) if self.rows else Type("w", (self.table.w_dim,))

    @property
    def table(self) -> EncoderTable:
        """The sizes of the encoder."""
        return self.encoder.table

    @property
    def passes(self) -> int:
        """The forward passes of the generator: one before each call of a residual encoder."""
        return self.iterations if self.table.is_residual else 0

    @property
    def rows_together(self) -> int:
        """The rows that the kernel encodes at a time, so that its memory does not grow with the rows."""
        return max(1, _ROWS_BYTES // (4 * max(self.table.largest, self.pass_numbers if self.passes else 0)))

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return self.iterations * self.table.flops + self.passes * self.pass_flops

    def seconds(self, call: Call, profile: DeviceProfile) -> float:
        flops = self.flops(call.inputs, call.output) * call.rows
        calls = self.iterations * self.table.calls * -(-call.rows // self.rows_together)
        return calls * profile.overhead + flops / rate(profile.plain, *TYPICAL_LAYER)

    def workspace(self, call: Call, gathered: Sequence[int]) -> int:
        rows = min(call.rows, self.rows_together)
        largest = max(self.table.largest, self.pass_numbers if self.passes else 0, call.inputs[0].numbers)
        return sum(gathered) + 4 * rows * _MAPS * largest

    def __str__(self) -> str:
        return f"encode(model={self.model}, encoder={self.encoder.path.name}, iterations={self.iterations})"
