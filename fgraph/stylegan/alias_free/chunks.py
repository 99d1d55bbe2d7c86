"""A StyleGAN3 layer over many rows, some at a time: at the rate of its activation, maps have four times the pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from fgraph.stylegan.alias_free.chunk_sizes import chunk_rows
from fgraph.stylegan.alias_free.network import Tiles, layer_output
from fgraph.stylegan.alias_free.table import AliasFreeLayer


def in_chunks(
    layer: AliasFreeLayer, tensors: Mapping[str, Tensor], x: Tensor, style: Tensor, tiles: Tiles | None
) -> Tensor:
    """`layer_output` of all rows; what is kept for a backward pass is not cut."""
    rows, most = x.shape[0], chunk_rows(layer, (x.shape[2], x.shape[3]))
    if rows <= most or (torch.is_grad_enabled() and (x.requires_grad or style.requires_grad)):
        return layer_output(layer, tensors, x, style, tiles)
    made = []
    for start in range(0, rows, most):
        part = slice(start, start + most)
        some = tiles and replace(tiles, regions=tiles.regions[part])
        made.append(layer_output(layer, tensors, x[part], style[part], some))
    return torch.cat(made)
