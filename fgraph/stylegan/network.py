"""The StyleGAN2 layers as pure functions of tensors.

Runtime, inversion and training all call these: they keep no state, work on any device, for any number of rows and
any height and width, and are differentiable. Formulas: Karras et al. 2020, "Analyzing and Improving the Image Quality
of StyleGAN"; a modulated convolution is computed as `demod * conv(W, style * x)` on the one dense weight W, so rows
with different styles share one convolution.

Edges. What reads neighbours takes `wrap_x`, `wrap_y` (read round that edge, so the canvas is closed) and `padded`
(`x` already carries one pixel of context on each of its four sides, which is read but not produced). Otherwise zeros
lie beyond the edges.

Layout. Activations are made channels-last, which `bench/layers.py` shows to be faster at every size on a CPU.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.stylegan.chunks import in_chunks, rows_per_chunk

MAPPING_LR = 0.01  # the learning-rate multiplier that mapping weights are stored without
SLOPE = 0.2
GAIN = math.sqrt(2)
EPSILON = 1e-8
_CHANNELS_LAST = torch.channels_last


def mapping(z: Tensor, weights: Sequence[Tensor], biases: Sequence[Tensor]) -> Tensor:
    """Map `z` [rows, z_dim] to `w` [rows, w_dim] through dense layers stored without their learning-rate multiplier."""
    x = z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + EPSILON)
    for weight, bias in zip(weights, biases, strict=True):
        x = F.linear(x, weight * (MAPPING_LR / math.sqrt(weight.shape[1])), bias * MAPPING_LR)
        x = F.leaky_relu(x, SLOPE) * GAIN
    return x


def affine(w: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Styles [..., I] of `w` [..., w_dim] through `weight` [I, w_dim] and `bias` [I] (whose initial value is 1)."""
    return F.linear(w, weight * (1 / math.sqrt(weight.shape[1])), bias)


def lay_out(weight: Tensor, up: int) -> Tensor:
    """The same weight [O, I, k, k], laid out in memory as the convolution reads it fastest."""
    if up == 2:
        return weight.transpose(0, 1).contiguous(memory_format=_CHANNELS_LAST).transpose(0, 1)
    return weight.contiguous(memory_format=_CHANNELS_LAST)


def energy(weight: Tensor) -> Tensor:
    """The sum of squares of `weight` [O, I, k, k] over its taps: [O, I]. Demodulation needs no more of it."""
    return weight.square().sum(dim=(2, 3))


def modulated_conv(
    x: Tensor,
    weight: Tensor,
    style: Tensor,
    *,
    demodulate: bool = True,
    up: int = 1,
    wrap_x: bool = False,
    wrap_y: bool = False,
    padded: bool = False,
    weight_energy: Tensor | None = None,
) -> Tensor:
    """Convolve each row of `x` with `weight` modulated by that row's style.

    Args:
        x: [rows, I, H, W]; with `padded`, [rows, I, H + 2, W + 2].
        weight: [O, I, 3, 3], or [O, I, 1, 1], which reads no neighbours and takes no edge arguments.
        style: [rows, I], raw (without the gain 1/sqrt(I k k)).
        demodulate: scale each output channel to unit variance, for inputs of unit variance.
        up: 2 doubles the size: a transposed convolution of stride 2, then the [1, 3, 3, 1] filter.
        wrap_x: read round the left and right edges.
        wrap_y: read round the upper and lower edges.
        padded: `x` carries one pixel of context on each side.
        weight_energy: `energy(weight)`, where it is known.

    Returns:
        [rows, O, H * up, W * up].
    """
    total, style = _modulated_sum(x, weight, style, up=up, wrap_x=wrap_x, wrap_y=wrap_y, padded=padded)
    scale = 1 / 16 if up == 2 else 1.0  # [1, 3, 3, 1] squared sums to 64; the gain of up-sampling is 4
    if not demodulate:
        return total * scale
    return total * _demodulation(style, weight, weight_energy, scale)


def styled_conv(
    x: Tensor,
    weight: Tensor,
    style: Tensor,
    bias: Tensor,
    *,
    noise: Tensor | None = None,
    strength: Tensor | None = None,
    up: int = 1,
    wrap_x: bool = False,
    wrap_y: bool = False,
    padded: bool = False,
    weight_energy: Tensor | None = None,
) -> Tensor:
    """One whole layer: `sqrt(2) * leaky_relu(modulated_conv(x) + strength * noise + bias)`.

    Arguments and result as `modulated_conv`; `bias` is [O], `noise` [rows or 1, 1, H * up, W * up], `strength` one
    number. Leaky ReLU is homogeneous, so sqrt(2) goes into the terms of the sum and costs no pass over the activation.
    """
    term = None if noise is None or strength is None else noise * (strength * GAIN)
    weight_energy = energy(weight) if weight_energy is None else weight_energy
    offset = (bias * GAIN).view(1, -1, 1, 1)

    def run(rows: slice) -> Tensor:
        total, scaled = _modulated_sum(x[rows], weight, style[rows], up=up, wrap_x=wrap_x, wrap_y=wrap_y, padded=padded)
        demod = _demodulation(scaled, weight, weight_energy, GAIN / 16 if up == 2 else GAIN)
        y = torch.addcmul(offset, total, demod)  # [rows, O, H, W]
        if term is not None:
            y.add_(term if term.shape[0] == 1 else term[rows])
        return F.leaky_relu_(y, SLOPE)

    return in_chunks(run, x.shape[0], rows_per_chunk(x, weight, up))


