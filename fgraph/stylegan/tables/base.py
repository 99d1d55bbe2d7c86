"""The interface of layer tables: layers, and the facts about them that other stages need. Without torch.

The index of a layer is its position in StyleSpace (σ index). The start of a pass is `const`, with the index -1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from fgraph._cached import cached_property
from fgraph._errors import nearest, show

Shape = tuple[int, ...]
Size = tuple[int, int]  # height and width
CONST = -1  # the index of the start of a pass


def extent(size: Size) -> str:
    """Return a size in words: `64`, or `512x256` (height x width) if it isn't square."""
    height, width = size
    return f"{height}" if height == width else f"{height}x{width}"


class UnknownLayer(KeyError, ValueError):
    """The error of a name that no layer of a generator has."""


@dataclass(frozen=True)
class Layer:
    """One layer of a generator: its name, its inputs and its outputs."""

    name: str
    index: int  # σ index; -1 is the constant
    kind: Literal["const", "input", "conv", "torgb"]
    resolution: int  # the number in its block's name, which doubles from block to block: 4, 8, ...
    up: int  # 2 if it doubles the resolution, otherwise 1
    in_channels: int
    out_channels: int
    style_start: int  # its styles are S[:, style_start : style_start + in_channels]
    ws_index: int  # its row of W+
    noise_index: int | None  # its noise buffer
    residual: Literal["", "made", "added"] = ""  # resnet: a block's first conv makes it, the second adds it
    size: Size = field(kw_only=True)  # pixels of the output, on a canvas of one image and without a margin

    @property
    def margin(self) -> Size:
        """Pixels by which its maps exceed the canvas along y and x, half of them on each side."""
        return (0, 0)

    @property
    def tensor(self) -> Literal["activation", "skip"]:
        """The state tensor that this layer writes."""
        return "skip" if self.kind == "torgb" else "activation"

    @property
    def state_in(self) -> int:
        """Channels of the activation that it reads, including a residual that it adds."""
        return self.in_channels + (self.out_channels if self.residual == "added" else 0)

    @property
    def state_out(self) -> int:
        """Channels of the output, including a residual for the next layer."""
        return self.out_channels * (2 if self.residual == "made" else 1)

    @property
    def style_slice(self) -> slice:
        """The columns of its styles in S."""
        return slice(self.style_start, self.style_start + self.in_channels)

    @property
    def block(self) -> str:
        """The name of its block, such as `b8`."""
        return f"b{self.resolution}"

    @property
    def halo(self) -> int:
        """The distance in input pixels, in each direction, up to which an output pixel depends on the input."""
        return (1 if self.kind == "conv" else 0) + (self.up - 1)


