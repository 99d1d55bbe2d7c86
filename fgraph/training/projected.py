"""The projected discriminator: small heads on the features of a frozen network.

Sauer et al. 2021, "Projected GANs Converge Faster". The four feature maps are mixed across channels by fixed random
1 x 1 convolutions, then from coarse to fine by fixed random 3 x 3 convolutions. Each mixed map has a head of its own.
One more head reads the pixels, because a network whose first layer halves the resolution hardly sees patterns of two
pixels. Without this head, a generator fills the sky with such patterns. A head is a stack of convolutions with spectral
normalisation (Miyato et al. 2018), to which the standard deviation over rows is a further input. The tensors are:

    mix.channels.{i}.weight  fixed; level i, the finest first
    mix.scales.{i}.weight    fixed; from level i to level i - 1
    heads.{i}.{j}.weight     trained; convolution j of head i; the last head reads the pixels; with .bias
    heads.{i}.{j}.direction  the estimate of the left singular vector of the weight
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.training.draws import draw_for
from fgraph.training.features import FeatureNetwork

GROUP = 4  # rows that share a standard deviation
_MIXED, _HEAD, _WIDEST = 32, 64, 128  # channels: of the finest mixed map, of a head's first layer, of its last
_PIXEL_LAYERS = (32, 64)  # channels of the layers of the head of the pixels
_SLOPE = 0.2  # slope of leaky ReLU
_ITERATIONS = 15  # iterations of the power method when heads are drawn
_EPSILON = 1e-8
_SPREAD_SIZE = 8  # pixels

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class ProjectedTable:
    """The feature network of a projected discriminator, and the channels of its maps."""

    features: str
    licence: str
    digest: str
    channels: tuple[int, ...]

    def mixed(self, level: int) -> int:
        """Return the channels of a mixed map."""
        return _MIXED << level


def table_for(network: FeatureNetwork) -> ProjectedTable:
    """Return the table of a discriminator on a network's features."""
    return ProjectedTable(network.name, network.licence, network.digest, network.channels)


def draw_projected(table: ProjectedTable, seed: int) -> Tensors:
    """Draw mixing layers (He et al. 2015) and heads (uniform, of variance 1 / (3 fan-in))."""
    draw, tensors = draw_for(seed, "projected discriminator"), Tensors()
    for name, shape in projected_shapes(table).items():
        fan_in = math.prod(shape[1:])
        if name.startswith("mix."):
            tensors[name] = torch.randn(shape, generator=draw) * math.sqrt(2 / fan_in)
        elif name.endswith(".weight"):
            tensors[name] = (torch.rand(shape, generator=draw) * 2 - 1) / math.sqrt(fan_in)
        elif name.endswith(".direction"):
            tensors[name] = F.normalize(torch.randn(shape, generator=draw), dim=0)
        else:
            tensors[name] = torch.zeros(shape)
    for _ in range(_ITERATIONS):
        turn_directions(tensors)
    return tensors


def projected_shapes(table: ProjectedTable) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all tensors by name."""
    shapes: dict[str, tuple[int, ...]] = {}
    levels = len(table.channels)
    for level, channels in enumerate(table.channels):
        shapes[f"mix.channels.{level}.weight"] = (table.mixed(level), channels, 1, 1)
        if level:
            shapes[f"mix.scales.{level}.weight"] = (table.mixed(level - 1), table.mixed(level), 3, 3)
        widths = [min(_HEAD << layer, _WIDEST) for layer in range(levels - 1 - level)]
        shapes |= _head_shapes(f"heads.{level}", table.mixed(level), widths)
    return shapes | _head_shapes(f"heads.{levels}", 3, _PIXEL_LAYERS)


def _head_shapes(name: str, inner: int, widths: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a head: layers that halve the resolution, and one that scores."""
    shapes: dict[str, tuple[int, ...]] = {}
    inner += 1  # the deviation
    for layer, outer in enumerate(widths):
        shapes |= _layer(f"{name}.{layer}", (outer, inner, 4, 4))
        inner = outer
    return shapes | _layer(f"{name}.{len(widths)}", (1, inner, 3, 3))


def _layer(name: str, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1], f"{name}.direction": shape[:1]}


def is_head(name: str) -> bool:
    """Return whether a tensor is trained."""
    return name.startswith("heads.") and not name.endswith(".direction")


