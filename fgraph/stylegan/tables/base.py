"""A layer, and what every stage asks of the layers of a generator; without torch.

The index of a layer is its place in StyleSpace (σ index); what a pass starts from is called `const`, before 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from fgraph._errors import nearest

Shape = tuple[int, ...]
CONST = -1  # the index of what a pass starts from


class UnknownLayer(KeyError, ValueError):
    """A generator has no layer of this name."""


@dataclass(frozen=True)
class Layer:
    """One layer of a generator: what it is called, what it reads, what it makes."""

    name: str
    index: int  # σ index; -1 is the constant
    kind: Literal["const", "input", "conv", "torgb"]
    resolution: int  # of what it makes, on a canvas of one
    up: int  # 2 where it doubles the resolution
    in_channels: int
    out_channels: int
    style_start: int  # its styles are S[:, style_start : style_start + in_channels]
    ws_index: int  # the row of W+ that it reads
    noise_index: int | None  # which noise buffer it adds
    residual: Literal["", "made", "added"] = ""  # resnet: made beside a block's first conv, added by its second

    @property
    def margin(self) -> int:
        """Pixels by which its maps are larger than the canvas, along each axis; half of them on each side."""
        return 0

    @property
    def tensor(self) -> Literal["activation", "skip"]:
        """The state tensor that this layer makes."""
        return "skip" if self.kind == "torgb" else "activation"

    @property
    def state_in(self) -> int:
        """Channels of the activation that it reads: its own, and a residual that it adds."""
        return self.in_channels + (self.out_channels if self.residual == "added" else 0)

    @property
    def state_out(self) -> int:
        """Channels of what it makes: its own, and a residual for the layer after it."""
        return self.out_channels * (2 if self.residual == "made" else 1)

    @property
    def style_slice(self) -> slice:
        """Where its styles stand in a row of S."""
        return slice(self.style_start, self.style_start + self.in_channels)

    @property
    def block(self) -> str:
        """The block it stands in, such as `b8`."""
        return f"b{self.resolution}"

    @property
    def halo(self) -> int:
        """How many pixels of its input, each way, one pixel of its output reads."""
        return (1 if self.kind == "conv" else 0) + (self.up - 1)


class Table:
    """What every stage asks of the layers of a generator, of whichever architecture."""

    if TYPE_CHECKING:  # fields of some tables, properties of others

        @property
        def size(self) -> int:
            """Of the image, pixels."""

        @property
        def z_dim(self) -> int:
            """Length of z."""

        @property
        def w_dim(self) -> int:
            """Length of w."""

        @property
        def c_dim(self) -> int:
            """Classes of a conditional generator."""

        @property
        def image_channels(self) -> int:
            """Of the image: 1, 3 or 4."""

        @property
        def architecture(self) -> str:
            """Such as `skip`, or `stylegan3-t`."""

        @property
        def mapping_layers(self) -> int:
            """Layers of the mapping."""

        @property
        def mapping_rate(self) -> float:
            """The learning-rate multiplier that mapping weights are stored without."""

        @property
        def mapping_activation(self) -> str:
            """Of the mapping's layers."""

        @property
        def layers(self) -> tuple[Layer, ...]:
            """Every layer, the start of the pass first."""

        @property
        def forward_flops(self) -> int:
            """Floating-point operations of the convolutions of one forward pass."""

    @property
    def code_width(self) -> int:
        """Length of a z code: z_dim, and for a conditional generator its classes, one-hot, after them."""
        return self.z_dim + self.c_dim

    @property
    def num_ws(self) -> int:
        """Rows of a W+ code."""
        return self.layers[-1].ws_index + 1

    @cached_property
    def style_length(self) -> int:
        """Length of a row of S: the sum of all layers' style lengths."""
        return sum(layer.in_channels for layer in self.layers[1:])

    @property
    def is_stylegan3(self) -> bool:
        """Whether it is a StyleGAN3: its pass starts from a plane, not from a constant."""
        return False

    @property
    def last(self) -> int:
        """The index of the last layer, which completes the image."""
        return self.layers[-1].index

    def at(self, index: int) -> Layer:
        """The layer with this σ index; -1 is what a pass starts from."""
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
        """The σ indices a name stands for: one layer, or all layers of a block such as `b8`.

        Raises:
            UnknownLayer: no layer or block has this name; the message carries the nearest one.
        """
        text = str(name).strip()
        if re.fullmatch(r"-?\d+", text):
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
            f"this {self.size}-pixel model{kind} has no layer '{text}'"
            + (f"; {hint}" if hint else f"; it has {self._listed}")
        )

    def _nearest(self, text: str) -> str | None:
        """A hint with the layer or block of the nearest name."""
        return nearest(text, [*self._by_name, *self._blocks])

    @property
    def _listed(self) -> str:
        return f"const, {', '.join(self._blocks)} and their layers"

    def pause(self, name: str | int) -> int:
        """The σ index at which a pass paused at `name` stands; a block stands for its end."""
        return self.find(name)[-1]

    def same_shape(self, other: Table) -> bool:
        """Whether two generators have equal layers, so that one can run the other's features."""
        return self.layers == other.layers
