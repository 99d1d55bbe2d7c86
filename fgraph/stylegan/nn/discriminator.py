"""The residual discriminator of StyleGAN2 as pure functions of tensors: images to scores, images to features.

Training and inversion call these functions. They keep no state, are differentiable (twice, as R1 needs), and make
activations channels-last. Formulas: Karras et al. 2020, "Analyzing and Improving the Image Quality of
StyleGAN"; names and order of tensors are rosinality's (`fgraph.stylegan.tables.discriminator`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.stylegan.nn.finishing import SLOPE
from fgraph.stylegan.nn.resampling import downsample, smooth
from fgraph.stylegan.nn.stylegan2 import EPSILON
from fgraph.stylegan.tables.discriminator import DiscriminatorTable, discriminator_shapes

_CHANNELS_LAST = torch.channels_last
_GAIN = math.sqrt(2)  # after leaky ReLU
_HALF = math.sqrt(0.5)  # weight of each of the two paths of a block


@dataclass(frozen=True, eq=False, repr=False)
class Discriminator:
    """A discriminator: its table, and its tensors on one device and of one type."""

    table: DiscriminatorTable
    tensors: Mapping[str, Tensor]

    def __repr__(self) -> str:
        return f"Discriminator({self.table.size} pixels, {len(self.tensors)} tensors)"

    def to(self, device: str | torch.device | None = None, dtype: torch.dtype | None = None) -> Discriminator:
        """Return the same discriminator on another device or in another type."""
        return Discriminator(self.table, {key: value.to(device, dtype) for key, value in self.tensors.items()})

    def features(self, images: Tensor) -> list[Tensor]:
        """Return the list of `features`."""
        return list(features(self.table, self.tensors, images))

    def score(self, images: Tensor) -> Tensor:
        """Return `score`."""
        return score(self.table, self.tensors, images)


def initial_tensors(table: DiscriminatorTable, seed: int) -> dict[str, Tensor]:
    """Return tensors to start a training from: weights from a unit normal distribution, biases 0, shares 0.1."""
    draw = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in discriminator_shapes(table).items():
        if name.endswith(".weight"):
            tensors[name] = torch.randn(shape, generator=draw)
        else:
            tensors[name] = torch.full(shape, 0.1 if name.endswith(".share") else 0.0)
    return tensors


def features(table: DiscriminatorTable, tensors: Mapping[str, Tensor], images: Tensor) -> Iterator[Tensor]:
    """Yield features of images [rows, C, size, size]: of fromRGB and each block, [rows, O, r, r] for r = size, ... 4.

    Features of a row do not depend on its batch. Scores do, through the standard deviation over the batch.

    Raises:
        ValueError: the images are of another size.
    """
    if tuple(images.shape[1:]) != (table.image_channels, table.size, table.size):
        found = "x".join(map(str, images.shape[1:]))
        raise ValueError(
            f"images are {found}; this discriminator takes {table.image_channels}x{table.size}x{table.size}"
        )
    images = images.contiguous(memory_format=_CHANNELS_LAST)
    x = _from_rgb(tensors, "convs.0", images, table.clamp)
    yield x
    for i in range(1, table.blocks + 1):
        x = residual_block(x, tensors, f"convs.{i}", table.clamp)
        if (resolution := table.size >> i) in table.faded:
            small = F.avg_pool2d(images, table.size // resolution)
            former = _from_rgb(tensors, f"faded.{resolution}", small, table.clamp)
            x = x * tensors[f"faded.{resolution}.share"] + former
        yield x


def score(table: DiscriminatorTable, tensors: Mapping[str, Tensor], images: Tensor) -> Tensor:
    """Return the scores of images [rows, C, size, size], [rows, 1]; a higher score means that an image looks more real.

    Rows k, k + rows / group, ... share a standard deviation, so the number of rows is a multiple of the group, or
    smaller.

    Raises:
        ValueError: the images have another size, the rows are not a multiple of the group, or it is conditional.
    """
    if table.outputs != 1:
        raise ValueError("this discriminator is conditional: fgraph computes its features only, no scores")
    return project(table, tensors, images)


def project(table: DiscriminatorTable, tensors: Mapping[str, Tensor], images: Tensor) -> Tensor:
    """Return the outputs of the network for images [rows, C, size, size]: [rows, outputs].

    Raises:
        ValueError: the images have another size, or the rows are not a multiple of the group.
    """
    *_, x = features(table, tensors, images)
    if table.stddev_channels:
        x = torch.cat([x, _deviation(x, table)], dim=1)
    x = _conv(x, tensors["final_conv.0.weight"], tensors["final_conv.1.bias"], clamp=table.clamp)
    x = x.contiguous().flatten(1)  # in the order of channels, then pixels: [rows, 16 C4]
    x = _dense(x, tensors, "final_linear.0")
    return _dense(F.leaky_relu(x, SLOPE) * _GAIN, tensors, "final_linear.1")


def residual_block(x: Tensor, tensors: Mapping[str, Tensor], name: str, clamp: float | None = None) -> Tensor:
    """Run one block: [rows, I, H, W] -> [rows, O, H / 2, W / 2]."""
    y = _conv(x, tensors[f"{name}.conv1.0.weight"], tensors[f"{name}.conv1.1.bias"], clamp=clamp)
    weight, bias = tensors[f"{name}.conv2.1.weight"], tensors[f"{name}.conv2.2.bias"]
    y = _conv(smooth(y, padding=2), weight, bias, stride=2, gain=_HALF, clamp=clamp)
    skip = tensors[f"{name}.skip.1.weight"]
    return y + F.conv2d(downsample(x), skip * (_HALF / math.sqrt(skip.shape[1])))


def _from_rgb(tensors: Mapping[str, Tensor], name: str, images: Tensor, clamp: float | None) -> Tensor:
    return _conv(images, tensors[f"{name}.0.weight"], tensors[f"{name}.1.bias"], clamp=clamp)


def _conv(
    x: Tensor, weight: Tensor, bias: Tensor, *, stride: int = 1, gain: float = 1.0, clamp: float | None = None
) -> Tensor:
    """Return `gain * sqrt(2) * leaky_relu(conv(x) + bias)`; with stride 2, `x` includes its context."""
    whole = gain * _GAIN  # leaky ReLU is homogeneous: its gain goes into weight and bias
    padding = weight.shape[2] // 2 if stride == 1 else 0
    weight = weight * (whole / math.sqrt(weight[0].numel()))
    y = F.conv2d(x, weight.contiguous(memory_format=_CHANNELS_LAST), bias * whole, stride=stride, padding=padding)
    y = F.leaky_relu(y, SLOPE)
    return y if clamp is None else y.clamp(-clamp * gain, clamp * gain)


def _dense(x: Tensor, tensors: Mapping[str, Tensor], name: str) -> Tensor:
    weight = tensors[f"{name}.weight"]
    return F.linear(x, weight * (1 / math.sqrt(weight.shape[1])), tensors[f"{name}.bias"])


def _deviation(x: Tensor, table: DiscriminatorTable) -> Tensor:
    """Return the mean standard deviation over groups of rows, [rows, stddev_channels, H, W], equal at every pixel."""
    rows, channels, height, width = x.shape
    group, parts = min(table.stddev_group, rows), table.stddev_channels
    if rows % group:
        raise ValueError(f"scores of {rows} images: a discriminator with groups of {group} takes a multiple of {group}")
    grouped = x.reshape(group, rows // group, parts, channels // parts, height, width)
    deviation = (grouped.var(dim=0, unbiased=False) + EPSILON).sqrt()
    return deviation.mean(dim=(2, 3, 4)).repeat(group, 1)[:, :, None, None].expand(-1, -1, height, width)