@torch.no_grad()
def turn_directions(tensors: Mapping[str, Tensor]) -> None:
    """Take a step of the power method for each head's layer, in place."""
    for name, direction in tensors.items():
        if name.endswith(".direction"):
            weight = tensors[f"{name.removesuffix('.direction')}.weight"].flatten(1)
            right = F.normalize(weight.t() @ direction, dim=0)
            direction.copy_(F.normalize(weight @ right, dim=0))


def mix(tensors: Mapping[str, Tensor], maps: Sequence[Tensor]) -> list[Tensor]:
    """Mix the maps of a feature network, the finest first, across channels and from coarse to fine."""
    mixed = [F.conv2d(x, tensors[f"mix.channels.{level}.weight"]) for level, x in enumerate(maps)]
    for level in range(len(maps) - 1, 0, -1):
        coarse = F.conv2d(mixed[level], tensors[f"mix.scales.{level}.weight"], padding=1)
        height, width = mixed[level - 1].shape[2:]
        coarse = F.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=False)
        mixed[level - 1] = mixed[level - 1] + coarse
    return mixed


def score_maps(tensors: Mapping[str, Tensor], seen: Sequence[Tensor]) -> list[Tensor]:
    """Score mixed maps, then pixels: [rows, 1, h, w] for each head, higher is more real.

    Rows k, k + rows / 4, ... share a standard deviation.

    Raises:
        ValueError: the rows are not a multiple of the group.
    """
    return [_head(tensors, level, x) for level, x in enumerate(seen)]


def _head(tensors: Mapping[str, Tensor], level: int, x: Tensor) -> Tensor:
    x = torch.cat([x, _deviation(x)], dim=1)
    layer = 0
    while f"heads.{level}.{layer + 1}.weight" in tensors:
        weight, bias = _normalised(tensors, f"heads.{level}.{layer}")
        x = F.leaky_relu(F.conv2d(x, weight, bias, stride=2, padding=1), _SLOPE)
        layer += 1
    weight, bias = _normalised(tensors, f"heads.{level}.{layer}")
    return F.conv2d(x, weight, bias, padding=1)


def _normalised(tensors: Mapping[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    """Return a weight of spectral norm 1, by the estimate of its direction, and the bias."""
    weight = tensors[f"{name}.weight"]
    norm = (weight.flatten(1).t() @ tensors[f"{name}.direction"]).norm()
    return weight / norm, tensors[f"{name}.bias"]


def _deviation(x: Tensor) -> Tensor:
    """Return the mean standard deviation over groups of rows as one more channel: [rows, 1, h, w]."""
    rows = x.shape[0]
    group = min(GROUP, rows)
    if rows % group:
        raise ValueError(f"scores of {rows} images: expected a multiple of {group}")
    grouped = x.view(group, rows // group, *x.shape[1:])
    variance = (grouped - grouped.mean(dim=0)).square().mean(dim=0)  # many times faster than var along the outer axis
    deviation = (variance + _EPSILON).sqrt()
    shared = deviation.mean(dim=(1, 2, 3)).repeat(group)
    return shared[:, None, None, None].expand(-1, 1, *x.shape[2:])


def spread(images: Tensor) -> Tensor:
    """Return how far images [rows, 3, H, W] differ: the mean distance of neighbours in the batch, at 8 x 8 pixels."""
    small = F.adaptive_avg_pool2d(images, _SPREAD_SIZE)
    return (small - small.roll(1, 0)).abs().mean()


def relative_spread(images: Tensor, pictures: Tensor) -> Tensor:
    """Return the spread of generated images, divided by the spread of real pictures."""
    return spread(images.float()) / (spread(pictures) + _EPSILON)


def relative_distance(fake: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Return the distance between generated maps and their real partners, relative to that between real rows.

    For each map, the mean of |fake - real| over the mean of |real - real of the next row|; then the mean over maps.
    """
    parts = []
    for one, other in zip(fake, real, strict=True):
        to_others = (other - other.roll(1, 0)).float().abs().mean()
        parts.append((one - other).float().abs().mean() / (to_others + _EPSILON))
    return torch.stack(parts).mean()


def hinge_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Return the loss of the heads, summed over them: E max(0, 1 - D(real)) + E max(0, 1 + D(fake))."""
    losses = [F.relu(1 - a.float()).mean() + F.relu(1 + b.float()).mean() for a, b in zip(real, fake, strict=True)]
    return torch.stack(losses).sum()


def deceiving_loss(fake: Sequence[Tensor]) -> Tensor:
    """Return the loss of the generator, summed over heads: -E D(fake)."""
    return -torch.stack([score.float().mean() for score in fake]).sum()
