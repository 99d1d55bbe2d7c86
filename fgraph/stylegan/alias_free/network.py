"""The StyleGAN3 layers as pure functions of tensors (Karras et al. 2021, "Alias-Free Generative Adversarial Networks").

A modulated convolution is computed as `demod * conv(W, style * x)` on the one dense weight, as in StyleGAN2. Rows never
meet, unlike in the original, which scales styles by their mean square over the whole batch; demodulation undoes that.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.stylegan.alias_free.table import AliasFreeLayer, AliasFreeTable

SLOPE, GAIN, EPSILON = 0.2, math.sqrt(2), 1e-8


def fourier_features(
    table: AliasFreeTable, tensors: dict[str, Tensor], place: Tensor, transform: Tensor, size: tuple[int, int]
) -> Tensor:
    """The input of the first layer, [rows, C, height, width].

    `place` is [rows, 4]: cosine and sine of a rotation, a translation; `transform` [3, 3] or [rows, 3, 3], from places
    of the image back to the plane. `size` is (height, width) in samples; the middle of the plane is the middle of it.
    """
    t = place / place[:, :2].norm(dim=1, keepdim=True)
    zero, one = torch.zeros_like(t[:, 0]), torch.ones_like(t[:, 0])
    rotation = torch.stack([t[:, 0], -t[:, 1], zero, t[:, 1], t[:, 0], zero, zero, zero, one], dim=1).view(-1, 3, 3)
    shift = torch.stack([one, zero, -t[:, 2], zero, one, -t[:, 3], zero, zero, one], dim=1).view(-1, 3, 3)
    matrix = rotation @ shift @ transform  # [rows, 3, 3]
    phases = tensors["input.phases"] + (tensors["input.freqs"] @ matrix[:, :2, 2:]).squeeze(2)  # [rows, C]
    freqs = tensors["input.freqs"] @ matrix[:, :2, :2]  # [rows, C, 2]
    rate, band = table.input_rate, table.bandwidth
    amplitude = (1 - (freqs.norm(dim=2) - band) / (rate / 2 - band)).clamp(0, 1)  # out of band, a frequency fades
    y, x = ((torch.arange(n).to(place) + 0.5 - n / 2) / rate for n in size)
    angle = freqs[:, :, 0, None, None] * x + freqs[:, :, 1, None, None] * y[:, None] + phases[:, :, None, None]
    waves = torch.sin(2 * math.pi * angle) * amplitude[:, :, None, None]  # [rows, C, height, width]
    weight = tensors["input.weight"] / math.sqrt(table.features)
    return torch.einsum("rchw,oc->rohw", waves, weight)


def layer_output(layer: AliasFreeLayer, tensors: dict[str, Tensor], x: Tensor, style: Tensor) -> Tensor:
    """One layer: modulated convolution, then its activation between two changes of the sampling rate."""
    weight, bias = tensors[f"{layer.name}.weight"], tensors[f"{layer.name}.bias"]
    scale = torch.rsqrt(tensors[f"{layer.name}.magnitude_ema"])
    if layer.is_torgb:
        x = F.conv2d(x * (style * (scale / math.sqrt(weight[0].numel())))[:, :, None, None], weight)
    else:
        x = _demodulated(x, weight, style, layer.taps - 1) * scale
    up, down = (tensors.get(f"{layer.name}.{name}") for name in ("up_filter", "down_filter"))
    x = resample(x + bias[:, None, None], up, up=layer.up, padding=layer.padding, gain=layer.up**2)
    if not layer.is_torgb:
        x = F.leaky_relu(x, SLOPE) * GAIN
    if layer.clamp is not None:
        x = x.clamp(-layer.clamp, layer.clamp)
    return resample(x, down, down=layer.down)


def _demodulated(x: Tensor, weight: Tensor, style: Tensor, padding: int) -> Tensor:
    """A demodulated convolution; weight and styles are brought to a mean square of 1 before."""
    weight = weight * torch.rsqrt(weight.square().mean(dim=(1, 2, 3), keepdim=True))
    style = style * torch.rsqrt(style.square().mean(dim=1, keepdim=True))
    demod = torch.rsqrt(style.square() @ weight.square().sum(dim=(2, 3)).t() + EPSILON)  # [rows, O]
    return F.conv2d(x * style[:, :, None, None], weight, padding=padding) * demod[:, :, None, None]


def resample(
    x: Tensor,
    taps: Tensor | None,
    *,
    up: int = 1,
    down: int = 1,
    padding: tuple[int, int, int, int] = (0, 0, 0, 0),
    gain: float = 1.0,
) -> Tensor:
    """Put `up` - 1 zeros after each sample, pad, filter, keep every `down`-th: [rows, C, H, W] -> [rows, C, h, w].

    `taps` are [n] for both directions, [n, n], or None for none. Padding is (left, right, top, bottom); negative crops.
    """
    rows, channels, height, width = x.shape
    if up > 1:
        x = F.pad(x.view(rows, channels, height, 1, width, 1), (0, up - 1, 0, 0, 0, up - 1))
        x = x.reshape(rows, channels, height * up, width * up)
    x = F.pad(x, padding)
    if taps is None:
        x = x * gain
    elif taps.ndim == 2:
        x = _filtered(x, taps * gain)
    else:
        taps = taps * math.sqrt(gain)
        x = _filtered(_filtered(x, taps[None]), taps[:, None])
    return x[:, :, ::down, ::down]


def _filtered(x: Tensor, taps: Tensor) -> Tensor:
    """Each channel convolved with `taps` [n, m], where all of them overlap."""
    rows, channels, height, width = x.shape
    kernel = taps.flip((0, 1))[None, None]
    made = F.conv2d(x.reshape(rows * channels, 1, height, width), kernel)
    return made.view(rows, channels, *made.shape[2:])
