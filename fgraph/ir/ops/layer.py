"""Calls of a generator's layers, with the noise they add."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from fgraph._geometry.regions import Cyclic, Region, doubled, grown, halved
from fgraph.ir.ops.base import Op, Order, PointwiseOp, expect
from fgraph.ir.types import Type
from fgraph.stylegan.tables.base import Layer

FIR_FLOPS = 2 * 4 * 2  # a separable filter of four taps: two passes of four multiply-adds


@dataclass(frozen=True)
class Const(Op):
    """The constant input of a generator; one row."""

    name: ClassVar[str] = "const"
    model: str
    channels: int
    resolution: int

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(not inputs, self, inputs)
        return Type("activation", (self.channels, self.resolution, self.resolution))


@dataclass(frozen=True)
class LayerOp(Op):
    """A call of a layer; neighbours are read round the edge of a wrapped axis."""

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
    def reads_in_place(self) -> bool:
        return True

    @property
    def wraps(self) -> Cyclic:
        return (self.wrap_y, self.wrap_x)

    def __str__(self) -> str:
        wrap = "".join(axis for axis, on in (("x", self.wrap_x), ("y", self.wrap_y)) if on)
        return f"{self.name} {self.layer.name} {self.model}" + (f" wrap={wrap}" if wrap else "")


@dataclass(frozen=True)
class Conv(LayerOp):
    """A modulated 3x3 convolution with noise, bias and activation. Operands: activation, S, and noise unless none."""

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


@dataclass(frozen=True)
class ToRGB(LayerOp):
    """A modulated 1x1 convolution to RGB. Operands: activation, S, and the up-sampled skip that it is added to."""

    name: ClassVar[str] = "torgb"

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(2 <= len(inputs) <= 3 and inputs[0].kind == "activation" and inputs[1].kind == "s", self, inputs)
        output = Type("rgb", (self.layer.out_channels, *inputs[0].size))
        expect(len(inputs) == 2 or inputs[2] == output, self, inputs)
        return output

    @property
    def footprint_wraps(self) -> Cyclic:
        return (True, True)  # it reads no neighbours: its windows are regions

    def granularity(self, region: Region, output: Type) -> Region:
        return region

    def footprint(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        return region

    def affected(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        return region

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        return 2 * inputs[0].shape[0] * output.numbers


@dataclass(frozen=True)
class Upsample(Op):
    """The skip image, doubled by the [1,3,3,1] filter; zero beyond a true border."""

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


@dataclass(frozen=True)
class NoiseField(PointwiseOp):
    """Noise over a layer's whole canvas, before the layer's strength.

    Params by mode and fit. const: tile None, ends (declared rows, row) or None, follow the frame. random:
    (seed, row key, frame or None). given: (array, row).
    """

    name: ClassVar[str] = "noise"
    takes_params: ClassVar[bool] = True
    model: str
    layer: Layer
    mode: Literal["const", "random", "given"]
    fit: Literal["tile", "ends", "follow"]
    height: int
    width: int

    @property
    def is_tiled(self) -> bool:
        """Whether it is the layer's buffer, over and over, so that a part is made without the rest."""
        return self.mode == "const" and self.fit == "tile"

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(not inputs, self, inputs)
        return Type("noise", (1, self.height, self.width))

    def __str__(self) -> str:
        return f"noise {self.layer.name} {self.model} {self.mode} {self.fit} {self.height}x{self.width}"
