"""Layers of StyleGAN3: the plane that a pass starts from, its samples, and filtered convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, ClassVar

from fgraph._geometry.regions import Region, whole
from fgraph.ir.costs import Call, DeviceProfile, rate
from fgraph.ir.ops.base import Op, Order, expect
from fgraph.ir.ops.latent import FIRST
from fgraph.ir.ops.layer import LayerOp
from fgraph.ir.types import Type, TypeKind
from fgraph.stylegan.tables import spans
from fgraph.stylegan.tables.spans import Span, X, Y
from fgraph.stylegan.tables.stylegan3 import StyleGAN3Layer, layer_flops
from fgraph.stylegan.tables.stylegan3_chunk_sizes import layer_bytes

_PASSES = 80  # the time to filter and activate a number on a CPU, as a multiple of the time to read or write it
_FEATURE = 12  # FLOPs of one sample of a Fourier feature: two products and a sine, roughly


@dataclass(frozen=True)
class Plane(Op):
    """The placement of a canvas on the plane. Params: the `Placement`."""

    name: ClassVar[str] = "plane"
    takes_params: ClassVar[bool] = True

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(not inputs, self, inputs)
        return Type("plane", (2, 3))

    @property
    def order(self) -> Order | None:
        return FIRST


@dataclass(frozen=True)
class StyleGAN3Op(LayerOp):
    """A call of a layer of StyleGAN3, which never wraps round an edge."""

    layer: StyleGAN3Layer

    @property
    def order(self) -> Order | None:
        return (self.layer.resolution, self.layer.index)


@dataclass(frozen=True)
class Fourier(StyleGAN3Op):
    """The input: Fourier features sampled on the plane. Operands: the plane, S."""

    name: ClassVar[str] = "fourier"
    height: int = 0
    width: int = 0

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 2 and inputs[0].kind == "plane" and inputs[1].kind == "s", self, inputs)
        return Type("activation", (self.layer.out_channels, self.height, self.width))

    def granularity(self, region: Region, output: Type) -> Region:
        return region

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return (2 * output.shape[0] + _FEATURE) * output.numbers

    def workspace(self, call: Call, gathered: Sequence[int]) -> int:
        return sum(gathered) + 3 * call.out_bytes  # angles, sines, sines times amplitudes

    def __str__(self) -> str:
        return f"{super().__str__()} {self.height}x{self.width}"


@dataclass(frozen=True)
class Filtered(StyleGAN3Op):
    """A modulated convolution, and its activation between two filters. Operands: activation, S.

    Its regions are exact: `spans` maps pixels of the result to pixels of the input.
    """

    name: ClassVar[str] = "filtered"

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 2 and inputs[0].kind == "activation" and inputs[1].kind == "s", self, inputs)
        expect(inputs[0].shape[0] == self.layer.in_channels, self, inputs)
        size = [spans.size_made(self.layer, axis, inputs[0].size[axis]) for axis in (Y, X)]
        kind: TypeKind = "rgb" if self.layer.kind == "torgb" else "activation"
        return Type(kind, (self.layer.out_channels, *size))

    def granularity(self, region: Region, output: Type) -> Region:
        step = spans.step_of(self.layer)
        if step == 1:
            return region
        if step > 2 or output.size[0] % 2 or output.size[1] % 2:
            return whole(output.size)  # no published layer has this
        return (region[0] // 2 * 2, region[1] // 2 * 2, -(-region[2] // 2) * 2, -(-region[3] // 2) * 2)

    def footprint(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        return _of_spans(*(spans.read_span(self.layer, axis, _along(region, axis)) for axis in (Y, X)))

    def affected(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        return _of_spans(*(spans.affected_span(self.layer, axis, _along(region, axis)) for axis in (Y, X)))

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return layer_flops(self.layer, inputs[0].size, output.size)

    def seconds(self, call: Call, profile: DeviceProfile) -> float:
        layer, (channels, height, width) = self.layer, call.inputs[0].shape
        positions = call.rows * height * width
        flops = 2 * layer.taps**2 * layer.in_channels * layer.out_channels * positions
        inner = positions * layer.out_channels * layer.up_factor**2
        products = flops / rate(profile.plain, sqrt(channels * layer.out_channels), positions)
        return profile.overhead + products + _PASSES * profile.seconds_to_move(inner)

    def workspace(self, call: Call, gathered: Sequence[int]) -> int:
        read = call.inputs[0].size if call.read is None else call.read
        return sum(gathered) + layer_bytes(self.layer, read, call.output.size, call.rows)


def _along(region: Region, axis: int) -> Span:
    return region[axis], region[axis + 2]


def _of_spans(vertical: Span, horizontal: Span) -> Region:
    return vertical[0], horizontal[0], vertical[1], horizontal[1]
