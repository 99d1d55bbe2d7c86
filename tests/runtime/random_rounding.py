"""Imitation of half precision by random relative errors: Monte Carlo arithmetic (Parker 1997)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.nn.half import half_from
from tests.rounding import unit

# The roundings of each number that a layer makes: convolution, a transposed one's sum over taps, filter and its sum,
# offset, noise and its sum, activation; matrix product and bias of ToRGB.
MADE = {"conv": 8, "torgb": 2}


@contextmanager
def rounded_at_random(dtype: torch.dtype, seed: int) -> Iterator[None]:
    """Run half-precision layers of StyleGAN2 in full precision, with random errors the size of roundings to `dtype`.

    Each number that is rounded is multiplied by 1 + e, where e is uniform within the unit roundoff: weights, styles,
    the product of activation and style, the demodulation of each channel, and `MADE` times each number made. The errors
    have the mean and variance of roundings; the range of `dtype` is not imitated.
    """
    draw = torch.Generator().manual_seed(seed)

    def rounded(x: Tensor, times: int = 1) -> Tensor:
        error = (2 * torch.rand(x.shape, generator=draw, dtype=x.dtype) - 1) * (unit(dtype) * math.sqrt(times))
        return x * (1 + error)

    def rounding(method: Callable[..., Tensor], kind: str) -> Callable[..., Tensor]:
        def call(generator: Any, layer: Any, x: Tensor, style: Tensor, *rest: Any, **options: Any) -> Tensor:
            if layer.resolution < half_from(generator.table.resolution):
                return method(generator, layer, x, style, *rest, **options)
            name = f"{layer.name}.weight"
            coarse = replace(generator, tensors={**generator.tensors, name: rounded(generator.tensors[name])})
            if kind == "torgb":
                (skip,) = rest  # stays in full precision
                made = rounded(method(coarse, layer, rounded(x), rounded(style), None), MADE[kind])
                return made if skip is None else made + skip
            made = method(coarse, layer, rounded(x), rounded(style), *rest, **options)
            channels = made.new_ones(*made.shape[:2], 1, 1)
            return rounded(made, MADE[kind]) * rounded(channels)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for kind in MADE:
            patch.setattr(StyleGAN2Generator, kind, rounding(getattr(StyleGAN2Generator, kind), kind))
        yield
