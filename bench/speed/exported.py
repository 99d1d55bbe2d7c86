"""A generator of config-f as a plain module, as people export one to other runtimes: a forward pass, and a span."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.tables.base import Layer

_TAPS = (1.0, 3.0, 3.0, 1.0)
_FIRST = "b4.conv1"  # the layer after which two states are laid side by side


class Plain(nn.Module):
    """Images [rows, 3, size, size] of z [rows, z_dim], with constant noise, clamped; weights are shared by all rows."""

    def __init__(self, generator: StyleGAN2Generator) -> None:
        super().__init__()
        self.table = generator.table
        self._layers = generator.table.layers[1:]
        for name, value in generator.tensors.items():
            self.register_buffer(name.replace(".", "_"), value.detach().clone())
        taps = torch.tensor(_TAPS)
        self.register_buffer("taps", torch.outer(taps, taps) / 16)  # the gain of up-sampling is 4

    def forward(self, z: Tensor) -> Tensor:
        """Run the generator."""
        w = self.map(z)
        return self.run(self.tensor("const").expand(len(z), -1, -1, -1), None, [w], self._layers).clamp(-1, 1)

    def tensor(self, name: str) -> Tensor:
        """Return a tensor of the generator."""
        found: Tensor = getattr(self, name.replace(".", "_"))
        return found

    def map(self, z: Tensor) -> Tensor:
        """Return w of z."""
        x = z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)
        for number in range(self.table.mapping_layers):
            weight, bias = (self.tensor(f"mapping.{number}.{part}") for part in ("weight", "bias"))
            x = F.leaky_relu(F.linear(x, weight * (0.01 / math.sqrt(weight.shape[1])), bias * 0.01), 0.2) * math.sqrt(2)
        return x

    def run(self, x: Tensor, rgb: Tensor | None, codes: list[Tensor], layers: tuple[Layer, ...] | list[Layer]) -> Any:
        """Run layers for one code, or for two codes whose results fade into each other along x."""
        for layer in layers:
            if layer.kind == "conv":
                x = self.fade([self.conv(layer, x, w) for w in codes])
                if layer.up == 2 and rgb is not None:
                    rgb = _doubled(rgb)
            else:
                made = self.fade([self.to_rgb(layer, x, w) for w in codes])
                rgb = made if rgb is None else rgb + made
        return x if rgb is None else rgb

    def fade(self, made: list[Tensor]) -> Tensor:
        """Return the first map, or both, mixed by a ramp over the middle half."""
        if len(made) == 1:
            return made[0]
        width = made[0].shape[3]
        ramp = torch.linspace(0, 1, width // 2)
        alpha = torch.cat([torch.zeros(width // 4), ramp, torch.ones(width - width // 4 - width // 2)])
        return made[0] + alpha * (made[1] - made[0])

    def style(self, layer: Layer, w: Tensor) -> Tensor:
        """Return the styles of a layer, with the gain of its weight: [rows, I, 1, 1]."""
        weight, bias = (self.tensor(f"{layer.name}.affine.{part}") for part in ("weight", "bias"))
        style = F.linear(w, weight / math.sqrt(weight.shape[1]), bias)
        return (style / math.sqrt(self.tensor(f"{layer.name}.weight")[0].numel()))[:, :, None, None]

    def conv(self, layer: Layer, x: Tensor, w: Tensor) -> Tensor:
        """Run a convolution with demodulation, noise, bias and activation."""
        weight, style = self.tensor(f"{layer.name}.weight"), self.style(layer, w)
        demod = torch.rsqrt(style[:, :, 0, 0].square() @ weight.square().sum(dim=(2, 3)).t() + 1e-8)
        if layer.up == 2:
            y = F.conv_transpose2d(x * style, weight.transpose(0, 1), stride=2)
            taps = self.tensor("taps").expand(y.shape[1], 1, 4, 4)
            y = F.conv2d(y, taps, padding=1, groups=y.shape[1])
        else:
            y = F.conv2d(x * style, weight, padding=1)
        noise = self.tensor(f"{layer.name}.noise") * self.tensor(f"{layer.name}.noise_strength")
        noise = noise.repeat(1, 1, 1, y.shape[3] // noise.shape[3])
        y = y * demod[:, :, None, None] + noise + self.tensor(f"{layer.name}.bias")[:, None, None]
        return F.leaky_relu(y, 0.2) * math.sqrt(2)

    def to_rgb(self, layer: Layer, x: Tensor, w: Tensor) -> Tensor:
        """Run a layer to RGB."""
        made = F.conv2d(x * self.style(layer, w), self.tensor(f"{layer.name}.weight"))
        return made + self.tensor(f"{layer.name}.bias")[:, None, None]


class Span(Plain):
    """Two images that fade into one another on a canvas of twice the width, [rows, 3, size, 2 size]."""

    def forward(self, first: Tensor, second: Tensor) -> Tensor:  # type: ignore[override]
        """Run spans of z [rows, z_dim] each."""
        codes = [self.map(first), self.map(second)]
        at = next(number for number, layer in enumerate(self._layers) if layer.name == _FIRST) + 1
        const = self.tensor("const").expand(len(first), -1, -1, -1)
        x = torch.cat([self.run(const, None, [w], self._layers[:at]) for w in codes], dim=3)
        return self.run(x, None, codes, self._layers[at:]).clamp(-1, 1)


def _doubled(rgb: Tensor) -> Tensor:
    doubled = F.interpolate(F.pad(rgb, (1, 1, 1, 1)), scale_factor=2.0, mode="bilinear", align_corners=False)
    return doubled[:, :, 2:-2, 2:-2]


def join_spans(spans: Any) -> Any:
    """Return the panorama of spans [n, 3, H, W], as the published notebook cuts them: [3, H, (n + 1) W / 2]."""
    import numpy as np

    pad = spans.shape[3] // 4
    last = len(spans) - 1
    parts = [one[:, :, 0 if n == 0 else pad : None if n == last else -pad] for n, one in enumerate(spans)]
    return np.concatenate(parts, axis=2)
