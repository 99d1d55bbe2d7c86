"""The filter [1, 3, 3, 1] in both directions, differentiable any number of times, and fast in both passes.

It is one depthwise convolution. The alternative, sums of neighbours, takes six passes over the maps. Its backward pass
is one depthwise convolution too. `bench/speed/training.py` measures the training step that contains it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def smooth(x: Tensor, padding: int = 0, gain: float = 1.0) -> Tensor:
    """Filter maps [rows, C, H, W] with zeros beyond the edges: [rows, C, H - 3 + 2 padding, W - 3 + 2 padding].

    The filter sums to `gain`.
    """
    filtered: Tensor = _Smooth.apply(x, padding, gain)  # type: ignore[no-untyped-call]
    return filtered


def downsample(x: Tensor) -> Tensor:
    """Filter maps and keep every second pixel: [rows, C, H, W] -> [rows, C, H / 2, W / 2]."""
    smoothed: Tensor = _Halve.apply(x)  # type: ignore[no-untyped-call]
    return smoothed


def smoothing_kernel(like: Tensor, gain: float) -> Tensor:
    """Return the filter as the weight of a depthwise convolution of maps `like` [rows, C, H, W]: [C, 1, 4, 4]."""
    return _square(like.dtype, like.device, gain).expand(like.shape[1], 1, 4, 4)


@lru_cache(maxsize=64)
def _square(dtype: torch.dtype, device: torch.device, gain: float) -> Tensor:
    """Return the filter [4, 4] as a tensor that can take part in a backward pass, even if made in inference mode."""
    with torch.inference_mode(False), torch.no_grad():
        taps = 4 - 2 * (torch.arange(4, dtype=dtype, device=device) - 1.5).abs()  # [1, 3, 3, 1], made on the device
        return torch.outer(taps, taps) * (gain / 64)


class _Smooth(torch.autograd.Function):
    """The filter and its adjoint, which is the same filter with padding 3 - `padding`, because it is symmetric."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, padding: int, gain: float) -> Tensor:
        ctx.padding, ctx.gain = padding, gain
        return F.conv2d(x, smoothing_kernel(x, gain), padding=padding, groups=x.shape[1])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        return smooth(grads[0], 3 - ctx.padding, ctx.gain), None, None


class _Halve(torch.autograd.Function):
    """The filter with stride 2; its adjoint is the transposed convolution `_Spread`, and vice versa."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return F.conv2d(x, smoothing_kernel(x, 1.0), padding=1, stride=2, groups=x.shape[1])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        spread: Tensor = _Spread.apply(grads[0])  # type: ignore[no-untyped-call]
        return spread


class _Spread(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return F.conv_transpose2d(x, smoothing_kernel(x, 1.0), padding=1, stride=2, groups=x.shape[1])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return downsample(grads[0])
