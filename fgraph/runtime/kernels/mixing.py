"""Kernels of masks and of the weighted sum."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fgraph.fields import rasterise
from fgraph.ir.ops import DrawMask, Mix
from fgraph.runtime.kernels.context import KernelContext, Params, each_distinct


def mask(op: DrawMask, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Masks [rows, 1, H, W]."""
    return each_distinct(params, lambda field: context.tensor(rasterise(field, op.height, op.width)[None]))


def mix(op: Mix, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Σ weight · value, of the type of the first value; weights are in full precision."""
    half = len(inputs) // 2
    result = inputs[0] * inputs[half].to(inputs[0].dtype)
    for value, weight in zip(inputs[1:half], inputs[half + 1 :], strict=True):
        result = torch.addcmul(result, value, weight, out=result)
    return result
