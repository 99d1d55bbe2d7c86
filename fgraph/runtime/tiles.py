"""Steps that make tiles: the same kernels, on windows that carry their own context."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fgraph._geometry.regions import Region
from fgraph.ir.ops import BendChannels, Concat, DrawMask, Filtered, Fourier, Mix, NoiseField, Op, SpatialOp, Upsample
from fgraph.ir.program import as_index
from fgraph.ir.region_arrays import to_region
from fgraph.plan import Step
from fgraph.runtime.kernels import KERNELS, KernelContext
from fgraph.runtime.kernels.bending import Place, bend_window
from fgraph.runtime.kernels.mixing import mask_window
from fgraph.runtime.kernels.noise import noise_window
from fgraph.runtime.kernels.spatial import edit_window
from fgraph.runtime.kernels.stylegan3 import filtered_tiles, fourier_tiles
from fgraph.runtime.read import Buffers, read, source_of, target_of
from fgraph.stylegan.nn.stylegan2 import empty_maps, upsample_skip
from fgraph.stylegan.nn.stylegan3 import Tiles


def run_tiles(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    """The result of a step whose rows are tiles, [rows, C, h, w]."""
    special = _SPECIAL.get(type(step.op)) or (_edit if isinstance(step.op, SpatialOp) else None)
    if special is not None:
        return special(step, buffers, context)
    inputs = [read(buffers, gather, context) for gather in step.inputs]
    return KERNELS[type(step.op)](step.op, inputs, step.params, context)


def _fourier(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    op = step.op
    assert isinstance(op, Fourier)
    return fourier_tiles(op, [read(buffers, gather, context) for gather in step.inputs], _regions(step), context)


def _filtered(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    op = step.op
    assert isinstance(op, Filtered)
    tiles = Tiles(step.input_types[0].size, _regions(step))
    return filtered_tiles(op, [read(buffers, gather, context) for gather in step.inputs], tiles, context)


def _regions(step: Step) -> list[Region]:
    assert step.regions is not None
    return [to_region(row) for row in step.regions]


def _upsample(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    return upsample_skip(read(buffers, step.inputs[0], context), padded=True)


def _drawn(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    """Parts of noise and of masks, equal ones once."""
    assert step.regions is not None
    known: dict[Hashable, Tensor] = {}
    for param, region in zip(step.params, map(tuple, step.regions.tolist()), strict=True):
        if (param, region) not in known:
            known[param, region] = _part(step, param, region, context)
    return torch.stack(
        [known[param, tuple(region)] for param, region in zip(step.params, step.regions.tolist(), strict=True)]
    )


def _part(step: Step, param: Any, region: Region, context: KernelContext) -> Tensor:
    if isinstance(step.op, DrawMask):
        return mask_window(param, step.type.size, region, context)
    assert isinstance(step.op, NoiseField)
    return noise_window(step.op, param, region, context).clone()


def _mix(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    """Σ alpha · value, each value added only where it is: elsewhere its alpha is 0."""
    half = len(step.inputs) // 2
    result = _room(step, buffers, zero=True)
    for values, alphas in zip(step.inputs[:half], step.inputs[half:], strict=True):
        if not values.sources or not alphas.sources:
            continue  # its alpha is 0 wherever we look
        alpha = read(buffers, alphas, context)
        if values.exact or values.is_layered:
            result.addcmul_(read(buffers, values, context), alpha)
            continue
        for copy in values.copies:
            target_of(result, copy).addcmul_(source_of(buffers, copy), target_of(alpha, copy))
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
    """A spatial edit of the windows that tiles look at."""
    assert isinstance(step.op, SpatialOp)
    op, size = step.op, step.input_types[0].size
    return _alike(
        step,
        buffers,
        context,
        lambda x, edit, window, region: edit_window(op, x, edit, (size, window, region), context),
    )


def _bend(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    """A bending of the windows that tiles look at."""
    assert isinstance(step.op, BendChannels)
    size, wraps = step.input_types[0].size, step.op.wraps
    return _alike(
        step,
        buffers,
        context,
        lambda x, param, window, region: bend_window(x, param, Place(size, window, region, wraps), context),
    )


def _alike(
    step: Step, buffers: Buffers, context: KernelContext, make: Callable[[Tensor, Any, Region, Region], Tensor]
) -> Tensor:
    """Tiles, those of equal parameter and region together: their windows are of one size."""
    assert step.regions is not None
    gather = step.inputs[0]
    groups: dict[object, list[int]] = {}
    for row, region in enumerate(step.regions.tolist()):
        groups.setdefault((step.params[row], *region), []).append(row)
    result: Tensor | None = None
    for rows in groups.values():
        index = as_index(np.array(rows))
        part = gather.take(index)
        assert part.windows is not None
        window, region = (tuple(one.tolist()) for one in (part.windows[0], step.regions[rows[0]]))
        made = make(read(buffers, part, context), step.params[rows[0]], window, region)
        if len(groups) == 1:
            return made
        if result is None:
            result = _room(step, buffers, zero=False)
        result[context.constant(rows)] = made
    assert result is not None
    return result


_SPECIAL: Mapping[type[Op], Callable[[Step, Buffers, KernelContext], Tensor]] = {
    Upsample: _upsample,
    Fourier: _fourier,
    Filtered: _filtered,
    NoiseField: _drawn,
    DrawMask: _drawn,
    Mix: _mix,
    Concat: _concat,
    BendChannels: _bend,
}
