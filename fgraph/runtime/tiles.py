"""Steps that compute tiles: the same kernels, on windows that include their context."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from fgraph._geometry.regions import Region
from fgraph.ir.ops import (
    BendChannels,
    Concat,
    Crop,
    DrawMask,
    Fill,
    Filtered,
    Flip,
    Fourier,
    Mix,
    NoiseField,
    Op,
    Pad,
    Resize,
    Shift,
    SpatialOp,
    Upsample,
)
from fgraph.ir.region_arrays import to_region
from fgraph.plan import Step
from fgraph.plan.steps import Group
from fgraph.runtime.kernels import KERNELS, KernelContext
from fgraph.runtime.kernels.bending import MapWindow, bend_window
from fgraph.runtime.kernels.image import fill
from fgraph.runtime.kernels.mixing import mask_window
from fgraph.runtime.kernels.noise import noise_tiles
from fgraph.runtime.kernels.spatial import edit_window
from fgraph.runtime.kernels.stylegan3 import filtered_tiles, fourier_tiles
from fgraph.runtime.kernels.weighting import masked_by_weight
from fgraph.runtime.read import Buffers, read, source_of, target_of
from fgraph.stylegan.nn.stylegan2 import empty_maps, upsample_skip
from fgraph.stylegan.nn.stylegan3 import Tiles


def run_tiles(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    """Return the result of a step whose rows are tiles, [rows, C, h, w]."""
    special = _SPECIAL.get(type(step.op))
    if special is not None:
        return special(step.op, step, buffers, context)
    inputs = [read(buffers, gather, context) for gather in step.inputs]
    return KERNELS[type(step.op)](step.op, inputs, step.params, context)


def _fourier(op: Fourier, step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    return fourier_tiles(op, [read(buffers, gather, context) for gather in step.inputs], _regions(step), context)


def _filtered(op: Filtered, step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    tiles = Tiles(step.input_types[0].size, _regions(step))
    return filtered_tiles(op, [read(buffers, gather, context) for gather in step.inputs], tiles, context)


def _regions(step: Step) -> list[Region]:
    assert step.regions is not None
    return [to_region(row) for row in step.regions]


def _upsample(op: Upsample, step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    return upsample_skip(read(buffers, step.inputs[0], context), padded=True)


def _masks(op: DrawMask, step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    keys = list(zip(step.params, _regions(step), strict=True))
    return context.rows(keys, lambda key: mask_window(key[0], step.type.size, key[1]))


def _fill(op: Fill, step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    height, width = step.row_type.size
    return fill(replace(op, height=height, width=width), (), step.params, context)


def _noise(op: NoiseField, step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    return noise_tiles(op, step.params, _regions(step), context)


def _mix(op: Mix, step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    """Return Σ alpha · value; each value is added only where it is available, since its alpha is 0 elsewhere."""
    half = len(step.inputs) // 2
    result = _empty_result(step, buffers, zero=True)
    for values, alphas in zip(step.inputs[:half], step.inputs[half:], strict=True):
        if not values.sources or not alphas.sources:
            continue  # its alpha is 0 in all tiles
        alpha = read(buffers, alphas, context).to(result.dtype)
        if values.exact or values.is_layered:
            result.addcmul_(masked_by_weight(read(buffers, values, context), alpha, context), alpha)
            continue
        for copy in values.copies:
            weight = target_of(alpha, copy)
            target_of(result, copy).addcmul_(masked_by_weight(source_of(buffers, copy), weight, context), weight)
    return result


def _concat(op: Concat, step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    result = _empty_result(step, buffers, zero=False)
    for gather in step.inputs:
        for copy in gather.copies:  # a part fills only its own side of the tile
            target_of(result, copy).copy_(source_of(buffers, copy))
    return result


def _empty_result(step: Step, buffers: Buffers, *, zero: bool) -> Tensor:
    like = next(buffers[gather.sources[0]] for gather in step.inputs if gather.sources)
    shape = (step.rows, *step.row_type.shape)
    result = empty_maps(shape, like)
    return result.zero_() if zero else result


def _edit(op: SpatialOp, step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    """Edit the windows that tiles read."""
    size = step.input_types[0].size
    return _by_param_and_region(
        step,
        buffers,
        context,
        lambda x, edit, window, region: edit_window(op, x, edit, (size, window, region), context),
    )


def _bend(op: BendChannels, step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    """Bend the windows that tiles read."""
    size = step.input_types[0].size
    return _by_param_and_region(
        step,
        buffers,
        context,
        lambda x, param, window, region: bend_window(x, param, MapWindow(size, window, region, op.wraps), context),
    )


def _by_param_and_region(
    step: Step, buffers: Buffers, context: KernelContext, make: Callable[[Tensor, Any, Region, Region], Tensor]
) -> Tensor:
    """Compute tiles of equal parameter and region together."""

    def make_group(group: Group) -> Tensor:
        return make(read(buffers, group.gather, context), group.param, group.window, group.region)

    if len(step.groups) == 1:
        return make_group(step.groups[0])
    result = _empty_result(step, buffers, zero=False)
    for one in step.groups:
        result[context.constant_of(one, one.rows)] = make_group(one)
    return result


_SPECIAL: Mapping[type[Op], Callable[[Any, Step, Buffers, KernelContext], Tensor]] = {
    Upsample: _upsample,
    Fourier: _fourier,
    Filtered: _filtered,
    NoiseField: _noise,
    DrawMask: _masks,
    Fill: _fill,
    Mix: _mix,
    Concat: _concat,
    BendChannels: _bend,
    **dict.fromkeys((Pad, Resize, Shift, Crop, Flip), _edit),
}
