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
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.stylegan.activations import GAINS, HOMOGENEOUS
from fgraph.stylegan.chunks import bands_of, is_recorded, rows_per_chunk
from fgraph.stylegan.resampling import smooth

SLOPE = 0.2
EPSILON = 1e-8
_CHANNELS_LAST = torch.channels_last
_FIR_GAIN = {1: 1.0, 2: 1 / 16}  # [1, 3, 3, 1] squared sums to 64; the gain of up-sampling is 4


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
    """What joins the input of the mapping for classes `c` [rows, classes] (one-hot, or mixed): [rows, E]."""
    return normalise(F.linear(c, weight * (1 / math.sqrt(weight.shape[1])), bias))


def activate_(x: Tensor, activation: str) -> Tensor:
    """An activation function, without its gain; the argument is used up."""
    if activation == "lrelu":
        return F.leaky_relu_(x, SLOPE)
    return _FUNCTIONS[activation](x)


_FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda x: x,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "elu": F.elu,
    "selu": F.selu,
    "softplus": F.softplus,
    "swish": F.silu,
}


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
    style = style * _gain(weight)
    total = _sum_taps(_styled(x, style, up, wrap_x, wrap_y, padded=padded), weight, up, padded or wrap_x or wrap_y)
    total = total if up == 1 else _filtered(total)
    if not demodulate:
        return total * _FIR_GAIN[up]
    return total * _demodulation(style, weight, weight_energy, _FIR_GAIN[up])


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
    activation: str = "lrelu",
    gain: float = 1.0,
    clamp: float | None = None,
    residual: Tensor | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """One whole layer: `clamp(gain * activation(modulated_conv(x) + strength * noise + bias)) + residual`.

    Arguments and result as `modulated_conv`; `bias` is [O], `noise` [rows or 1, 1, H * up, W * up], `strength` one
    number, `residual` and `out` like the result, which is written to `out` if that is given (then no gradients are
    recorded). `gain` comes on top of the activation's own, and `clamp` is scaled by it. Where the activation is
    homogeneous, as leaky ReLU is, gains go into the terms of the sum and cost no pass over it.
    """
    whole = gain * GAINS[activation]
    inner, outer = (whole, 1.0) if activation in HOMOGENEOUS else (1.0, whole)
    size = [(length - 2 * padded) * up for length in x.shape[2:]]
    term = None if noise is None or strength is None else (noise * (strength * inner)).expand(-1, -1, *size)
    weight_energy = energy(weight) if weight_energy is None else weight_energy
    offset = (bias * inner).view(1, -1, 1, 1)

    demod = _demodulation(style * _gain(weight), weight, weight_energy, inner * _gain(weight) * _FIR_GAIN[up])
    context = padded or wrap_x or wrap_y

    def run(rows: slice, room: Tensor | None) -> Tensor:
        # no name for the styled input: it must be gone before `finish` takes its room
        return finish(
            _sum_taps(_styled(x[rows], style[rows], up, wrap_x, wrap_y, padded=padded), weight, up, context), rows, room
        )

    def finish(total: Tensor, rows: slice, room: Tensor | None) -> Tensor:
        """What follows the convolution, in bands of lines that stay in the cache; in place where nothing forbids."""
        if is_recorded():
            return finish_band(total, rows, slice(None), None)
        if room is None:
            room = total if up == 1 else empty_maps((*total.shape[:2], *size), total)
        for band in bands_of(room):
            lines = slice(band.start, band.stop + 3 * (up - 1))
            finish_band(total[:, :, lines], rows, band, room[:, :, band])
        return room

    def finish_band(y: Tensor, rows: slice, band: slice, out: Tensor | None) -> Tensor:
        y = y if up == 1 else _filtered(y)
        y = torch.addcmul(offset, y, demod[rows], out=out)  # [rows, O, lines, W]
        if term is not None:
            y.add_((term if term.shape[0] == 1 else term[rows])[:, :, band])
        y = activate_(y, activation)
        y = y if outer == 1.0 else y * outer
        y = y if clamp is None else bounded(y, clamp * gain)
        y = y if residual is None else y + residual[rows, :, band]
        return y if out is None or y is out else out.copy_(y)

    chunk = rows_per_chunk(x, weight, up)
    if chunk >= len(x):
        return run(slice(0, len(x)), out)
    out = empty_maps((len(x), len(weight), *size), x) if out is None else out
    for start in range(0, len(x), chunk):
        rows = slice(start, start + chunk)
        run(rows, out[rows])
    return out


def bounded(x: Tensor, most: float) -> Tensor:
    """`x` kept within +- `most`; the argument is used up."""
    return x.clamp(-most, most) if torch.is_grad_enabled() else x.clamp_(-most, most)


