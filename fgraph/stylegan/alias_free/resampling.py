"""Changing the sampling rate of maps (`upfirdn` of the original)."""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor


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
    if taps is None:
        return _padded(_stuffed(_stuffed(x, 2, up), 3, up), padding)[:, :, ::down, ::down] * gain
    if taps.ndim == 2:
        x = _padded(_stuffed(_stuffed(x, 2, up), 3, up), padding)
        return _filtered(x, taps * gain, (down, down))
    taps = taps * math.sqrt(gain)
    x = _filtered(_padded(_stuffed(x, 3, up), (*padding[:2], 0, 0)), taps[None], (1, down))
    return _filtered(_padded(_stuffed(x, 2, up), (0, 0, *padding[2:])), taps[:, None], (down, 1))


def _padded(x: Tensor, padding: tuple[int, int, int, int]) -> Tensor:
    return F.pad(x, padding) if any(padding) else x


def _stuffed(x: Tensor, dim: int, up: int) -> Tensor:
    """The map with `up` - 1 zeros after each sample along an axis."""
    if up == 1:
        return x
    after = (0, up - 1) if dim == 3 else (0, 0, 0, up - 1)
    shape = [*x.shape[:dim], x.shape[dim] * up, *x.shape[dim + 1 :]]
    return F.pad(x.unsqueeze(dim + 1), after).reshape(shape)


def _filtered(x: Tensor, taps: Tensor, stride: tuple[int, int]) -> Tensor:
    """Each channel convolved with `taps` [n, m] where all of them overlap, at every so many pixels."""
    rows, channels, height, width = x.shape
    kernel = taps.flip((0, 1))[None, None]
    made = F.conv2d(x.reshape(rows * channels, 1, height, width), kernel, stride=stride)
    return made.view(rows, channels, *made.shape[2:])
