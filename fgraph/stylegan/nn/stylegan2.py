"""The StyleGAN2 layers as pure functions of tensors.

Runtime, inversion and training call these functions. They keep no state, are differentiable, and accept any device, any
number of rows, and any height and width. Formulas: Karras et al. 2020, "Analyzing and Improving the Image Quality
of StyleGAN"; a modulated convolution is computed as `demod * conv(W, style * x)` with one dense weight W, so that
rows with different styles share one convolution. Demodulation gives each output channel unit variance for inputs of
unit variance.

Edges. Functions that read neighbours take `wrap_x` and `wrap_y` (read round the edge, for a closed canvas), and
`padded` (`x` has one pixel of context on each of its four sides, which is read but not produced). Otherwise, zeros lie
beyond the edges.

Layout. Activations are channels-last, which is faster at every size on a CPU (`bench/speed/layers.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.stylegan.nn.chunks import bands_of, is_recorded, rows_per_chunk
from fgraph.stylegan.nn.finishing import ALL, Finish, activate_, bounded, finish_of, split_gain
from fgraph.stylegan.nn.resampling import smooth
from fgraph.stylegan.nn.winograd import convolve_bands
from fgraph.stylegan.tables.activations import GAINS
from fgraph.stylegan.tables.chunk_sizes import WINOGRAD_TILE

EPSILON = 1e-8
_CHANNELS_LAST = torch.channels_last
FIR_GAIN = {1: 1.0, 2: 1 / 16}  # [1, 3, 3, 1] in both directions sums to 8 * 8 = 64; the gain of up-sampling is 4


def normalise(x: Tensor) -> Tensor:
    """Scale each row of `x` [rows, width] to a root mean square of 1."""
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + EPSILON)


def mapping(
    x: Tensor, weights: Sequence[Tensor], biases: Sequence[Tensor], rate: float = 0.01, activation: str = "lrelu"
) -> Tensor:
    """Map normalised codes `x` [rows, width] to `w` [rows, w_dim].

    Weights and biases are stored without `rate`, their learning-rate multiplier.
    """
    for weight, bias in zip(weights, biases, strict=True):
        x = F.linear(x, weight * (rate / math.sqrt(weight.shape[1])), bias * rate)
        x = activate_(x, activation) * GAINS[activation]
    return x


def embed(c: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return the embedding [rows, E] of classes `c` [rows, classes] (one-hot, or mixed), for the mapping's input."""
    return normalise(F.linear(c, weight * (1 / math.sqrt(weight.shape[1])), bias))


