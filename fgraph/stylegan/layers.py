"""The layer table: what every stage knows of a generator, without torch.

Names are NVlabs' (`b8.conv0`), the index of a layer is its place in StyleSpace (σ index), and `const`
stands before 0. Widths and orders: Karras et al. 2020 (StyleGAN2), architectures skip, orig and resnet.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from fgraph._errors import nearest

CONST = -1  # the index of the constant input

Architecture = Literal["skip", "orig", "resnet"]
ARCHITECTURES: tuple[Architecture, ...] = ("skip", "orig", "resnet")


class UnknownLayer(KeyError, ValueError):
    """A generator has no layer of this name."""


@dataclass(frozen=True)
class Layer:
    """One layer of a generator: what it is called, what it reads, what it makes."""

    name: str
    index: int  # σ index; -1 is the constant
    kind: Literal["const", "conv", "torgb"]
    resolution: int  # of what it makes, on a canvas of one
    up: int  # 2 where it doubles the resolution
    in_channels: int
    out_channels: int
    style_start: int  # its styles are S[:, style_start : style_start + in_channels]
    ws_index: int  # the row of W+ that it reads
    noise_index: int | None  # which noise buffer it adds
    residual: Literal["", "made", "added"] = ""  # resnet: made beside a block's first conv, added by its second

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
        return {"const": 0, "conv": 1, "torgb": 0}[self.kind] + (self.up - 1)


@dataclass(frozen=True)
class LayerTable:
    """The layers of one generator, in order; `layers[0]` is the constant input."""

    size: int  # of the image, pixels
    channels: tuple[tuple[int, int], ...]  # (resolution, channels), rising
    z_dim: int
    w_dim: int
    mapping_layers: int
    image_channels: int = 3
    architecture: Architecture = "skip"
    c_dim: int = 0  # classes of a conditional generator
    embed_width: int = 0  # what their embedding adds to the input of the mapping
    mapping_widths: tuple[int, ...] = ()  # of its layers' outputs; empty: all w_dim
    mapping_rate: float = 0.01  # the learning-rate multiplier that mapping weights are stored without
    mapping_activation: str = "lrelu"
    activation: str = "lrelu"
    clamp: float | None = None  # every layer's output is kept within +- this
    has_noise: bool = True

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Every layer, the constant first."""
        return tuple(_build_layers(self))

    @property
    def code_width(self) -> int:
        """Length of a z code: z_dim, and for a conditional generator its classes, one-hot, after them."""
        return self.z_dim + self.c_dim

    @property
    def widths(self) -> tuple[int, ...]:
        """What the layers of the mapping read and make: one more number than it has layers."""
        made = self.mapping_widths or (self.w_dim,) * self.mapping_layers
        return (self.z_dim + self.embed_width, *made)

    @property
    def num_ws(self) -> int:
        """Rows of a W+ code."""
        return self.layers[-1].ws_index + 1

    @cached_property
    def style_length(self) -> int:
        """Length of a row of S: the sum of all layers' style lengths."""
        return sum(layer.in_channels for layer in self.layers[1:])

    @cached_property
    def forward_flops(self) -> int:
        """Floating-point operations of the convolutions of one forward pass."""
        total = 0
        for layer in self.layers[1:]:
            taps, side = (9, layer.resolution // layer.up) if layer.kind == "conv" else (1, layer.resolution)
            taps += layer.residual == "made"
            total += 2 * taps * layer.in_channels * layer.out_channels * side * side
        return total

    @property
    def last(self) -> int:
        """The index of the last layer, which completes the image."""
        return self.layers[-1].index

    def at(self, index: int) -> Layer:
        """The layer with this σ index; -1 is the constant."""
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
        raise UnknownLayer(
            f"this {self.size}-pixel model has no layer '{text}'"
            + (f"; {hint}" if hint else f"; it has const, {', '.join(self._blocks)} and their layers")
        )

    def _nearest(self, text: str) -> str | None:
        """A hint with the layer or block that is nearest, of the same form: of 64 pixels, b64 for b128."""
        known = [*self._by_name, *self._blocks]
        if match := re.fullmatch(r"b?([1-9]\d{0,5})((?:\.\w+)?)", text):
            at = min(
                (resolution for resolution, _ in self.channels), key=lambda one: abs(math.log2(one / int(match[1])))
            )
            inside = [name for name in known if name == f"b{at}" or name.startswith(f"b{at}.")]
            if f"b{at}{match[2]}" in inside:
                return f"did you mean 'b{at}{match[2]}'?"
            return nearest(f"b{at}{match[2]}", inside) or nearest(text, known)
        return nearest(text, known)

    def pause(self, name: str | int) -> int:
        """The σ index at which a pass paused at `name` stands; a block stands for its end."""
        return self.find(name)[-1]

    def same_shape(self, other: LayerTable) -> bool:
        """Whether two generators have equal layers, so that one can run the other's features."""
        return self.layers == other.layers


def _build_layers(table: LayerTable) -> list[Layer]:
    resolutions = [resolution for resolution, _ in table.channels]
    width = table.channels[0][1]
    layers = [Layer("const", CONST, "const", resolutions[0], 1, 0, width, 0, 0, None)]
    style = convs = 0

    def add(name: str, resolution: int, out: int, up: int = 1, residual: str = "") -> None:
        nonlocal style, width, convs
        kind: Literal["conv", "torgb"] = "torgb" if name == "torgb" else "conv"
        noise = convs if kind == "conv" and table.has_noise else None
        part: Any = residual if table.architecture == "resnet" else ""
        place = (f"b{resolution}.{name}", len(layers) - 1, kind, resolution, up)
        layers.append(Layer(*place, width, out, style, convs, noise, part))
        style += width
        if kind == "conv":
            width, convs = out, convs + 1

    for resolution, out in table.channels:
        grows = resolution > resolutions[0]
        if grows:
            add("conv0", resolution, out, 2, "made")
        add("conv1", resolution, out, 1, "added" if grows else "")
        if table.architecture == "skip" or resolution == resolutions[-1]:
            add("torgb", resolution, table.image_channels)
    return layers
