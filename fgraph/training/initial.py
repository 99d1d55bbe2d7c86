"""The networks before they have learned anything."""

from __future__ import annotations

import torch
from torch import Tensor

from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.stylegan.tables.stylegan2_tensors import required_shapes
from fgraph.training.draws import draw_for
from fgraph.training.projected import Tensors

_BASE, _MOST = 16384, 512  # channels at r pixels: _BASE / r, at most _MOST
_BASE_CPU, _MOST_CPU, _LEAST_CPU = 1024, 128, 16  # on a CPU, as in the bundled models


def draw_generator(table: StyleGAN2Table, seed: int) -> Tensors:
    """Draw the tensors of an untrained generator: weights of variance 1, biases 0 (affines 1), noise of strength 0."""
    draw = draw_for(seed, "generator")
    tensors = {name: _draw(name, shape, table, draw) for name, shape in required_shapes(table).items()}
    for layer in table.layers:
        if layer.noise_index is not None:
            tensors[f"{layer.name}.noise"] = torch.randn(1, 1, *layer.size, generator=draw)
    return tensors


def _draw(name: str, shape: tuple[int, ...], table: StyleGAN2Table, draw: torch.Generator) -> Tensor:
    if name.endswith(".affine.bias"):
        return torch.ones(shape)
    if name.endswith((".bias", ".noise_strength")):
        return torch.zeros(shape)
    rate = table.mapping_rate if name.startswith("mapping.") and "embed" not in name else 1.0
    return torch.randn(shape, generator=draw) / rate


def default_channels(size: int, on_cpu: bool = False) -> dict[int, int]:
    """Return the channels by resolution: those of StyleGAN2, or fewer on a CPU, where those take days."""
    sides = [4 << i for i in range(size.bit_length() - 2)]
    if on_cpu:
        return {side: max(_LEAST_CPU, min(_MOST_CPU, _BASE_CPU // side)) for side in sides}
    return {side: min(_MOST, _BASE // side) for side in sides}
