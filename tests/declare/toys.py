"""Small node classes for tests of the language: they replace the bundled ones, and cannot be lowered."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from fgraph._arrays import Array
from fgraph._ports import Kind, LayerSet
from fgraph.node import Data, FeaturesPort, ImagePort, LatentPort, MaskPort, Node, Noise, PerRow, SpatialPort
from fgraph.registry import registry


class Sample(Node):
    """Latents drawn from seeds.

    A list of seeds gives a row each.
    """

    op: Literal["sample"] = "sample"
    produces: ClassVar[Kind] = Kind.LATENT

    seed: PerRow[Annotated[int, Field(ge=0)]] | None = Field(None, description="absent: derived")
    truncation: PerRow[float] = Field(1.0, description="ψ")
    model: str | None = Field(None, description="absent: main")


class Latent(Node):
    """Given latents."""

    op: Literal["latent"] = "latent"
    produces: ClassVar[Kind] = Kind.LATENT

    value: Data[Array | None] = Field(None, description="the numbers")
    file: Data[str | None] = None
    space: Literal["z", "w", "w+", "s"] = "w"

    @model_validator(mode="after")
    def _one_source(self) -> "Latent":
        if (self.value is None) == (self.file is None):
            raise ValueError("give either file or value")
        return self


class Ramp(Node):
    """A ramp along an axis."""

    op: Literal["mask"] = "mask"
    produces: ClassVar[Kind] = Kind.MASK

    kind: Literal["ramp"] = "ramp"
    axis: Data[Literal["x", "y"]] = "x"
    start: PerRow[float] = 0.25
    stop: PerRow[float] = 0.75


class Box(Node):
    """A rectangle."""

    op: Literal["mask"] = "mask"
    produces: ClassVar[Kind] = Kind.MASK

    kind: Literal["box"] = "box"
    box: Data[tuple[float, float, float, float]] = Field(description="x, y, width, height")


class Combine(Node):
    """Masks combined."""

    op: Literal["mask"] = "mask"
    produces: ClassVar[Kind] = Kind.MASK

    kind: Literal["combine"] = "combine"
    of: Annotated[tuple[MaskPort, ...], Field(min_length=1)]


class Blend(Node):
    """A mix of two passes by a mask."""

    op: Literal["blend"] = "blend"
    produces: ClassVar[Kind] = Kind.FEATURES

    a: FeaturesPort
    b: FeaturesPort
    mask: MaskPort = Field(description="where b shows")
    layers: LayerSet = LayerSet("all")
    parts: Literal["both", "activation", "skip"] = "both"


class Tap(Node):
    """A pass that pauses after a layer."""

    op: Literal["tap"] = "tap"
    produces: ClassVar[Kind] = Kind.FEATURES

    of: FeaturesPort
    layer: str | int = "const"
    model: str | None = None
    noise: Noise | None = None


class Shift(Node):
    """A shifted canvas."""

    op: Literal["shift"] = "shift"

    of: SpatialPort
    dx: PerRow[float] = 0.0
    dy: PerRow[float] = 0.0


class Concat(Node):
    """Parts side by side."""

    op: Literal["concat"] = "concat"

    of: Annotated[tuple[SpatialPort, ...], Field(min_length=1)] = Field(description="the parts")
    axis: Literal["x", "y"] = "x"


class Lerp(Node):
    """A latent between two."""

    op: Literal["lerp"] = "lerp"
    produces: ClassVar[Kind] = Kind.LATENT

    a: LatentPort
    b: LatentPort
    t: PerRow[Annotated[float, Field(ge=0, le=1)]] = 0.5


class Decode(Node):
    """The image of a pass."""

    op: Literal["decode"] = "decode"
    produces: ClassVar[Kind] = Kind.IMAGE

    of: FeaturesPort
    clamp: bool = True


class Knit(Node):
    """Images joined into one."""

    op: Literal["knit"] = "knit"
    produces: ClassVar[Kind] = Kind.IMAGE
    collapses: ClassVar[bool] = True

    of: ImagePort

    def row_count(self, rows: object) -> int:
        return 1


TOYS: tuple[type[Node], ...] = (
    Sample, Latent, Ramp, Box, Combine, Blend, Tap, Shift, Concat, Lerp, Decode, Knit,
)  # fmt: skip
OPS = registry(TOYS)

BLEND = """\
version: 1
seed: 0
nodes:
  left:  {op: sample}
  right: {op: sample}
  fade:  {op: mask, kind: ramp, axis: x, start: 0.25, stop: 0.75}
  mix:   {op: blend, a: left, b: right, mask: fade}
  image: {op: decode, of: mix}
outputs: [image]
"""
