"""Tiny random generators, made in memory; no bias, noise strength or mean has a trivial value."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import torch

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.stylegan.tables.stylegan2_tensors import required_shapes

CHANNELS = {16: ((4, 6), (8, 5), (16, 4)), 32: ((4, 6), (8, 5), (16, 4), (32, 3))}
WIDE = ((4, 8), (8, 16), (16, 128), (32, 128))  # wide enough for Winograd's algorithm


FAMILIES: dict[str, dict[str, Any]] = {
    "skip": {},
    "resnet": {"architecture": "resnet", "clamp": 1.5},
    "orig": {"architecture": "orig", "activation": "swish", "has_noise": False},
    "conditional": {"c_dim": 3, "embed_width": 4, "mapping_widths": (7, 8), "clamp": 2.0, "activation": "relu"},
}
TALL: dict[str, Any] = {"base": (4, 2)}  # images twice as high as wide


@cache
def tiny(seed: int, size: int = 16, family: str = "skip", image_channels: int = 3) -> StyleGAN2Generator:
    """Return a generator of this size with tensors drawn by the seed; within a size and family, layers are equal."""
    plain = StyleGAN2Table(channels=CHANNELS[size], z_dim=8, w_dim=8, mapping_layers=2, image_channels=image_channels)
    name = f"tiny{seed}" if family == "skip" else f"{family}{seed}"
    return _random(replace(plain, **(FAMILIES | {"tall": TALL})[family]), seed, name)


@cache
def wide(seed: int) -> StyleGAN2Generator:
    """Return a generator of 32 pixels whose later layers have many channels."""
    return _random(StyleGAN2Table(channels=WIDE, z_dim=8, w_dim=8, mapping_layers=2), seed, f"wide{seed}")


@cache
def roomy(seed: int) -> StyleGAN2Generator:
    """Return a generator of 16 pixels whose maps are large beside the workspaces of small convolutions."""
    channels = ((4, 128), (8, 128), (16, 128))
    return _random(StyleGAN2Table(channels=channels, z_dim=8, w_dim=8, mapping_layers=2), seed, f"roomy{seed}")


def _random(table: StyleGAN2Table, seed: int, name: str) -> StyleGAN2Generator:
    draw = torch.Generator().manual_seed(seed)
    tensors = {name: _tensor(name, shape, draw) for name, shape in required_shapes(table).items()}
    tensors["w_mean"] = 0.3 * torch.randn(table.w_dim, generator=draw)
    for layer in table.layers:
        if layer.noise_index is not None:
            tensors[f"{layer.name}.noise"] = torch.randn(1, 1, *layer.size, generator=draw)
    return StyleGAN2Generator.from_tensors(table, tensors, name=name)


def _tensor(name: str, shape: tuple[int, ...], draw: torch.Generator) -> torch.Tensor:
    if name.endswith("noise_strength"):
        return 0.3 * (2 * torch.rand(shape, generator=draw) - 1)
    value = torch.randn(shape, generator=draw)
    if name.startswith("mapping.embed"):
        return value
    if name.startswith("mapping"):
        return value * 100  # the learning rate multiplier of 0.01 is not in the tensors
    if name.endswith("affine.bias"):
        return 1 + 0.3 * value
    if name.endswith("torgb.weight"):
        return 0.2 * value  # not demodulated: images come out near 1, as from trained generators
    return 0.2 * value if name.endswith("bias") else value
