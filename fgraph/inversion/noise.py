"""The regulariser of noise that is optimised with a code, so that noise doesn't encode the picture.

Karras et al. 2020, appendix D: L = Σ (mean(n · shifted n))² over both axes and all scales down to 8 pixels. After each
step, noise is normalised to mean 0 and standard deviation 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator

_LEAST = 8  # pixels of the smallest scale


def initial_noise(generator: Generator, rows: int) -> list[Tensor]:
    """Return the constant noise of each conv, copied for each row: [rows, 1, r, r]. StyleGAN3 has none."""
    if not isinstance(generator, StyleGAN2Generator):
        return []
    convs = [layer for layer in generator.table.layers if layer.noise_index is not None]
    return [generator.noise_const(layer).expand(rows, -1, -1, -1).clone() for layer in convs]


def noise_penalty(noises: Sequence[Tensor]) -> Tensor:
    """Return the regulariser of each row, [rows], for one noise [rows, 1, r, r] of each conv."""
    total = noises[0].new_zeros(len(noises[0]))
    for noise in noises:
        x = noise
        while True:
            for dim in (2, 3):
                total = total + (x * x.roll(1, dims=dim)).mean(dim=(1, 2, 3)).square()
            if x.shape[2] <= _LEAST:
                break
            x = torch.nn.functional.avg_pool2d(x, 2)
    return total


def normalise_noise(noise: Tensor) -> Tensor:
    """Normalise each row of noise [rows, 1, r, r] to mean 0 and standard deviation 1."""
    mean, deviation = noise.mean(dim=(1, 2, 3), keepdim=True), noise.std(dim=(1, 2, 3), keepdim=True)
    return (noise - mean) / deviation.clamp_min(1e-8)
