"""Clusters of the channels of a layer by where in the image they are active."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.measured.array_cache import cached_arrays
from fgraph.stylegan.measured.k_means import spherical_k_means
from fgraph.stylegan.tables.base import Layer

SAMPLES, SEED, TRUNCATION = 64, 0, 0.7
_SIDE = 16  # pixels of the maps that are compared, at most
_ROUNDS, _STARTS = 100, 8
_BATCH = 16


def channel_clusters(generator: StyleGAN2Generator, layer: str, count: int) -> NDArray[np.int64]:
    """Return the cluster of each channel of a layer; 0 is the largest cluster.

    Channels are similar if their maps over 64 seeded images correlate (ψ 0.7, seed 0; each map is averaged to 16 pixels
    a side, and each channel is centred over all maps). Seeded spherical k-means clusters these maps, with the best of
    eight starts. Broad et al. (2021) cluster channels by features of a network that is trained for this purpose;
    Collins et al. (2020) cluster pixels by spherical k-means. The clusters are cached by the generator's digest.

    Args:
        generator: the generator.
        layer: the name of a convolution, such as `b16.conv1`.
        count: the number of clusters, from 1 to the number of channels.

    Raises:
        ValueError: the layer is not a convolution, or has fewer channels than clusters.
    """
    conv = generator.table.at(generator.table.pause(layer))
    if conv.kind != "conv":
        raise ValueError(f"channels are clustered by the maps of a convolution; {conv.name} is not one")
    if not 1 <= count <= conv.out_channels:
        raise ValueError(
            f"{conv.name} has {conv.out_channels} channels, so 1 to {conv.out_channels} clusters are possible"
        )
    description = f"channel clusters of {conv.name}, {count}, {SAMPLES} samples, 2"
    schema = {"groups": ("int64", (conv.out_channels,))}
    found = cached_arrays(generator, description, schema, lambda: {"groups": _group(generator, conv, count)})
    return found["groups"]


def _group(generator: StyleGAN2Generator, layer: Layer, count: int) -> NDArray[Any]:
    maps = _maps(generator.with_half(None).with_compiled(None).to("cpu", torch.float32), layer)
    points = functional.normalize(maps - maps.mean(dim=1, keepdim=True), dim=1)
    draw = torch.Generator().manual_seed(SEED)
    groups: NDArray[Any] = spherical_k_means(points, count, draw, rounds=_ROUNDS, starts=_STARTS)[1].numpy()
    order = sorted(range(count), key=lambda one: (-int((groups == one).sum()), int(np.argmax(groups == one))))
    ranks = np.empty(count, np.int64)
    ranks[order] = np.arange(count)
    numbered: NDArray[np.int64] = ranks[groups]
    return numbered


def _maps(generator: StyleGAN2Generator, layer: Layer) -> Tensor:
    """Return the maps of the channels of a layer, [channels, images * pixels], float64."""
    z = torch.randn(SAMPLES, generator.table.code_width, generator=torch.Generator().manual_seed(SEED))
    if generator.table.c_dim:
        classes = torch.arange(SAMPLES) % generator.table.c_dim
        z[:, generator.table.z_dim :] = functional.one_hot(classes, generator.table.c_dim).float()
    with torch.no_grad():
        styles = generator.affine(generator.truncate(generator.map(z), TRUNCATION))
        parts = [_run(generator, styles[start : start + _BATCH], layer) for start in range(0, SAMPLES, _BATCH)]
    maps = torch.cat(parts)  # [images, channels, h, w]
    return maps.transpose(0, 1).reshape(maps.shape[1], -1).double()


def _run(generator: StyleGAN2Generator, styles: Tensor, until: Layer) -> Tensor:
    x = generator.const().expand(styles.shape[0], -1, -1, -1)
    for layer in generator.table.layers[1 : until.index + 2]:
        if layer.kind == "conv":
            noise = None if layer.noise_index is None else generator.noise_const(layer)
            x = generator.conv(layer, x, styles[:, layer.style_slice], noise)
    x = x[:, : until.out_channels]
    return functional.adaptive_avg_pool2d(x, min(_SIDE, x.shape[-1]))