def to_rgb(x: Tensor, weight: Tensor, style: Tensor, bias: Tensor, skip: Tensor | None = None) -> Tensor:
    """RGB [rows, C, H, W] of an activation [rows, I, H, W], added to `skip`, which is of that size already.

    `weight` is [C, I, 1, 1] (gain 1/sqrt(I)), `style` [rows, I] raw, `bias` [C]. There is no demodulation. One small
    matrix per row: unlike scaling `x`, that makes no second activation.
    """
    rows, channels, height, width = x.shape
    kernel = weight.flatten(1) * (style * (1 / math.sqrt(channels)))[:, None]  # [rows, C, I]
    pixels = x.permute(0, 2, 3, 1).reshape(rows, height * width, channels)  # a view if channels-last
    rgb = torch.baddbmm(bias.view(1, 1, -1), pixels, kernel.transpose(1, 2))  # [rows, H * W, C]
    rgb = rgb.view(rows, height, width, -1).permute(0, 3, 1, 2)
    return rgb if skip is None else rgb + skip


def upsample_skip(skip: Tensor, wrap_x: bool = False, wrap_y: bool = False, *, padded: bool = False) -> Tensor:
    """Double an RGB image [rows, C, H, W] with the [1, 3, 3, 1] filter; zeros lie beyond edges that do not wrap.

    Even pixels are (x[i-1] + 3 x[i]) / 4, odd ones (3 x[i] + x[i+1]) / 4: bilinear interpolation of the padded image.
    """
    if not padded:
        skip = pad_edges(skip, wrap_x, wrap_y)
    doubled = F.interpolate(skip, scale_factor=2, mode="bilinear", align_corners=False)
    return doubled[:, :, 2:-2, 2:-2]


def pad_edges(x: Tensor, wrap_x: bool = False, wrap_y: bool = False) -> Tensor:
    """Add one pixel on each side of [rows, C, H, W]: from the opposite edge where it wraps, else zeros."""
    if wrap_x:
        x = torch.cat([x[..., -1:], x, x[..., :1]], dim=3)
    if wrap_y:
        x = torch.cat([x[..., -1:, :], x, x[..., :1, :]], dim=2)
    if wrap_x and wrap_y:
        return x
    return F.pad(x, (0 if wrap_x else 1, 0 if wrap_x else 1, 0 if wrap_y else 1, 0 if wrap_y else 1))


def _modulated_sum(
    x: Tensor, weight: Tensor, style: Tensor, *, up: int, wrap_x: bool, wrap_y: bool, padded: bool
) -> tuple[Tensor, Tensor]:
    """The convolution of `style * x`, not yet scaled, and the style with the weight's gain in it."""
    style = style * (1 / math.sqrt(weight[0].numel()))
    x = (x * style[:, :, None, None]).contiguous(memory_format=_CHANNELS_LAST)
    if weight.shape[2] == 1:
        return F.conv2d(x, weight), style
    turned = weight.transpose(0, 1)
    if not (padded or wrap_x or wrap_y):  # zeros beyond all edges: quicker than padding first
        if up == 1:
            return F.conv2d(x, weight, padding=1), style
        y = F.pad(F.conv_transpose2d(x, turned, stride=2), (1, 1, 1, 1))
    else:
        x = x if padded else pad_edges(x, wrap_x, wrap_y)
        if up == 1:
            return F.conv2d(x, weight), style
        # Cropping one pixel of the transposed convolution leaves the 2H + 3 that were made from complete sums.
        y = F.conv_transpose2d(x, turned, stride=2, padding=1)
    return _smooth(_smooth(y, 2), 3), style


def _smooth(x: Tensor, dim: int) -> Tensor:
    """Filter by [1, 3, 3, 1], which is [1, 1] three times over: three sums of neighbours. Three pixels shorter."""
    for _ in range(3):
        length = x.shape[dim] - 1
        x = x.narrow(dim, 0, length) + x.narrow(dim, 1, length)
    return x


def _demodulation(style: Tensor, weight: Tensor, weight_energy: Tensor | None, scale: float) -> Tensor:
    """`scale / sqrt(sum((W * style)^2) + eps)` for each row and output channel: [rows, O, 1, 1]."""
    known = energy(weight) if weight_energy is None else weight_energy
    return (torch.rsqrt(style.square() @ known.t() + EPSILON) * scale)[:, :, None, None]
