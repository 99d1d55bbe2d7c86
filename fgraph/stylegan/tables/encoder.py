"""The tables of encoders, networks that find the codes of images: sizes, layout and costs. Without torch.

The published encoders share one layout: a backbone of residual blocks, and for each row of W+ a head of convolutions of
stride 2. pSp (Richardson et al. 2021), e4e (Tov et al. 2021), ReStyle (Alaluf et al. 2021) and StyleGAN3-editing
(Alaluf et al. 2022) differ in three places:

| place | choices |
| --- | --- |
| `backbone` | `ir-se` (IR-SE50), or `resnet` (ResNet34 without its pooling) |
| `head` | `pyramid`: heads read three maps; `single`: the last one; `pooled`, `flat`: one dense layer |
| `progressive` | whether rows after the first add to the first, as in e4e |

An encoder that `mode=train-encoder` fits is a `DiscriminatorTable` instead: a residual network with one output for each
number of the code.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

from fgraph._cached import cached_property
from fgraph.stylegan.tables.base import Size
from fgraph.stylegan.tables.discriminator import DiscriminatorTable, discriminator_shapes

COARSE, MIDDLE = 3, 7  # rows of W+ below COARSE read the coarse map of a pyramid, rows from MIDDLE on the fine map
FLAT = 7  # pixels of the map that a `flat` head reads

Backbone = Literal["ir-se", "resnet"]
Head = Literal["pyramid", "single", "pooled", "flat"]
Content = Literal["whole", "middle"]  # the part of an image that an encoder reads


@dataclass(frozen=True)
class Block:
    """A residual block of a backbone."""

    inner: int  # channels of its input
    outer: int  # channels of its output
    stride: int

    @property
    def projects(self) -> bool:
        """True if its shortcut is a convolution, because the channels change."""
        return self.inner != self.outer


@dataclass(frozen=True)
class HeadedTable:
    """The sizes of a published encoder."""

    backbone: Backbone
    in_channels: int
    stem: int  # channels of the first layer
    blocks: tuple[Block, ...]
    head: Head
    width: int  # channels of the heads
    depths: tuple[int, ...] = ()  # convolutions of each head
    progressive: bool = False

    @property
    def levels(self) -> tuple[int, int, int]:
        """The indices of the blocks whose outputs are the fine, the middle and the coarse map of a pyramid."""
        strided = [index for index, block in enumerate(self.blocks) if block.stride == 2]
        return strided[-2] - 1, strided[-1] - 1, len(self.blocks) - 1


@dataclass(frozen=True)
class EncoderTable:
    """The sizes of an encoder, and how its result becomes a code."""

    network: HeadedTable | DiscriminatorTable
    styles: int  # rows of W+; 0: the code is in W
    w_dim: int
    size: Size  # height and width of its input
    image_channels: int = 3
    is_residual: bool = False  # it reads an image beside its current reconstruction, and returns a difference
    adds_mean: bool = True  # whether it adds the mean; a residual encoder always starts from the mean
    content: Content = "whole"
    iterations: int = 1  # default number of calls

    @property
    def outputs(self) -> int:
        """The number of values in a code."""
        return max(self.styles, 1) * self.w_dim

    @cached_property
    def flops(self) -> int:
        """The floating-point operations of one call with one image."""
        return sum(2 * prod(shape) * pixels for shape, pixels in self._products())

    @cached_property
    def calls(self) -> int:
        """The number of convolutions and dense layers."""
        return len(self._products())

    @cached_property
    def largest(self) -> int:
        """The number of values in the largest map, for one image."""
        first = self.network.width(self.network.size) if isinstance(self.network, DiscriminatorTable) else _stem(self)
        return first * prod(self.size) if not self._halves else first * prod(self.size) // 4

    @property
    def _halves(self) -> bool:
        """True if the first layer halves the resolution."""
        return isinstance(self.network, HeadedTable) and self.network.backbone == "resnet"

    def _products(self) -> list[tuple[tuple[int, ...], int]]:
        """Return the shape of each weight with the pixels that it is applied to."""
        if isinstance(self.network, DiscriminatorTable):
            return _residual_products(self.network)
        return _headed_products(self.network, self.size, self.outputs)


def _stem(table: EncoderTable) -> int:
    assert isinstance(table.network, HeadedTable)
    return max(table.network.stem, table.network.blocks[0].outer)


def _residual_products(table: DiscriminatorTable) -> list[tuple[tuple[int, ...], int]]:
    found = []
    for name, shape in discriminator_shapes(table).items():
        if len(shape) < 2:
            continue
        block = int(name.split(".")[1]) if name.startswith("convs.") else 0
        side = table.size >> max(0, block - (".conv1." in name))
        found.append((shape, side * side if name.startswith("convs.") else 16 if name.startswith("final_conv") else 1))
    return found


def _headed_products(table: HeadedTable, size: Size, outputs: int) -> list[tuple[tuple[int, ...], int]]:
    height, width = size
    taps = 9
    if table.backbone == "resnet":
        height, width, taps = -(-height // 2), -(-width // 2), 49
    found: list[tuple[tuple[int, ...], int]] = [((table.stem, table.in_channels, taps), height * width)]
    maps: list[Size] = []
    for block in table.blocks:
        before = height * width
        height, width = -(-height // block.stride), -(-width // block.stride)
        maps.append((height, width))
        early = before if table.backbone == "ir-se" else height * width  # the size at which its first convolution runs
        found += [((block.outer, block.inner, 9), early), ((block.outer, block.outer, 9), height * width)]
        found += [((block.outer, block.inner), height * width)] * block.projects
    if table.head in ("pooled", "flat"):
        found += [((table.width, table.blocks[-1].outer * FLAT**2), 1)] * (table.head == "flat")
        return [*found, ((outputs, table.width), 1)]
    for row, depth in enumerate(table.depths):
        at = table.levels[2 if row < COARSE else 1 if row < MIDDLE else 0] if table.head == "pyramid" else -1
        (height, width), inner = maps[at], table.blocks[-1].outer
        for _ in range(depth):
            height, width = -(-height // 2), -(-width // 2)
            found.append(((table.width, inner, 9), height * width))
            inner = table.width
        found.append(((table.width, table.width), 1))
    return found