def residual_path(
    x: Tensor, weight: Tensor, wrap_x: bool = False, wrap_y: bool = False, *, padded: bool = False
) -> Tensor:
    """What a resnet block adds to its result: `sqrt(1/2) * up(conv1x1(x))`, [rows, I, H, W] -> [rows, O, 2H, 2W].

    `weight` is [O, I, 1, 1] (gain 1/sqrt(I)). Edges as for `upsample_skip`, which doubles it.
    """
    x = F.conv2d(x, weight * math.sqrt(0.5 / weight.shape[1]))
    return upsample_skip(x, wrap_x, wrap_y, padded=padded).contiguous(memory_format=_CHANNELS_LAST)


def to_rgb(
    x: Tensor, weight: Tensor, style: Tensor, bias: Tensor, skip: Tensor | None = None, *, clamp: float | None = None
) -> Tensor:
    """RGB [rows, C, H, W] of an activation [rows, I, H, W], added to `skip`, which is of that size already.

    `weight` is [C, I, 1, 1] (gain 1/sqrt(I)), `style` [rows, I] raw, `bias` [C]; what is added is kept within
    +- `clamp`. There is no demodulation. One small matrix per row: unlike scaling `x`, that makes no second activation.
    """
    rows, channels, height, width = x.shape
    kernel = weight.flatten(1) * (style * (1 / math.sqrt(channels)))[:, None]  # [rows, C, I]
    pixels = x.permute(0, 2, 3, 1).reshape(rows, height * width, channels)  # a view if channels-last
    rgb = torch.baddbmm(bias.view(1, 1, -1), pixels, kernel.transpose(1, 2))  # [rows, H * W, C]
    rgb = rgb.view(rows, height, width, -1).permute(0, 3, 1, 2)
    rgb = rgb if clamp is None else bounded(rgb, clamp)
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


def empty_maps(shape: Sequence[int], like: Tensor) -> Tensor:
    """Room for maps [rows, C, H, W], channels-last."""
    return torch.empty(*shape, dtype=like.dtype, device=like.device, memory_format=_CHANNELS_LAST)


def _styled(x: Tensor, style: Tensor, up: int, wrap_x: bool, wrap_y: bool, *, padded: bool) -> Tensor:
    """`style * x`, channels-last, with one pixel of context on each side if `_sum_taps` reads it."""
    style = style[:, :, None, None]
    if padded or not (wrap_x or wrap_y or up == 2):
        return (x * style).contiguous(memory_format=_CHANNELS_LAST)
    if is_recorded() or wrap_x or wrap_y:
        return pad_edges((x * style).contiguous(memory_format=_CHANNELS_LAST), wrap_x, wrap_y)
    rows, channels, height, width = x.shape
    result = empty_maps((rows, channels, height + 2, width + 2), x)  # one pass, rather than one more to pad
    result[:, :, :: height + 1] = 0
    result[:, :, :, :: width + 1] = 0
    torch.mul(x, style, out=result[:, :, 1:-1, 1:-1])
    return result


def _sum_taps(x: Tensor, weight: Tensor, up: int, context: bool) -> Tensor:
    """The convolution alone; of an up-sampling one, the 2H + 3 by 2W + 3 pixels that the filter reads.

    `x` has one pixel of context on each side if `context` or `up == 2`. (Up-sampling of a padded input does more work,
    but widths that are powers of two are much slower: their lines compete for places in the cache.)
    """
    if up == 2:
        return F.conv_transpose2d(x, weight.transpose(0, 1), stride=2, padding=1)
    return F.conv2d(x, weight, padding=0 if context or weight.shape[2] == 1 else 1)


def _filtered(x: Tensor) -> Tensor:
    """The filter [1, 3, 3, 1] in both directions, not normalised: [rows, C, H, W] -> [rows, C, H - 3, W - 3]."""
    if torch.is_grad_enabled():  # sums of neighbours are slow to differentiate
        return smooth(x, gain=64.0)
    return _smooth(_smooth(x, 2), 3)


def _smooth(x: Tensor, dim: int) -> Tensor:
    """Filter by [1, 3, 3, 1], which is [1, 1] three times over: three sums of neighbours. Three pixels shorter."""
    before = (slice(None),) * dim
    for _ in range(3):  # slices, not `narrow`: torch.compile traces those in half the time
        x = x[(*before, slice(None, -1))] + x[(*before, slice(1, None))]
    return x


def _gain(weight: Tensor) -> float:
    """What a weight is stored without: 1 / sqrt(I k k)."""
    return 1 / math.sqrt(weight[0].numel())


def _demodulation(style: Tensor, weight: Tensor, weight_energy: Tensor | None, scale: float) -> Tensor:
    """`scale / sqrt(sum((W * style)^2) + eps)` for each row and output channel: [rows, O, 1, 1]."""
    known = energy(weight) if weight_energy is None else weight_energy
    return (torch.rsqrt(style.square() @ known.t() + EPSILON) * scale)[:, :, None, None]
