"""Steps that make tiles: the same kernels, on windows that carry their own context."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from fgraph.ir.ops import Concat, Conv, DrawMask, Filtered, Fourier, Mix, NoiseField, Op, SpatialOp, Upsample
from fgraph.ir.program import as_index
from fgraph.ir.regions import Region
from fgraph.plan import Step
from fgraph.runtime.kernels import KERNELS, KernelContext
from fgraph.runtime.kernels.alias_free import filtered_tiles, fourier_tiles
from fgraph.runtime.kernels.spatial import edit_window
from fgraph.runtime.read import Buffers, read, source_of, target_of
from fgraph.stylegan.alias_free.network import Tiles
from fgraph.stylegan.network import empty_maps, upsample_skip


def run_tiles(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    """The result of a step whose rows are tiles, [rows, C, h, w]."""
    special = _SPECIAL.get(type(step.op)) or (_edit if isinstance(step.op, SpatialOp) else None)
    if special is not None:
        return special(step, buffers, context)
    inputs = [read(buffers, gather) for gather in step.inputs]
    return KERNELS[type(step.op)](step.op, inputs, step.params, context)


def _conv(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    op = step.op
    assert isinstance(op, Conv)
    x, styles, *noise = (read(buffers, gather) for gather in step.inputs)
    style = styles[:, op.layer.style_slice]
    return context.generator(op.model).conv(op.layer, x, style, noise[0] if noise else None, padded=True)


def _fourier(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    op = step.op
    assert isinstance(op, Fourier)
    return fourier_tiles(op, [read(buffers, gather) for gather in step.inputs], _regions(step), context)


def _filtered(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    op = step.op
    assert isinstance(op, Filtered)
    tiles = Tiles(step.input_types[0].size, _regions(step))
    return filtered_tiles(op, [read(buffers, gather) for gather in step.inputs], tiles, context)


def _regions(step: Step) -> list[Region]:
    assert step.regions is not None
    return [(top, left, bottom, right) for top, left, bottom, right in step.regions.tolist()]


def _upsample(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    return upsample_skip(read(buffers, step.inputs[0]), padded=True)


def _drawn(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    """Noise and masks: drawn whole, one at a time, and cut out."""
    assert step.regions is not None
    kernel, regions = KERNELS[type(step.op)], step.regions.tolist()
    rows: dict[Hashable, list[int]] = {}
    for row, param in enumerate(step.params):
        rows.setdefault(param, []).append(row)
    made: dict[int, Tensor] = {}
    for param, alike in rows.items():
        (whole,) = kernel(step.op, [], [param], context)  # [1, H, W]
        made |= {row: _cut(whole, regions[row]).clone() for row in alike}
    return torch.stack([made[row] for row in range(step.rows)])


def _cut(row: Tensor, region: Sequence[int]) -> Tensor:
    top, left, bottom, right = region
    height, width = row.shape[-2:]
    if bottom <= height and right <= width:
        return row[:, top:bottom, left:right]
    y = torch.arange(top, bottom, device=row.device) % height
    x = torch.arange(left, right, device=row.device) % width
    return row[:, y][:, :, x]


def _mix(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    """Σ weight · value, each value added only where it is: elsewhere its weight is 0."""
    half = len(step.inputs) // 2
    result = _room(step, buffers, zero=True)
    for values, weights in zip(step.inputs[:half], step.inputs[half:], strict=True):
        if not values.sources:
            continue  # its weight is 0 wherever we look
        weight = read(buffers, weights)
        if values.exact or values.is_layered:
            result.addcmul_(read(buffers, values), weight)
            continue
        for copy in values.copies:
            target_of(result, copy).addcmul_(source_of(buffers, copy), target_of(weight, copy))
    return result


def _concat(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    result = _room(step, buffers, zero=False)
    for gather in step.inputs:
        for copy in gather.copies:  # a part reaches only its own side of the tile
            target_of(result, copy).copy_(source_of(buffers, copy))
    return result


def _room(step: Step, buffers: Buffers, *, zero: bool) -> Tensor:
    like = next(buffers[gather.sources[0]] for gather in step.inputs if gather.sources)
    shape = (step.rows, *step.row_type.shape)
    room = empty_maps(shape, like)
    return room.zero_() if zero else room


def _edit(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    """A spatial edit, rows of equal edit and region together: their windows are of one size."""
    assert step.regions is not None
    assert isinstance(step.op, SpatialOp)
    gather = step.inputs[0]
    groups: dict[object, list[int]] = {}
    for row, region in enumerate(step.regions.tolist()):
        groups.setdefault((step.params[row], *region), []).append(row)
    result: Tensor | None = None
    for rows in groups.values():
        index = as_index(np.array(rows))
        part = gather.take(index)
        assert part.windows is not None
        window = part.windows[0].tolist()
        region = step.regions[rows[0]].tolist()
        made = edit_window(
            step.op, read(buffers, part), step.params[rows[0]], (step.input_types[0].size, window, region)
        )
        if len(groups) == 1:
            return made
        if result is None:
            result = _room(step, buffers, zero=False)
        result[torch.tensor(rows, device=made.device)] = made
    assert result is not None
    return result


_SPECIAL: Mapping[type[Op], Callable[[Step, Buffers, KernelContext], Tensor]] = {
    Conv: _conv,
    Upsample: _upsample,
    Fourier: _fourier,
    Filtered: _filtered,
    NoiseField: _drawn,
    DrawMask: _drawn,
    Mix: _mix,
    Concat: _concat,
}
