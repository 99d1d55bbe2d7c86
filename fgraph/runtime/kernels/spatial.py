"""Kernels of spatial edits, by the index maps of `_geometry`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fgraph._geometry import AxisMap
from fgraph._geometry.maps import Indices
from fgraph._geometry.regions import Size
from fgraph.ir.ops import Concat, SpatialOp
from fgraph.runtime.kernels.context import KernelContext, Params
from fgraph.runtime.kernels.weighting import lerp


def edit(op: SpatialOp, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Edit rows; rows of equal edits share a call."""
    x = inputs[0]
    groups: dict[Hashable, list[int]] = {}
    for row, param in enumerate(params):
        groups.setdefault(param, []).append(row)
    if len(groups) == 1:
        return edit_map(x, params[0], context, op.wrap_y, op.wrap_x)
    result = x.new_empty(*x.shape[:2], op.height, op.width)
    for param, rows in groups.items():
        index = context.constant(rows)
        result[index] = edit_map(x[index], param, context, op.wrap_y, op.wrap_x)
    return result


def edit_window(
    op: SpatialOp, x: Tensor, edit: Any, where: tuple[Size, Sequence[int], Sequence[int]], context: KernelContext
) -> Tensor:
    """Return a region of an edited map, from the window that it reads.

    Args:
        op: the operation.
        x: the window, [rows, C, h, w].
        edit: the edit, the same for all rows.
        where: the size of the whole map, the place of the window in it, and the region of the result to return.
        context: the context of the run.
    """
    (height, width), window, region = where
    top, left = window[:2]
    vertical, horizontal = edit.maps(height, width, wrap_y=op.wrap_y, wrap_x=op.wrap_x)
    value = getattr(edit, "value", 0.0)
    x = _along(x, _cut(vertical, region[0], region[2], top), 2, value, context)
    return _along(x, _cut(horizontal, region[1], region[3], left), 3, value, context)


def _cut(axis: AxisMap, start: int, stop: int, origin: int) -> AxisMap:
    """Return the part of an index map for pixels start to stop, for a source that begins at `origin`."""
    made = np.arange(start, stop) % axis.size
    low, weight = axis.low[made] - origin, axis.weight[made]
    high = low if axis.is_gather else axis.high[made] - origin
    inside = None if axis.inside is None else axis.inside[made]
    return AxisMap(low, high, weight, inside, axis.source)


def edit_map(x: Tensor, edit: Any, context: KernelContext, wrap_y: bool = False, wrap_x: bool = False) -> Tensor:
    """Apply one edit to maps, [rows, C, H, W]."""
    height, width = x.shape[-2:]
    vertical, horizontal = edit.maps(height, width, wrap_y=wrap_y, wrap_x=wrap_x)
    value = getattr(edit, "value", 0.0)
    return _along(_along(x, vertical, 2, value, context), horizontal, 3, value, context)


def _along(x: Tensor, axis: AxisMap, dim: int, value: float, context: KernelContext) -> Tensor:
    if axis.is_identity and x.shape[dim] == axis.source:
        return x
    low = take(x, axis.low, dim, context)
    if not axis.is_gather:
        weight = context.constant(axis.weight, x.dtype)
        low = lerp(low, take(x, axis.high, dim, context), weight.view(-1, 1) if dim == 2 else weight, context)
    if axis.inside is not None:
        outside = context.constant(~axis.inside)
        low = low.masked_fill(outside.view(-1, 1) if dim == 2 else outside, float(value))
    return low


def take(x: Tensor, positions: Indices, dim: int, context: KernelContext) -> Tensor:
    """Return pixels at positions along an axis; a view if they are consecutive."""
    start, count = int(positions[0]), len(positions)
    if bool((np.diff(positions) == 1).all()):
        return x.narrow(dim, start, count)
    return x.index_select(dim, context.constant(positions))


def concat(op: Concat, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Concatenate maps along an axis."""
    return torch.cat(list(inputs), dim=3 if op.axis == "x" else 2)
