"""Kernels of masks and of the weighted sum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from fgraph._geometry.maps import Floats
from fgraph._geometry.regions import Region, Size
from fgraph.ir.ops import DrawMask, Mix
from fgraph.masks import MaskExpr, rasterise, rasterise_window
from fgraph.runtime.kernels.context import KernelContext, Params
from fgraph.runtime.kernels.weighting import masked_by_weight


def mask(op: DrawMask, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Draw masks, [rows, 1, H, W]."""
    return context.rows(params, lambda mask: rasterise(mask, op.height, op.width)[None])


def mask_window(mask: MaskExpr, size: Size, region: Region) -> Floats:
    """Draw a region of a mask on a canvas of a size, [1, h, w]; beyond an edge the region wraps."""
    (height, width), (top, left, bottom, right) = size, region
    rows = [
        np.concatenate(
            [rasterise_window(mask, height, width, (y, x, end, stop)) for x, stop in _turns(left, right, width)], 1
        )
        for y, end in _turns(top, bottom, height)
    ]
    return np.concatenate(rows)[None]


def _turns(start: int, stop: int, length: int) -> list[tuple[int, int]]:
    """Split a span that may wrap into spans that do not."""
    return [(start, stop)] if stop <= length else [(start, length), (0, stop - length)]


def mix(op: Mix, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return Σ alpha · value in the type of the first value, to which alphas are rounded: mixed types are slow."""
    half = len(inputs) // 2
    alphas = [alpha.to(inputs[0].dtype) for alpha in inputs[half:]]
    result = masked_by_weight(inputs[0], alphas[0], context) * alphas[0]
    for value, alpha in zip(inputs[1:half], alphas[1:], strict=True):
        result = torch.addcmul(result, masked_by_weight(value, alpha, context), alpha, out=result)
    return result
