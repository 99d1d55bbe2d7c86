"""Kernels of spatial edits, all through the index maps of `_geometry`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import torch
from torch import Tensor

from fgraph._geometry import AxisMap
from fgraph.ir.ops import Concat, SpatialOp
from fgraph.runtime.kernels.context import KernelContext, Params


def edit(op: SpatialOp, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Rows after their edits; rows of equal edits go together."""
    x = inputs[0]
    groups: dict[Hashable, list[int]] = {}
    for row, param in enumerate(params):
        groups.setdefault(param, []).append(row)
    if len(groups) == 1:
        return _apply(op, x, params[0])
    result = x.new_empty(*x.shape[:2], op.height, op.width)
    for param, rows in groups.items():
        index = torch.tensor(rows, device=x.device)
        result[index] = _apply(op, x[index], param)
    return result


def _apply(op: SpatialOp, x: Tensor, edit: Any) -> Tensor:
    height, width = x.shape[-2:]
    vertical, horizontal = edit.maps(height, width, wrap_y=op.wrap_y, wrap_x=op.wrap_x)
    value = getattr(edit, "value", 0.0)
    return _along(_along(x, vertical, 2, value), horizontal, 3, value)


def _along(x: Tensor, axis: AxisMap, dim: int, value: float) -> Tensor:
    if axis.is_identity:
        return x
    low = x.index_select(dim, _index(axis.low, x))
    if not axis.is_gather:
        high = x.index_select(dim, _index(axis.high, x))
        weight = torch.tensor(axis.weight, device=x.device, dtype=x.dtype)
        low = torch.lerp(low, high, weight.view(-1, 1) if dim == 2 else weight)
    if axis.inside is not None:
        outside = ~torch.tensor(axis.inside, device=x.device)
        low = low.masked_fill(outside.view(-1, 1) if dim == 2 else outside, float(value))
    return low


def _index(positions: Any, x: Tensor) -> Tensor:
    return torch.tensor(positions, device=x.device)


def concat(op: Concat, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Maps side by side."""
    return torch.cat(list(inputs), dim=3 if op.axis == "x" else 2)
