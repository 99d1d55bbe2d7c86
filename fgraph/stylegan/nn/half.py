"""Layers of high resolution in half precision, scaled so that no product overflows.

These are NVlabs' rules (`modulated_conv2d` and `SynthesisBlock` of stylegan2-ada): the weight of each output channel
and the style of each row are divided by their largest numbers. Demodulation, computed in fp32 from the scaled values,
undoes both. ToRGB returns fp32. This is not measured on a GPU. On a CPU, layers run by `nn.half_cpu`: bfloat16 is fast
if the processor has matrix instructions for it (AMX), and float16 is correct but slow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from fgraph._cached import cached_property
from fgraph.stylegan.nn.chunks import is_recorded
from fgraph.stylegan.nn.finishing import finish_of, split_gain
from fgraph.stylegan.nn.half_cpu import HalfLayer, Lines, lines_of, run_rows
from fgraph.stylegan.nn.stylegan2 import (
    EPSILON,
    FIR_GAIN,
    Convolution,
    colours,
    energy,
    lay_out,
    run_layer,
    weight_gain,
)

DTYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16}
_BLOCKS = 4  # blocks of highest resolution that run in half precision, as `num_fp16_res` of NVlabs' configurations
_LEAST = 8  # pixels; smaller layers always run in full precision
_UP = 16.0  # scales styles down in up-sampling layers, where the filter sums 64 products before it divides


def half_from(resolution: int) -> int:
    """Return the resolution from which layers of a generator of this resolution run in half precision.

    >>> half_from(256), half_from(64), half_from(32)
    (32, 8, 8)
    """
    return max(resolution >> (_BLOCKS - 1), _LEAST)


@dataclass(frozen=True, eq=False)
class HalfWeight:
    """A convolution's weight with each output channel divided by its largest number."""

    weight: Tensor  # [O, I, k, k], half
    full: Tensor  # [O, I, k, k]: the weight as it was
    largest: Tensor  # [O, 1, 1, 1]: what each channel is divided by
    energy: Tensor  # [O, I]: `energy` of the same, in full precision

    @staticmethod
    def of(weight: Tensor, up: int, dtype: torch.dtype) -> HalfWeight:
        """Scale and round a weight [O, I, k, k]."""
        largest = weight.abs().amax(dim=(1, 2, 3), keepdim=True).clamp_min(EPSILON)
        scaled = weight / largest
        return HalfWeight(lay_out(scaled.to(dtype), up), weight, largest, energy(scaled))

    @cached_property
    def lines(self) -> Lines:
        """The weight of an up-sampling layer as `half_cpu` takes it."""
        return lines_of(self.weight)


def half_conv(
    x: Tensor,
    weight: HalfWeight,
    style: Tensor,
    bias: Tensor,
    *,
    noise: Tensor | None,
    strength: Tensor | None,
    up: int,
    wrap_x: bool,
    wrap_y: bool,
    padded: bool,
    activation: str,
    gain: float,
    clamp: float | None,
    residual: Tensor | None,
    out: Tensor | None = None,
) -> Tensor:
    """Run `styled_conv` in the precision of `weight` and `out`; style, bias, noise and strength have full precision.

    While gradients are recorded, `out` is ignored.
    """
    dtype = weight.weight.dtype
    conv = Convolution(weight.weight, up, wrap_x, wrap_y, padded)
    style = style / style.abs().amax(dim=1, keepdim=True).clamp_min(EPSILON)
    down = _UP if up == 2 else 1.0
    fan_in = weight.weight[0].numel()
    scale = down * split_gain(activation, gain)[0] * FIR_GAIN[up]
    demod = torch.rsqrt(style.square() @ weight.energy.t() / fan_in + EPSILON)[:, :, None, None] * scale
    finish = finish_of(
        demod, bias, noise, strength, conv.size(x), activation=activation, gain=gain, clamp=clamp, residual=residual
    )
    style = style * (weight_gain(weight.weight) / down)
    if is_recorded() or x.device.type != "cpu":
        return run_layer(conv, finish.to(dtype), x.to(dtype), style.to(dtype), out)
    layer = HalfLayer(conv, lambda: weight.lines, weight.full, weight.largest, style, demod, finish.to(dtype))
    return run_rows(layer, x.to(dtype), out)


def half_to_rgb(
    x: Tensor, weight: Tensor, style: Tensor, bias: Tensor, *, dtype: torch.dtype, clamp: float | None
) -> Tensor:
    """Return RGB of an activation, [rows, C, H, W] in full precision, without the skip; styles are not scaled."""
    style = style * (1 / math.sqrt(weight.shape[1]))  # in full precision; in half, it could underflow
    kernel = (weight.flatten(1) * style[:, None]).to(dtype)  # [rows, C, I]
    return colours(x.to(dtype), kernel, bias, clamp)
