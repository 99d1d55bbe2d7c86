"""Layers of StyleGAN2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, ClassVar

from fgraph._geometry.regions import Cyclic, Region, doubled, grown, halved
from fgraph.ir.costs import NO_COPIES, Call, Copies, DeviceProfile, conv_flops, rate
from fgraph.ir.ops.base import Op, Order, expect
from fgraph.ir.types import Type
from fgraph.stylegan.tables.base import Layer
from fgraph.stylegan.tables.chunk_sizes import WINOGRAD_TILE, chunk_rows, conv_bytes, is_winograd, winograd_bytes

_FIR_TAPS = 4
FIR_FLOPS = 2 * _FIR_TAPS * 2  # a separable filter: two passes of four multiply-adds


@dataclass(frozen=True)
class Const(Op):
    """The constant input of a generator; one row."""

    name: ClassVar[str] = "const"
    model: str
    channels: int
    height: int
    width: int

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(not inputs, self, inputs)
        return Type("activation", (self.channels, self.height, self.width))

    def inputs_copied(self, call: Call, distinct_rows: int) -> Copies:
        return NO_COPIES  # the model is on the device


@dataclass(frozen=True)
class LayerOp(Op):
    """A call of a generator layer, which reads neighbours across the edge of a wrapped axis."""

    is_layer: ClassVar[bool] = True
    model: str
    layer: Layer
    wrap_x: bool = False
    wrap_y: bool = False

    @property
    def order(self) -> Order | None:
        position = {"conv0": 0, "conv1": 1, "torgb": 2}[self.layer.name.partition(".")[2]]
        return (self.layer.resolution, position)

    @property
    def layer_name(self) -> str | None:
        return self.layer.name

    @property
    def label(self) -> tuple[str, str]:
        return self.layer.name, self.model

    @property
    def reads_in_place(self) -> bool:
        return True

    @property
    def wraps(self) -> Cyclic:
        return (self.wrap_y, self.wrap_x)

    def __str__(self) -> str:
        wrap = "".join(axis for axis, on in (("x", self.wrap_x), ("y", self.wrap_y)) if on)
        return f"{self.name} {self.layer.name} {self.model}" + (f" wrap={wrap}" if wrap else "")


@dataclass(frozen=True)
class StyleGAN2Op(LayerOp):
    """A call of a layer of StyleGAN2, which runs some rows at a time on a CPU."""

    def rows_at_once(self, call: Call, itemsize: int = 4) -> int:
        """Return how many rows the layer gathers and runs at a time on a CPU, for numbers of `itemsize` bytes."""
        inputs, height, width = call.inputs[0].shape
        halo = self._halo(call)
        shape = (inputs, height + halo, width + halo)
        return min(call.rows, chunk_rows(shape, self.layer.out_channels, self.layer.up, itemsize))

    def _halo(self, call: Call) -> int:
        """Return the number of pixels by which the styled input of the layer is higher and wider than the map."""
        return 0


@dataclass(frozen=True)
class Conv(StyleGAN2Op):
    """A modulated 3x3 convolution with noise, bias and activation. Operands: activation, S, and noise if any."""

    name: ClassVar[str] = "conv"

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(2 <= len(inputs) <= 3 and inputs[0].kind == "activation" and inputs[1].kind == "s", self, inputs)
        channels, height, width = inputs[0].shape
        size = (height * self.layer.up, width * self.layer.up)
        expect(channels == self.layer.state_in, self, inputs)
        expect(len(inputs) == 2 or inputs[2] == Type("noise", (1, *size)), self, inputs)
        return Type("activation", (self.layer.state_out, *size))

    def granularity(self, region: Region, output: Type) -> Region:
        return doubled(halved(region)) if self.layer.up == 2 else region

    def footprint(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        if port != 0:
            return region  # the noise
        return grown(halved(region) if self.layer.up == 2 else region, 1)

    def affected(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        if port != 0:
            return region
        return doubled(grown(region, 1)) if self.layer.up == 2 else grown(region, 1)

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        channels, height, width = inputs[0].shape
        fir = FIR_FLOPS * output.numbers if self.layer.up == 2 else 0
        return 2 * 9 * channels * self.layer.out_channels * height * width + fir

    def seconds(self, call: Call, profile: DeviceProfile) -> float:
        channels, height, width = call.inputs[0].shape
        positions = call.rows * height * width
        rates = profile.doubling if self.layer.up == 2 else profile.plain
        speed = rate(rates, sqrt(channels * self.layer.out_channels), positions)
        return profile.overhead + conv_flops(channels, self.layer.out_channels, positions) / speed

    def _halo(self, call: Call) -> int:
        return 2 if self.layer.up == 2 or call.is_tiled else 0

    def workspace(self, call: Call, gathered: Sequence[int]) -> int:
        rows = self.rows_at_once(call)
        return _gathered_at_once(call, gathered, rows) + self._styled_bytes(call, rows)

    def _styled_bytes(self, call: Call, rows: int) -> int:
        """Return the bytes of the styled input of `rows` rows, and of the output of the convolution."""
        inputs, height, width = call.inputs[0].shape
        outputs, *size = call.output.shape
        result = 4 * rows * outputs * size[0] * size[1]
        partial = result if rows < call.rows else 0  # the result of some rows, beside the result of all rows
        if self.layer.up == 1 and is_winograd(inputs, self.layer.out_channels, size):
            tiled = [-(-length // WINOGRAD_TILE) * WINOGRAD_TILE + 2 for length in size]
            styled = 4 * rows * inputs * tiled[0] * tiled[1]
            return styled + winograd_bytes(rows, inputs, self.layer.out_channels, size)
        styled = 4 * rows * inputs * (height + self._halo(call)) * (width + self._halo(call))
        scratch = conv_bytes(rows, styled // 4, inputs * self.layer.out_channels * 9, self.layer.up)
        if self.layer.up == 1:
            return styled + partial + scratch
        upsampled = 4 * rows * outputs * (size[0] + _FIR_TAPS - 1) * (size[1] + _FIR_TAPS - 1)
        residual = call.out_bytes if self.layer.residual == "made" else 0
        return max(styled + upsampled - (result - partial) + scratch, upsampled + partial) + residual


@dataclass(frozen=True)
class ToRGB(StyleGAN2Op):
    """A modulated 1x1 convolution to RGB. Operands: activation, S, and the up-sampled skip that it is added to."""

    name: ClassVar[str] = "torgb"

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(2 <= len(inputs) <= 3 and inputs[0].kind == "activation" and inputs[1].kind == "s", self, inputs)
        output = Type("rgb", (self.layer.out_channels, *inputs[0].size))
        expect(len(inputs) == 2 or inputs[2] == output, self, inputs)
        return output

    @property
    def footprint_wraps(self) -> Cyclic:
        return (True, True)  # it reads no neighbours, so its windows are regions

    def granularity(self, region: Region, output: Type) -> Region:
        return region

    def footprint(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        return region

    def affected(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        return region

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return 2 * inputs[0].shape[0] * output.numbers

    def seconds(self, call: Call, profile: DeviceProfile) -> float:
        return profile.overhead + call.rows * call.inputs[0].numbers * profile.itemsize / profile.rgb

    def workspace(self, call: Call, gathered: Sequence[int]) -> int:
        added = call.out_bytes if len(call.inputs) > 2 else 0
        return _gathered_at_once(call, gathered, self.rows_at_once(call)) + added


def _gathered_at_once(call: Call, gathered: Sequence[int], rows: int) -> int:
    """Return the bytes of gathered operands where the activation is gathered for `rows` rows at a time."""
    return gathered[0] * rows // call.rows + sum(gathered[1:])


@dataclass(frozen=True)
class Upsample(Op):
    """The skip image at twice the size, by the [1,3,3,1] filter; zero beyond a true border."""

    name: ClassVar[str] = "upsample"
    wrap_x: bool = False
    wrap_y: bool = False

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 1 and inputs[0].kind == "rgb", self, inputs)
        height, width = inputs[0].size
        return inputs[0].resized(2 * height, 2 * width)

    @property
    def reads_in_place(self) -> bool:
        return True

    @property
    def wraps(self) -> Cyclic:
        return (self.wrap_y, self.wrap_x)

    def granularity(self, region: Region, output: Type) -> Region:
        return doubled(halved(region))

    def footprint(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        return grown(halved(region), 1)

    def affected(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        return doubled(grown(region, 1))

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return FIR_FLOPS * output.numbers

    def workspace(self, call: Call, gathered: Sequence[int]) -> int:
        padded = 0 if call.is_tiled else call.out_bytes // 4  # a tile brings its context
        return sum(gathered) + padded
