"""Weighted sums in which numbers that are not finite have no effect if their weight is 0."""

from __future__ import annotations

import torch
from torch import Tensor

from fgraph.runtime.kernels.context import KernelContext


def masked_by_weight(value: Tensor, weight: Tensor, context: KernelContext) -> Tensor:
    """Return the value with zeros where its weight is 0, so that NaN or infinity has no effect there: 0 · NaN is NaN.

    On a CPU, a finite value is returned unchanged; the check costs one sum. On other devices, and in a captured plan,
    the check would wait for the device, so zeros are always filled in.

    Args:
        value: [rows, ...].
        weight: broadcasts with the value.
        context: the context of the run.
    """
    if context.reads_back and bool(value.sum().isfinite()):
        return value
    return torch.where(weight == 0, value.new_zeros(()), value)


def lerp(a: Tensor, b: Tensor, t: Tensor, context: KernelContext) -> Tensor:
    """Return a + t (b - a), where a has no effect if t is 1, and b has none if t is 0, even if not finite."""
    return torch.lerp(masked_by_weight(a, 1 - t, context), masked_by_weight(b, t, context), t)
