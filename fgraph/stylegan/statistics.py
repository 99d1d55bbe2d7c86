"""What is measured of a generator by sampling: the mean of w, and the spread of styles."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from fgraph.stylegan import network
from fgraph.stylegan.layers import LayerTable

SAMPLES = 10_000
SEED = 0
_BATCH = 1000


def map_z(table: LayerTable, tensors: Mapping[str, Tensor], z: Tensor) -> Tensor:
    """`w` [rows, w_dim] of `z` [rows, z_dim] through the mapping network among `tensors`."""
    layers = range(table.mapping_layers)
    weights = [tensors[f"mapping.{i}.weight"] for i in layers]
    return network.mapping(z, weights, [tensors[f"mapping.{i}.bias"] for i in layers])


def w_moments(map_rows: Callable[[Tensor], Tensor], z_dim: int) -> tuple[Tensor, Tensor]:
    """Mean [D] and covariance [D, D] of w over 10,000 seeded samples of z, in float64.

    `map_rows` takes z [rows, z_dim], in float32 on the CPU, to w [rows, D].
    """
    draw = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        z = torch.randn(SAMPLES, z_dim, generator=draw)
        w = torch.cat([map_rows(z[start : start + _BATCH]) for start in range(0, SAMPLES, _BATCH)]).double()
        mean = w.mean(dim=0)
        centred = w - mean
        return mean, centred.t() @ centred / (SAMPLES - 1)


def style_moments(mean: Tensor, covariance: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation [S] of styles `w @ weight.T / sqrt(D) + bias`, given the moments of w.

    Styles are affine in w, so this equals measuring them on the same samples. `weight` is [S, D], `bias` [S].
    """
    scaled = weight.double() / weight.shape[1] ** 0.5
    variance = ((scaled @ covariance) * scaled).sum(dim=1).clamp_min(0)
    return (scaled @ mean + bias.double()).float(), variance.sqrt().float()
