"""The layer table of StyleGAN2, without torch.

Names are NVlabs' (`b8.conv0`). The index of a layer is its position in StyleSpace (σ index), and `const` has the index
-1. Widths and orders: Karras et al. 2020 (StyleGAN2), architectures skip, orig and resnet.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Literal

from fgraph._cached import cached_property
from fgraph._errors import nearest
from fgraph.stylegan.tables.base import CONST, Layer, Size, Table

Architecture = Literal["skip", "orig", "resnet"]
ARCHITECTURES: tuple[Architecture, ...] = ("skip", "orig", "resnet")


@dataclass(frozen=True)
class StyleGAN2Table(Table):
    """The layers of a StyleGAN2 generator, in order; `layers[0]` is the constant input."""

    channels: tuple[tuple[int, int], ...]  # (resolution, channels), rising from 4
    z_dim: int
    w_dim: int
    mapping_layers: int
    image_channels: int = 3
    architecture: Architecture = "skip"
    c_dim: int = 0  # classes of a conditional generator
    embed_width: int = 0  # the length of the embedding of a class, which joins the input of the mapping
    mapping_widths: tuple[int, ...] = ()  # widths of the outputs of the mapping layers; empty: all w_dim
    mapping_rate: float = 0.01  # the learning-rate multiplier that mapping weights are stored without
    mapping_activation: str = "lrelu"
    activation: str = "lrelu"
    clamp: float | None = None  # the bound of every layer's output
    has_noise: bool = True
    class_means: bool = False  # whether there is a mean of w for each class
    base: Size = (4, 4)  # size of the constant; each block doubles it

    @cached_property
    def size(self) -> Size:
        """Height and width of the image in pixels."""
        return self.size_at(self.channels[-1][0])

    def size_at(self, resolution: int) -> Size:
        """Return height and width of the maps at a resolution; the constant is at resolution 4."""
        times = resolution // self.channels[0][0]
        return self.base[0] * times, self.base[1] * times

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """All layers, the constant first."""
        return tuple(_build_layers(self))

    @cached_property
    def forward_flops(self) -> int:
        """The floating-point operations of the convolutions of one forward pass."""
        total = 0
        for layer in self.layers[1:]:
            taps = (9 if layer.kind == "conv" else 1) + (layer.residual == "made")
            pixels = layer.size[0] * layer.size[1] // layer.up**2
            total += 2 * taps * layer.in_channels * layer.out_channels * pixels
        return total

    def _nearest(self, text: str) -> str | None:
        """Return a hint with the nearest name of the same form: for b128 of a 64-pixel model, b64."""
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


def _build_layers(table: StyleGAN2Table) -> list[Layer]:
    resolutions = [resolution for resolution, _ in table.channels]
    width = table.channels[0][1]
    layers = [Layer("const", CONST, "const", resolutions[0], 1, 0, width, 0, 0, None, size=table.base)]
    style = convs = 0

    def add(name: str, resolution: int, out: int, up: int = 1, residual: str = "") -> None:
        nonlocal style, width, convs
        kind: Literal["conv", "torgb"] = "torgb" if name == "torgb" else "conv"
        noise = convs if kind == "conv" and table.has_noise else None
        part: Any = residual if table.architecture == "resnet" else ""
        place = (f"b{resolution}.{name}", len(layers) - 1, kind, resolution, up)
        layers.append(Layer(*place, width, out, style, convs, noise, part, size=table.size_at(resolution)))
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