def affine(w: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return styles [..., I] of `w` [..., w_dim] by `weight` [I, w_dim] and `bias` [I] (whose initial value is 1)."""
    return F.linear(w, scaled_weight(weight), bias)


def scaled_weight(weight: Tensor) -> Tensor:
    """Return the weight [O, I] of a dense layer with the gain that it is stored without, 1/sqrt(I)."""
    return weight * (1 / math.sqrt(weight.shape[1]))


def lay_out(weight: Tensor, up: int) -> Tensor:
    """Return the same weight [O, I, k, k] in the memory layout that is fastest for the convolution."""
    if up == 2:
        return weight.transpose(0, 1).contiguous(memory_format=_CHANNELS_LAST).transpose(0, 1)
    return weight.contiguous(memory_format=_CHANNELS_LAST)


def energy(weight: Tensor) -> Tensor:
    """Return the sum of squares of `weight` [O, I, k, k] over its taps, [O, I], which demodulation needs."""
    return weight.square().sum(dim=(2, 3))


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
    transformed: Tensor | None = None,
    activation: str = "lrelu",
    gain: float = 1.0,
    clamp: float | None = None,
    residual: Tensor | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Return `clamp(gain * activation(conv(x) + strength * noise + bias)) + residual`: [rows, O, H * up, W * up].

    Args:
        x: [rows, I, H, W]; with `padded`, [rows, I, H + 2, W + 2].
        weight: [O, I, 3, 3], or [O, I, 1, 1], which reads no neighbours and takes no edge arguments.
        style: [rows, I], raw (without the gain 1/sqrt(I k k)).
        bias: [O].
        noise: [rows or 1, 1, H * up, W * up].
        strength: [], the factor of the noise.
        up: 2 doubles the size: a transposed convolution of stride 2, then the [1, 3, 3, 1] filter.
        wrap_x: whether to read round the left and right edges.
        wrap_y: whether to read round the top and bottom edges.
        padded: whether `x` has one pixel of context on each side.
        weight_energy: `energy(weight)`, if the caller has it.
        transformed: `winograd.transform_weight(weight)`; if given, Winograd's algorithm runs, without gradients.
        activation: the name of the activation function.
        gain: a factor besides the activation's own gain; it scales `clamp` too.
        clamp: the bound of the result, or None.
        residual: a tensor of the shape of the result.
        out: where to write the result, if no gradients are recorded.
    """
    conv = Convolution(weight, up, wrap_x, wrap_y, padded, transformed)
    scale = split_gain(activation, gain)[0] * weight_gain(weight) * FIR_GAIN[up]
    demod = _demodulation(style * weight_gain(weight), weight, weight_energy, scale)
    finish = finish_of(
        demod, bias, noise, strength, conv.size(x), activation=activation, gain=gain, clamp=clamp, residual=residual
    )
    return run_layer(conv, finish, x, style, out)


def run_layer(conv: Convolution, finish: Finish, x: Tensor, style: Tensor, out: Tensor | None) -> Tensor:
    """Run a layer for a few rows at a time, or for all at once while operations are recorded."""
    if is_recorded():
        return finish(conv(x, style))
    chunk = rows_per_chunk(x, conv.weight, conv.up)
    rows = x.shape[0]
    if chunk >= rows:
        return _run_rows(conv, finish, x, style, ALL, out=out)
    out = empty_maps((rows, conv.weight.shape[0], *conv.size(x)), x) if out is None else out
    for start in range(0, rows, chunk):
        part = slice(start, start + chunk)
        _run_rows(conv, finish, x, style, part, out=out[part])
    return out


def _run_rows(
    conv: Convolution, finish: Finish, x: Tensor, style: Tensor, rows: slice, *, out: Tensor | None
) -> Tensor:
    """Run a layer for some rows, and finish their lines in bands that stay in the cache."""
    bands: Iterable[tuple[slice, Tensor]]
    if conv.transformed is None:
        total = conv(x[rows], style[rows])
        bands = ((band, total[:, :, band]) for band in bands_of(total))
        out = total if out is None else out
    else:
        styled = _styled(x[rows], style[rows], conv.wrap_x, conv.wrap_y, padded=conv.padded, step=WINOGRAD_TILE)
        bands = convolve_bands(styled, conv.transformed, *conv.size(x))
        out = empty_maps((styled.shape[0], conv.weight.shape[0], *conv.size(x)), x) if out is None else out
    for band, part in bands:
        finish(part, rows, band, out[:, :, band])
    return out


def residual_path(
    x: Tensor, weight: Tensor, wrap_x: bool = False, wrap_y: bool = False, *, padded: bool = False
) -> Tensor:
    """Return the skip connection of a resnet block, `sqrt(1/2) * up(conv1x1(x))`: [rows, I, H, W] -> [rows, O, 2H, 2W].

    `weight` is [O, I, 1, 1] (gain 1/sqrt(I)). Edges are as in `upsample_skip`, which doubles the result.
    """
    x = F.conv2d(x, weight * math.sqrt(0.5 / weight.shape[1]))
    return upsample_skip(x, wrap_x, wrap_y, padded=padded).contiguous(memory_format=_CHANNELS_LAST)


def to_rgb(
    x: Tensor, weight: Tensor, style: Tensor, bias: Tensor, skip: Tensor | None = None, *, clamp: float | None = None
) -> Tensor:
    """Return RGB [rows, C, H, W] of an activation [rows, I, H, W], plus `skip`, which has that size.

    `weight` is [C, I, 1, 1] (gain 1/sqrt(I)), `style` [rows, I] raw, `bias` [C]. The RGB is clamped to +- `clamp`
    before the sum. There is no demodulation. One small matrix per row avoids a second activation, which scaling `x`
    would need.
    """
    kernel = weight.flatten(1) * (style * (1 / math.sqrt(x.shape[1])))[:, None]  # [rows, C, I]
    rgb = colours(x, kernel, bias, clamp)
    return rgb if skip is None else rgb + skip


def colours(x: Tensor, kernel: Tensor, bias: Tensor, clamp: float | None) -> Tensor:
    """Return `kernel @ x + bias` of each pixel, clamped: x [rows, I, H, W], kernel [rows, C, I], bias [C].

    The result has the type of `bias`, which may be wider than the type of `x`.
    """
    rows, channels, height, width = x.shape
    pixels = x.permute(0, 2, 3, 1).reshape(rows, height * width, channels)  # a view if channels-last
    bias, kernel = bias.view(1, 1, -1), kernel.transpose(1, 2)
    same = bias.dtype == x.dtype
    rgb = torch.baddbmm(bias, pixels, kernel) if same else torch.bmm(pixels, kernel) + bias  # [rows, H * W, C]
    rgb = rgb.view(rows, height, width, -1).permute(0, 3, 1, 2)
    return rgb if clamp is None else bounded(rgb, clamp)


def upsample_skip(skip: Tensor, wrap_x: bool = False, wrap_y: bool = False, *, padded: bool = False) -> Tensor:
    """Double an RGB image [rows, C, H, W] with the [1, 3, 3, 1] filter; zeros lie beyond edges that do not wrap.

    Even pixels are (x[i-1] + 3 x[i]) / 4, odd ones (3 x[i] + x[i+1]) / 4: bilinear interpolation of the padded image.
    """
    if not padded:
        skip = pad_edges(skip, wrap_x, wrap_y)
    doubled = F.interpolate(skip, scale_factor=2, mode="bilinear", align_corners=False)
    return doubled[:, :, 2:-2, 2:-2]


def pad_edges(x: Tensor, wrap_x: bool = False, wrap_y: bool = False) -> Tensor:
    """Add one pixel on each side of [rows, C, H, W]: from the opposite edge if it wraps, otherwise zeros."""
    if wrap_x:
        x = torch.cat([x[..., -1:], x, x[..., :1]], dim=3)
    if wrap_y:
        x = torch.cat([x[..., -1:, :], x, x[..., :1, :]], dim=2)
    if wrap_x and wrap_y:
        return x
    return F.pad(x, (0 if wrap_x else 1, 0 if wrap_x else 1, 0 if wrap_y else 1, 0 if wrap_y else 1))


def empty_maps(shape: Sequence[int], like: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """Return uninitialised maps [rows, C, H, W], channels-last, on the device of `like`, in its type or in `dtype`."""
    return torch.empty(*shape, dtype=dtype or like.dtype, device=like.device, memory_format=_CHANNELS_LAST)


def _styled(x: Tensor, style: Tensor, wrap_x: bool, wrap_y: bool, *, padded: bool, step: int = 1) -> Tensor:
    """Return `style * x` with one pixel of context on each side, channels-last: [rows, C, H + 2, W + 2].

    Zeros fill H and W up to multiples of `step`.
    """
    style = style[:, :, None, None]
    height, width = (length - 2 * padded for length in x.shape[2:])
    down, right = -height % step, -width % step
    if is_recorded() or wrap_x or wrap_y or (padded and not (down or right)):
        styled = (x * style).contiguous(memory_format=_CHANNELS_LAST)
        styled = styled if padded else pad_edges(styled, wrap_x, wrap_y)
        return F.pad(styled, (0, right, 0, down)) if down or right else styled
    result = empty_maps((*x.shape[:2], height + down + 2, width + right + 2), x)  # pads in the same pass
    inner = result if padded else result[:, :, 1:, 1:]
    inner = inner[:, :, : x.shape[2], : x.shape[3]]
    if not padded:
        result[:, :, 0] = 0
        result[:, :, :, 0] = 0
    result[:, :, result.shape[2] - down - (not padded) :] = 0
    result[:, :, :, result.shape[3] - right - (not padded) :] = 0
    torch.mul(x, style, out=inner)
    return result


@dataclass(frozen=True, eq=False)
class Convolution:
    """The convolution of `style * x`, filtered if it up-samples, without any gain.

    Padding the input of an up-sampling adds work, but widths that are powers of two are much slower, because their
    lines share few sets of the processor's cache.
    """

    weight: Tensor  # [O, I, k, k]
    up: int
    wrap_x: bool
    wrap_y: bool
    padded: bool
    transformed: Tensor | None = None  # the transformed weight, if Winograd's algorithm runs

    def size(self, x: Tensor) -> list[int]:
        """Return the height and the width of the result."""
        return [(length - 2 * self.padded) * self.up for length in x.shape[2:]]

    def __call__(self, x: Tensor, style: Tensor) -> Tensor:
        """Convolve [rows, I, H, W] -> [rows, O, H * up, W * up], by the direct algorithm."""
        if self.up == 2:
            x = _styled(x, style, self.wrap_x, self.wrap_y, padded=self.padded)
            return _filtered(F.conv_transpose2d(x, self.weight.transpose(0, 1), stride=2, padding=1))
        if self.padded or self.wrap_x or self.wrap_y:
            return F.conv2d(_styled(x, style, self.wrap_x, self.wrap_y, padded=self.padded), self.weight)
        x = (x * style[:, :, None, None]).contiguous(memory_format=_CHANNELS_LAST)
        return F.conv2d(x, self.weight, padding=self.weight.shape[2] // 2)


def _filtered(x: Tensor) -> Tensor:
    """Apply the filter [1, 3, 3, 1] in both directions, not normalised: [rows, C, H, W] -> [rows, C, H - 3, W - 3]."""
    sums = x.dtype == torch.float64 or torch.compiler.is_compiling()  # slow in float64; compilers fuse sums
    if sums and not torch.is_grad_enabled():
        return _add_neighbours(_add_neighbours(x, 2), 3)
    return smooth(x, gain=64.0)


def _add_neighbours(x: Tensor, dim: int) -> Tensor:
    """Filter by [1, 3, 3, 1], which is [1, 1] applied three times; the result is three pixels shorter."""
    before = (slice(None),) * dim
    for _ in range(3):  # slices, not `narrow`: torch.compile traces those in half the time
        x = x[(*before, slice(None, -1))] + x[(*before, slice(1, None))]
    return x


def weight_gain(weight: Tensor) -> float:
    """Return the gain that a weight is stored without: 1 / sqrt(I k k)."""
    return 1 / math.sqrt(weight[0].numel())


def _demodulation(style: Tensor, weight: Tensor, weight_energy: Tensor | None, scale: float) -> Tensor:
    """Return `scale / sqrt(sum((W * style)^2) + eps)` for each row and output channel: [rows, O, 1, 1]."""
    known = energy(weight) if weight_energy is None else weight_energy
    return (torch.rsqrt(style.square() @ known.t() + EPSILON) * scale)[:, :, None, None]
