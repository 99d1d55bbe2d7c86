"""Completion of the tensors of a StyleGAN2 generator: layout, noise, and the mean of w."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from fgraph.stylegan.generators.statistics import w_mean
from fgraph.stylegan.nn.stylegan2 import lay_out
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table


def complete_tensors(table: StyleGAN2Table, tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], bool]:
    """Return the tensors, laid out for speed and with missing tensors added, and whether noise was drawn.

    Missing noise is drawn from a seed for each layer. A missing mean of w is measured over 10,000 seeded samples.
    """
    # Tensors made in inference mode cannot take part in a backward pass, such as an inversion.
    with torch.inference_mode(False):
        completed = {key: value.clone() if value.is_inference() else value for key, value in tensors.items()}
        for layer in table.layers[1:]:
            completed[f"{layer.name}.weight"] = lay_out(completed[f"{layer.name}.weight"], layer.up)
        drawn = _draw_noise(completed, table)
        if "w_mean" not in completed:
            completed["w_mean"] = w_mean(table, completed).to(completed["const"])
    return completed, drawn


def _draw_noise(tensors: dict[str, Tensor], table: StyleGAN2Table) -> bool:
    """Add missing noise, and return whether any was missing."""
    drawn = False
    for layer in table.layers[1:]:
        key = f"{layer.name}.noise"
        if layer.noise_index is not None and key not in tensors:
            draw = torch.Generator().manual_seed(layer.noise_index)
            noise = torch.randn(1, 1, *layer.size, generator=draw)
            tensors[key] = noise.to(tensors["const"])
            drawn = True
    return drawn