class Table:
    """The interface of a layer table, for either architecture."""

    if TYPE_CHECKING:  # fields of some subclasses, properties of others

        @property
        def size(self) -> Size:
            """Height and width of the image in pixels."""

        @property
        def z_dim(self) -> int:
            """The length of z."""

        @property
        def w_dim(self) -> int:
            """The length of w."""

        @property
        def c_dim(self) -> int:
            """The number of classes of a conditional generator, otherwise 0."""

        @property
        def image_channels(self) -> int:
            """The number of channels of the image."""

        @property
        def architecture(self) -> str:
            """The architecture, such as `skip` or `stylegan3-t`."""

        @property
        def mapping_layers(self) -> int:
            """The number of layers of the mapping network."""

        @property
        def embed_width(self) -> int:
            """The length of the embedding of a class, which is appended to the input of the mapping network."""

        @property
        def class_means(self) -> bool:
            """True if the generator has a mean of w for each class, as StyleGAN-XL does."""

        @property
        def mapping_widths(self) -> tuple[int, ...]:
            """The output width of each layer of the mapping network; empty if all are w_dim."""

        @property
        def mapping_rate(self) -> float:
            """The learning-rate multiplier of the mapping network. Its stored weights do not include the factor."""

        @property
        def mapping_activation(self) -> str:
            """The activation function of the mapping network."""

        @property
        def layers(self) -> tuple[Layer, ...]:
            """All layers, the start of the pass first."""

        @property
        def forward_flops(self) -> int:
            """The floating-point operations of the convolutions of one forward pass."""

    @property
    def resolution(self) -> int:
        """The resolution of the last layer, which names its block; for square images, their side."""
        return self.layers[-1].resolution

    @property
    def unit(self) -> tuple[Fraction, Fraction]:
        """Height and width of the image as multiples of the resolution: 1 and 1 if it is square."""
        return Fraction(self.size[0], self.resolution), Fraction(self.size[1], self.resolution)

    @property
    def extent(self) -> str:
        """The size of the image in words: `64`, or `512x256` (height x width) if it isn't square."""
        return extent(self.size)

    @property
    def code_width(self) -> int:
        """The length of a z code: z_dim, plus the one-hot class of a conditional generator."""
        return self.z_dim + self.c_dim

    @property
    def mean_shape(self) -> Shape:
        """The shape of the mean of w: [w_dim], or [classes, w_dim] with a mean for each class."""
        return (self.c_dim, self.w_dim) if self.class_means else (self.w_dim,)

    @property
    def widths(self) -> tuple[int, ...]:
        """The width of the input of the mapping network, then the output width of each of its layers."""
        made = self.mapping_widths or (self.w_dim,) * self.mapping_layers
        return (self.z_dim + self.embed_width, *made)

    @property
    def num_ws(self) -> int:
        """The rows of a W+ code."""
        return self.layers[-1].ws_index + 1

    @cached_property
    def style_length(self) -> int:
        """The length of a row of S, which is the sum of all layers' style lengths."""
        return sum(layer.in_channels for layer in self.layers[1:])

    @property
    def is_stylegan3(self) -> bool:
        """True for a StyleGAN3, whose pass starts from a plane instead of a constant."""
        return False

    @property
    def last(self) -> int:
        """The index of the last layer, which completes the image."""
        return self.layers[-1].index

    def at(self, index: int) -> Layer:
        """Return the layer with this σ index; -1 is the start of a pass."""
        return self.layers[index + 1]

    @cached_property
    def _by_name(self) -> Mapping[str, Layer]:
        return {layer.name: layer for layer in self.layers}

    @cached_property
    def _blocks(self) -> Mapping[str, tuple[int, ...]]:
        blocks: dict[str, tuple[int, ...]] = {}
        for layer in self.layers[1:]:
            blocks[layer.block] = (*blocks.get(layer.block, ()), layer.index)
        return blocks

    def find(self, name: str | int) -> tuple[int, ...]:
        """Return the σ indices of a name: one layer, or all layers of a block such as `b8`.

        Raises:
            UnknownLayer: no layer or block has this name; the message suggests the nearest one.
        """
        text = str(name).strip()
        if re.fullmatch(r"-?[0-9]{1,9}", text):
            index = int(text)
            if CONST < index <= self.last:
                return (index,)
            raise UnknownLayer(f"layer {index} does not exist: this model has layers 0 to {self.last}, and const")
        if text in self._by_name:
            return (self._by_name[text].index,)
        if text in self._blocks:
            return self._blocks[text]
        hint = self._nearest(text)
        kind = f" of {self.architecture}" if self.is_stylegan3 else ""
        raise UnknownLayer(
            f"this {self.extent}-pixel model{kind} has no layer '{show(text)}'"
            + (f"; {hint}" if hint else f"; it has {self._listed}")
        )

    def _nearest(self, text: str) -> str | None:
        """Return a hint with the nearest name of a layer or block, or None."""
        return nearest(text, [*self._by_name, *self._blocks])

    @property
    def _listed(self) -> str:
        return f"const, {', '.join(self._blocks)} and their layers"

    def pause(self, name: str | int) -> int:
        """Return the σ index of a pass that is paused at `name`; for a block, the index of its last layer."""
        return self.find(name)[-1]

    def same_shape(self, other: Table) -> bool:
        """Return whether two generators have equal layers, so that each can run the other's features."""
        return self.layers == other.layers
