"""Style channels that own parts of an image (Collins et al. 2020, "Editing in Style", section 3).

The parts are clusters of activations: spherical k-means clusters the vectors of the pixels of one layer, over seeded
samples, each vector scaled to unit length. Let A be activations with zero mean and unit variance in each channel, and U
the membership of pixels. The share of a channel's energy in part k is

    M[k, c] = 1 / (N H W) * sum over n, h, w of A[n, c, h, w]^2 U[n, k, h, w]

so that the M[k, c] of a channel sum to 1. Here, A is the input of a layer, because the style scales the input in
StyleGAN2, and U is resampled to each layer's size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate, normalize, one_hot

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.measured.k_means import spherical_k_means
from fgraph.stylegan.nn.stylegan2 import upsample_skip
from fgraph.stylegan.tables.base import CONST, Layer

_BATCH = 16
_VECTORS = 30_000  # most vectors in the input of k-means
_ROUNDS = 50  # most rounds of k-means
_LEAST = 1e-12


@dataclass(frozen=True)
class OwnershipSettings:
    """The settings of the search for parts."""

    layer: str  # the layer whose output is clustered
    clusters: int
    samples: int
    seed: int


@dataclass(frozen=True)
class PartCatalogue:
    """The parts of a generator's images, the largest first."""

    centres: Tensor  # [K, C], unit length
    places: Tensor  # [K, h, w]: the frequency of each part at each pixel of the clustered layer
    shares: Tensor  # M, [K, style_length]: the share of each style channel's energy in each part


def find_owners(generator: StyleGAN2Generator, settings: OwnershipSettings) -> PartCatalogue:
    """Cluster the activations of a layer, and measure the share of each channel's energy in each cluster.

    Raises:
        ValueError: the layer is `const`, or no layer reads its activation.
    """
    layer = generator.table.at(generator.table.pause(settings.layer))
    if layer.kind == "torgb":
        layer = generator.table.at(layer.index - 1)
    with torch.inference_mode(False), torch.no_grad():
        plain = generator.to("cpu", torch.float32).with_half(None).with_compiled(None)
        return _find(plain, layer, settings)


def _find(generator: StyleGAN2Generator, layer: Layer, settings: OwnershipSettings) -> PartCatalogue:
    draw = torch.Generator().manual_seed(settings.seed)
    z = torch.randn(settings.samples, generator.table.code_width, generator=draw)
    if generator.table.c_dim:
        classes = torch.randint(generator.table.c_dim, (settings.samples,), generator=draw)
        z[:, generator.table.z_dim :] = one_hot(classes, generator.table.c_dim).float()
    batches = torch.split(z, _BATCH)
    per_image = -(-_VECTORS // settings.samples)
    vectors = torch.cat([_random_pixels(_activation_of(generator, codes, layer), per_image, draw) for codes in batches])
    points = normalize(vectors, dim=1, eps=_LEAST)
    centres, _ = spherical_k_means(points, settings.clusters, draw, rounds=_ROUNDS)
    meter = _Meter(generator, len(centres))
    places = torch.zeros(0)
    for codes in batches:
        members, inputs = _membership_and_inputs(generator, codes, layer, centres)
        places = members.sum(dim=0) + (places if len(places) else 0)
        for reader, x in inputs:
            meter.add(reader, x, members)
    order = places.sum(dim=(1, 2)).argsort(descending=True, stable=True)
    return PartCatalogue(centres[order], (places / settings.samples)[order], meter.shares()[order])


def membership(x: Tensor, centres: Tensor) -> Tensor:
    """Return the nearest centre of each pixel of x [rows, C, H, W], one-hot, [rows, K, H, W]."""
    nearest = torch.einsum("rchw,kc->rkhw", x, centres).argmax(dim=1)
    return one_hot(nearest, len(centres)).permute(0, 3, 1, 2).to(x.dtype)


def resized(members: Tensor, size: tuple[int, int]) -> Tensor:
    """Return memberships at another size; the memberships of a pixel still sum to 1."""
    if members.shape[-2:] == size:
        return members
    return adaptive_avg_pool2d(members, size) if size[0] < members.shape[-2] else interpolate(members, size)


def _random_pixels(x: Tensor, count: int, draw: torch.Generator) -> Tensor:
    """Return `count` random pixels of each row, [rows * count, C]."""
    pixels = x.flatten(2).transpose(1, 2)  # [rows, pixels, C]
    count = min(count, pixels.shape[1])
    return torch.cat([one[torch.randperm(len(one), generator=draw)[:count]] for one in pixels])


def _inputs(generator: StyleGAN2Generator, codes: Tensor) -> Iterator[tuple[Layer, Tensor]]:
    """Yield each layer of a forward pass, with the channels that its style scales."""
    table, styles = generator.table, generator.affine(generator.map(codes))
    x, skip = generator.const().expand(len(codes), -1, -1, -1), None
    for layer in table.layers[1:]:
        yield layer, x[:, : layer.in_channels]
        style = styles[:, layer.style_slice]
        if layer.kind == "torgb":
            skip = generator.torgb(
                layer, x, style, skip if skip is None or skip.shape[-1] == x.shape[-1] else upsample_skip(skip)
            )
        else:
            x = generator.conv(layer, x, style, generator.noise_const(layer) if layer.noise_index is not None else None)


def _activation_of(generator: StyleGAN2Generator, codes: Tensor, layer: Layer) -> Tensor:
    """Return the activation that a layer makes, as the next layer reads it."""
    reader = layer.index + 1
    if reader > generator.table.last or layer.index == CONST:
        raise ValueError(f"the output of {layer.name} cannot be clustered: take a conv between the first and the last")
    return next(x for one, x in _inputs(generator, codes) if one.index == reader)


def _membership_and_inputs(
    generator: StyleGAN2Generator, codes: Tensor, layer: Layer, centres: Tensor
) -> tuple[Tensor, list[tuple[Layer, Tensor]]]:
    inputs = list(_inputs(generator, codes))
    made = next(x for one, x in inputs if one.index == layer.index + 1)
    return membership(made, centres), inputs


class _Meter:
    """Accumulator of the sums of x and of x², by part and channel, from which the shares follow."""

    def __init__(self, generator: StyleGAN2Generator, clusters: int) -> None:
        length = generator.table.style_length
        self._sums = torch.zeros(2, clusters, length, dtype=torch.float64)
        self._counts = torch.zeros(clusters, length, dtype=torch.float64)

    def add(self, layer: Layer, x: Tensor, members: Tensor) -> None:
        """Add the input of a layer, [rows, C, H, W]."""
        weights = resized(members, (x.shape[-2], x.shape[-1]))
        columns = layer.style_slice
        for power in (1, 2):
            self._sums[power - 1, :, columns] += torch.einsum("rkhw,rchw->kc", weights, x**power).double()
        self._counts[:, columns] += weights.sum(dim=(0, 2, 3)).double()[:, None]

    def shares(self) -> Tensor:
        """Return M [K, style_length]; with the mean μ of a channel, its energy in a part is the sum of (x - μ)^2."""
        first, second = self._sums
        mean = first.sum(dim=0) / self._counts.sum(dim=0)
        energy = (second - 2 * mean * first + mean**2 * self._counts).clamp_min(0)
        share: Tensor = energy / energy.sum(dim=0).clamp_min(_LEAST)
        return share.float()
