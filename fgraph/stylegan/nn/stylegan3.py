"""The StyleGAN3 layers as pure functions of tensors (Karras et al. 2021, "Alias-Free Generative Adversarial Networks").

A modulated convolution is computed as `demod * conv(W, style * x)` with one dense weight, as in StyleGAN2. No function
mixes rows. The original scales styles by their mean square over the whole batch; demodulation undoes this scaling, so
it is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.stylegan.nn.upfirdn import by_planes, resample
from fgraph.stylegan.tables import spans
from fgraph.stylegan.tables.stylegan3 import StyleGAN3Layer, StyleGAN3Table

SLOPE, GAIN, EPSILON = 0.2, math.sqrt(2), 1e-8


def places(size: int, starts: Sequence[int], count: int, rate: float, like: Tensor) -> Tensor:
    """Return the positions, [len(starts), count], of `count` pixels from each start on an axis; its centre is 0."""
    index = _lines(starts, count, like.device)
    return (index.to(like.dtype) + 0.5 - size / 2) / rate


def _lines(starts: Sequence[int], count: int, device: torch.device) -> Tensor:
    """Return `count` consecutive numbers from each start, [len(starts), count], made on the device."""
    known = {start: torch.arange(start, start + count, device=device) for start in dict.fromkeys(starts)}
    return torch.stack([known[start] for start in starts])


def fourier_features(
    table: StyleGAN3Table, tensors: Mapping[str, Tensor], place: Tensor, plane: Tensor, at: tuple[Tensor, Tensor]
) -> Tensor:
    """Return the input of the first layer, [rows, C, height, width].

    Args:
        table: the layer table of the generator.
        tensors: the generator's tensors.
        place: [rows, 4]: cosine and sine of a rotation, x and y of a translation.
        plane: [rows, 2, 3] or [rows, 3, 3], from positions in the image to positions in the plane.
        at: the positions y [rows or 1, height] and x [rows or 1, width] to sample; the centre of the image is 0.
    """
    t = place / place[:, :2].norm(dim=1, keepdim=True)
    turn = torch.stack([t[:, 0], -t[:, 1], t[:, 1], t[:, 0]], dim=1).view(-1, 2, 2)
    moved = torch.cat([plane[:, :2, :2], plane[:, :2, 2:] - t[:, 2:, None]], dim=2)
    matrix = turn @ moved  # [rows, 2, 3]
    phases = tensors["input.phases"] + (tensors["input.freqs"] @ matrix[:, :, 2:]).squeeze(2)  # [rows, C]
    freqs = tensors["input.freqs"] @ matrix[:, :, :2]  # [rows, C, 2]
    rate, band = table.input_rate, table.bandwidth
    amplitude = (1 - (freqs.norm(dim=2) - band) / (rate / 2 - band)).clamp(0, 1)  # out of band, a frequency fades
    y, x = at[0][:, None, :, None], at[1][:, None, None]
    angle = freqs[:, :, 0, None, None] * x + freqs[:, :, 1, None, None] * y + phases[:, :, None, None]
    waves = torch.sin(2 * math.pi * angle) * amplitude[:, :, None, None]  # [rows, C, height, width]
    weight = tensors["input.weight"] / math.sqrt(table.features)
    return F.conv2d(waves, weight[:, :, None, None])


@dataclass(frozen=True)
class Tiles:
    """The regions of rows that are parts of larger maps, all of one size."""

    size: tuple[int, int]  # size of the input maps
    regions: Sequence[tuple[int, int, int, int]]  # the output of each row: top, left, bottom, right


def layer_output(
    layer: StyleGAN3Layer, tensors: Mapping[str, Tensor], x: Tensor, style: Tensor, tiles: Tiles | None = None
) -> Tensor:
    """Run one layer: a modulated convolution, then its activation between two changes of the sampling rate.

    `x` is [rows, I, height, width]; with `tiles`, each row holds the pixels of `spans.read_span`, with zeros beyond the
    map.
    """
    weight, bias = tensors[f"{layer.name}.weight"], tensors[f"{layer.name}.bias"]
    scale = torch.rsqrt(tensors[f"{layer.name}.magnitude_ema"])
    edge = layer.taps - 1 if tiles is None else 0
    if layer.kind == "torgb":
        x = F.conv2d(x * (style * (scale / math.sqrt(weight[0].numel())))[:, :, None, None], weight, padding=edge)
    else:
        x = _demodulated(x, weight, style, edge, scale)
    x = x + bias[:, None, None] if x.requires_grad else x.add_(bias[:, None, None])
    padding = layer.padding
    if tiles is not None:
        first = tiles.regions[0]
        top, bottom = spans.padding_of(layer, spans.Y, (first[0], first[2]))
        left, right = spans.padding_of(layer, spans.X, (first[1], first[3]))
        padding = (left, right, top, bottom)
        x = _without_outside(layer, x, tiles)
    up, down = (tensors.get(f"{layer.name}.{name}") for name in ("up_filter", "down_filter"))

    def activate(planes: Tensor) -> Tensor:
        planes = resample(planes, up, up=layer.up_factor, padding=padding, gain=layer.up_factor**2)
        if layer.kind != "torgb":
            planes = F.leaky_relu(planes, SLOPE) * GAIN
        if layer.clamp is not None:
            planes = planes.clamp(-layer.clamp, layer.clamp)
        return resample(planes, down, down=layer.down_factor)

    return by_planes(x, activate, layer.up_factor)


def _without_outside(layer: StyleGAN3Layer, x: Tensor, tiles: Tiles) -> Tensor:
    """Set a convolved tile to zero beyond the convolution of the whole map, where neither products nor biases exist."""
    for axis in (spans.Y, spans.X):
        length = tiles.size[axis] + layer.taps - 1
        starts = [spans.convolved_span(layer, axis, (one[axis], one[axis + 2]))[0] for one in tiles.regions]
        count = x.shape[2 + axis]
        if min(starts) >= 0 and max(starts) + count <= length:
            continue
        index = _lines(starts, count, x.device)  # [rows, count]
        inside = ((index >= 0) & (index < length)).to(x.dtype)
        x = x * (inside[:, None, :, None] if axis == spans.Y else inside[:, None, None])
    return x


def _demodulated(x: Tensor, weight: Tensor, style: Tensor, padding: int, scale: Tensor) -> Tensor:
    """Return a demodulated convolution times `scale`; weight and styles are scaled to a mean square of 1 first."""
    weight = weight * torch.rsqrt(weight.square().mean(dim=(1, 2, 3), keepdim=True))
    style = style * torch.rsqrt(style.square().mean(dim=1, keepdim=True))
    demod = torch.rsqrt(style.square() @ weight.square().sum(dim=(2, 3)).t() + EPSILON)  # [rows, O]
    made = F.conv2d(x * style[:, :, None, None], weight, padding=padding)
    factor = (demod * scale)[:, :, None, None]
    return made * factor if made.requires_grad else made.mul_(factor)
