"""Half-precision layers on a CPU, with few passes over their maps, and without transposed convolutions.

Where a processor multiplies matrices of bfloat16 (AMX), convolutions are so fast that all else of a layer counts. So
three things differ from float32 (ADR 29):

* Up-sampling layers run as plain convolutions of the map at its own size, one for the odd lines of the result and one
  for the even lines; their channels hold odd and even columns one after the other (sub-pixel convolution: Shi et al.
  2016, "Real-Time Single Image and Video Super-Resolution"). A quarter of their products are with zeros.
* Demodulation is applied where these lines are joined, before the filter, with which it commutes; the offset is the
  bias of the filter. A layer with large maps and a small weight takes style and demodulation into the weight of each
  row, as the published code does (Karras et al. 2020, section 2.2), which saves two passes over its maps.
* A wide map that brings its context is padded once more along x, and the columns of these zeros are cut off: oneDNN
  takes a faster way where it pads.

Each choice depends on the shape of a single row, so a row has the same bits in every batch of rows that run one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.stylegan.nn.chunks import bands_of, rows_per_chunk
from fgraph.stylegan.nn.finishing import Finish
from fgraph.stylegan.nn.resampling import smoothing_kernel
from fgraph.stylegan.nn.stylegan2 import Convolution, empty_maps, pad_edges

Lines = tuple[Tensor, Tensor]  # weights of odd lines [2 O, I, 1, 2], and of even lines [2 O, I, 2, 2]

_FILTER_GAIN = 64.0  # as `FIR_GAIN` counts it
_WIDE = 64  # least width for which further padding pays
_WORTH = 4  # least number of map entries for each entry of the weight, for which a weight of each row pays


def lines_of(weight: Tensor) -> Lines:
    """Split a weight [O, I, 3, 3] of a transposed convolution of stride 2 into the weights of odd and even lines.

    Of the result y, y[2 p - 1] = w[1] x[p - 1] and y[2 p] = w[2] x[p - 1] + w[0] x[p], along each axis.
    """
    outputs, inputs = weight.shape[:2]
    odd, even = (empty_maps((2 * outputs, inputs, taps, 2), weight) for taps in (1, 2))
    for lines, taps in ((odd, (1,)), (even, (2, 0))):
        for to, tap in enumerate(taps):
            lines[:outputs, :, to, 0] = weight[:, :, tap, 1]
            lines[:outputs, :, to, 1] = 0
            lines[outputs:, :, to, 0] = weight[:, :, tap, 2]
            lines[outputs:, :, to, 1] = weight[:, :, tap, 0]
    return odd, even


@dataclass(frozen=True, eq=False)
class HalfLayer:
    """A layer for all rows; `style` and `demod` are in full precision."""

    conv: Convolution
    lines: Callable[[], Lines]  # return the weight of an up-sampling layer whose rows share it
    full: Tensor  # [O, I, k, k]: the weight in full precision, not yet divided by `largest`
    largest: Tensor  # [O, 1, 1, 1]
    style: Tensor  # [rows, I], with all gains
    demod: Tensor  # [rows, O, 1, 1]
    finish: Finish

    def folds(self, x: Tensor) -> bool:
        """Return whether each row has a weight of its own."""
        outputs, inputs = self.full.shape[:2]
        numbers = (inputs + outputs) * x.shape[2] * x.shape[3]
        return rows_per_chunk(x, self.full, self.conv.up) == 1 and numbers >= _WORTH * self.full.numel()

    def folded(self, row: int, dtype: torch.dtype) -> Tensor:
        """Return the weight of a row, [O, I, k, k]."""
        made = self.full * self.style[row, :, None, None]
        made = made.mul_(self.demod[row, :, :, None] / self.largest)
        return made.to(dtype).contiguous(memory_format=torch.channels_last)

    def convolve(self, x: Tensor, rows: slice) -> tuple[Tensor, Finish]:
        """Return the convolution of some rows, and the steps that remain: [rows, O, H * up, W * up]."""
        demod: Tensor | None = self.demod[rows].to(x.dtype)
        offset: Tensor | None = self.finish.offset.flatten()
        weight, lines = self.conv.weight, None
        done = replace(self.finish, demod=None)
        if self.folds(x):
            weight, demod = self.folded(rows.start, x.dtype), None
            lines = lines_of(weight) if self.conv.up == 2 else None
        else:
            x = x * self.style[rows, :, None, None].to(x.dtype)
            if self.conv.up == 2:
                lines = self.lines()
            else:
                done, offset = self.finish, None
        wraps = self.conv.wrap_x or self.conv.wrap_y
        padded = self.conv.padded or wraps
        x = pad_edges(x, self.conv.wrap_x, self.conv.wrap_y) if wraps and not self.conv.padded else x
        x = x.contiguous(memory_format=torch.channels_last)
        if lines is None:
            return _plain(x, weight, offset, padded=padded), done
        joined = _doubled(x, lines, demod, padded=padded)
        kernel = smoothing_kernel(joined, _FILTER_GAIN)
        return F.conv2d(joined, kernel, offset, groups=joined.shape[1]), done


def run_rows(layer: HalfLayer, x: Tensor, out: Tensor | None) -> Tensor:
    """Run a layer for a few rows at a time, and finish their lines in bands that stay in the cache."""
    conv, rows = layer.conv, x.shape[0]
    chunk = rows_per_chunk(x, conv.weight, conv.up)
    for start in range(0, rows, chunk):
        part = slice(start, min(rows, start + chunk))
        total, finish = layer.convolve(x[part], part)
        if out is None:
            in_place = chunk >= rows and total.is_contiguous(memory_format=torch.channels_last)
            out = total if in_place else empty_maps((rows, conv.weight.shape[0], *conv.size(x)), x)
        for band in bands_of(total):
            finish(total[:, :, band], part, band, out[part, :, band])
    assert out is not None
    return out


def _plain(x: Tensor, weight: Tensor, offset: Tensor | None, *, padded: bool) -> Tensor:
    """Convolve maps [rows, I, H, W], or with `padded` [rows, I, H + 2, W + 2]: [rows, O, H, W]."""
    if not padded:
        return F.conv2d(x, weight, offset, padding=weight.shape[2] // 2)
    if x.shape[3] < _WIDE:
        return F.conv2d(x, weight, offset)
    return F.conv2d(x, weight, offset, padding=(0, 1))[..., 1:-1]


def _doubled(x: Tensor, lines: Lines, demod: Tensor | None, *, padded: bool) -> Tensor:
    """Return the transposed convolution of stride 2 with one pixel of context, [rows, O, 2 H + 3, 2 W + 3].

    `x` is [rows, I, H, W], or with `padded` [rows, I, H + 2, W + 2].
    """
    height, width = (2 * (length - 2 * padded) + 3 for length in x.shape[2:])
    result = empty_maps((x.shape[0], lines[0].shape[0] // 2, height, width), x)
    if padded:
        targets = result[:, :, ::2], result[:, :, 1::2]
        made = (_columns(F.conv2d(x, one, padding=(0, 1)))[..., 2:-1] for one in lines)
    else:
        for edge in (result[:, :, 0], result[:, :, -1], result[..., -1]):
            edge.zero_()
        targets = result[:, :, 2:-1:2, :-1], result[:, :, 1::2, :-1]
        made = (_columns(F.conv2d(x, one, padding=(one.shape[2] - 1, 1))) for one in lines)
    for one, target in zip(made, targets, strict=True):
        target.copy_(one) if demod is None else torch.mul(one, demod, out=target)
    return result


def _columns(x: Tensor) -> Tensor:
    """Lay columns whose channels are stored together side by side: [rows, 2 O, h, w] -> [rows, O, h, 2 w]."""
    rows, channels, height, width = x.shape
    lines = x.permute(0, 2, 3, 1).reshape(rows, height, 2 * width, channels // 2)
    return lines.permute(0, 3, 1, 2)
