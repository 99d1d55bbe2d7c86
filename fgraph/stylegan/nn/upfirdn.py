"""Changes of the sampling rate of maps (`upfirdn2d` of NVlabs' StyleGAN).

A filter works on each channel separately, as a grouped convolution. Zeros between samples are never multiplied.
Instead, each of the `up` results of a sample has its own weights (polyphase filters), which are output channels of the
convolution.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from fgraph.stylegan.tables.stylegan3_chunk_sizes import chunk_planes


def resample(
    x: Tensor,
    taps: Tensor | None,
    *,
    up: int = 1,
    down: int = 1,
    padding: tuple[int, int, int, int] = (0, 0, 0, 0),
    gain: float = 1.0,
) -> Tensor:
    """Insert `up` - 1 zeros after each sample, pad, filter, keep every `down`-th: [rows, C, H, W] -> [rows, C, h, w].

    `taps` are [n] for both directions, [n, n], or None for none. Padding is (left, right, top, bottom).
    Negative padding crops.

    Raises:
        ValueError: a two-dimensional filter would up-sample.
    """
    if taps is None:
        one = x.new_ones(1)
        x = x if up == 1 else _raised(_raised(x, one, up, padding[:2], 3), one, up, padding[2:], 2)
        return (x if up > 1 else F.pad(x, padding))[:, :, ::down, ::down] * gain
    if taps.ndim == 2:
        if up > 1:
            raise ValueError("a two-dimensional filter can only lower the sampling rate")
        kernel = (taps * gain).flip((0, 1)).expand(x.shape[1], 1, *taps.shape)
        return F.conv2d(F.pad(x, padding), kernel, stride=down, groups=x.shape[1])
    taps = taps * math.sqrt(gain)
    if up > 1:
        return _raised(_raised(x, taps, up, padding[:2], 3), taps, up, padding[2:], 2)[:, :, ::down, ::down]
    kernel = taps.flip(0).expand(x.shape[1], 1, 1, -1)
    x = F.conv2d(F.pad(x, padding), kernel, stride=(1, down), groups=x.shape[1])
    return F.conv2d(x, kernel.transpose(2, 3), stride=(down, 1), groups=x.shape[1])


def _raised(x: Tensor, taps: Tensor, up: int, padding: tuple[int, int], axis: int) -> Tensor:
    """Run one axis of `resample` at `up` times the rate."""
    kernel, first = _phases(taps, up, padding[0])
    rows, channels, height, width = x.shape
    count = x.shape[axis] * up + sum(padding) - len(taps) + 1
    groups = -(-count // up)
    more = groups - 1 + first + kernel.shape[1] - x.shape[axis]
    x = F.pad(x, (-first, more) if axis == 3 else (0, 0, -first, more))
    shape = (up, 1, 1, -1) if axis == 3 else (up, 1, -1, 1)
    x = F.conv2d(x, kernel.view(shape).repeat(channels, 1, 1, 1), groups=channels)
    if axis == 3:
        x = x.view(rows, channels, up, height, groups).permute(0, 1, 3, 4, 2)
        return x.reshape(rows, channels, height, groups * up)[..., :count]
    x = x.view(rows, channels, up, groups, width).transpose(2, 3)
    return x.reshape(rows, channels, groups * up, width)[:, :, :count]


def _phases(taps: Tensor, up: int, before: int) -> tuple[Tensor, int]:
    """Return the weights of each of the `up` results of a sample, [up, k], and the offset of their first sample."""
    first, last = -(before // up), (len(taps) - 1 - before + up - 1) // up
    flipped, kernel = taps.flip(0), taps.new_zeros(up, last - first + 1)
    for phase in range(up):
        start = before + first * up - phase  # start of the taps at the first sample
        at = [place for place in range(kernel.shape[1]) if 0 <= start + place * up < len(taps)]
        kernel[phase, at] = flipped[[start + place * up for place in at]]
    return kernel, first


def by_planes(x: Tensor, make: Callable[[Tensor], Tensor], rate: int) -> Tensor:
    """Apply `make` to maps [rows, C, H, W], as many channels at a time as fit the cache at `rate` times their size.

    Maps that are recorded for a backward pass are not split.
    """
    rows, channels, height, width = x.shape
    count = chunk_planes(height * rate, width * rate)
    if rows * channels <= count or x.requires_grad:
        return make(x)
    planes = x.reshape(1, rows * channels, height, width)
    first = make(planes[:, :count])
    made = first.new_empty(1, rows * channels, *first.shape[2:])
    made[:, :count] = first
    for start in range(count, rows * channels, count):
        made[:, start : start + count] = make(planes[:, start : start + count])
    return made.view(rows, channels, *first.shape[2:])
