"""Kernels of noise: the buffer of a layer, or random numbers, over a canvas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, cast

import numpy as np
from torch import Tensor

from fgraph._geometry.maps import Floats, Indices
from fgraph._geometry.regions import Region
from fgraph.ir.ops import NoiseField
from fgraph.masks import Edited, MaskExpr, Placed
from fgraph.runtime.kernels.context import KernelContext, Params, each_distinct
from fgraph.runtime.kernels.seeds import keyed_noise, seeded_noise
from fgraph.runtime.kernels.spatial import edit_map, take


def noise(op: NoiseField, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return the noise of a layer, [rows, 1, H, W], before its strength.

    The constant noise of a generator is on the device, and stays there: only positions come from the host.
    """
    if op.is_host_made(params):
        made = context.rows(params, lambda param: _drawn(op, param))
        return lay_ends(made, _buffer(op, context)) if op.mode == "const" else made
    return each_distinct(params, lambda param: _edited(op, param, context))


def noise_tiles(op: NoiseField, params: Params, regions: Sequence[Region], context: KernelContext) -> Tensor:
    """Return a region of the noise of each row, [rows, 1, h, w]; beyond an edge the region wraps.

    Only the regions of a tiled buffer are computed. Noise that the host draws is cut on the host.
    """
    keys = list(zip(params, regions, strict=True))
    if op.mode != "const" and op.is_host_made(params):
        whole = cache(lambda param: _drawn(op, param))
        return context.rows(keys, lambda key: _cut(whole(key[0]), *_positions(op, key[1])))
    if op.is_tiled:
        buffer = _buffer(op, context)
        return each_distinct(regions, lambda region: _tile(op, buffer, region, context))
    rows = {param: noise(op, [], [param], context)[0] for param in dict.fromkeys(params)}  # [1, H, W] each
    return each_distinct(keys, lambda key: _tiled(rows[key[0]], *_positions(op, key[1]), context))


def _positions(op: NoiseField, region: Region) -> tuple[Indices, Indices]:
    """Return the lines and the columns of a region that may wrap."""
    top, left, bottom, right = region
    return np.arange(top, bottom) % op.height, np.arange(left, right) % op.width


def _cut(row: Floats, y: Indices, x: Indices) -> Floats:
    return row[:, y[:, None], x]


def _drawn(op: NoiseField, param: Any) -> Floats:
    """Return the numbers of a row that the host makes, [1, H, W]."""
    if op.mode == "given":
        array, row = param
        return cast(Floats, array.array[row])
    if op.mode == "random":
        return keyed_noise(param[0], param[1], op.layer.name, op.height, op.width)[None]
    rows, row = (1, 0) if param is None else param
    return cast(Floats, seeded_noise(rows, op.height, op.width)[row])


def _buffer(op: NoiseField, context: KernelContext) -> Tensor:
    """Return the constant noise of a layer, [1, h, w]."""
    return context.generator(op.model).noise_const(op.layer)[0].detach().to(context.dtype)


def _tiled(buffer: Tensor, y: Indices, x: Indices, context: KernelContext) -> Tensor:
    """Return a buffer, repeated from the origin, at positions along both axes: [1, len(y), len(x)]."""
    return take(take(buffer, y % buffer.shape[1], 1, context), x % buffer.shape[2], 2, context)


def _tile(op: NoiseField, buffer: Tensor, region: Region, context: KernelContext) -> Tensor:
    """Return a region of a buffer that is repeated from the origin, [1, h, w]."""
    top, left, bottom, right = region
    if bottom <= min(op.height, buffer.shape[1]) and right <= min(op.width, buffer.shape[2]):
        return buffer[:, top:bottom, left:right]
    return _tiled(buffer, *_positions(op, region), context)


def _edited(op: NoiseField, param: Any, context: KernelContext) -> Tensor:
    """Return the noise of a row that follows its canvas, or repeats the buffer, [1, H, W]."""
    buffer = None if op.mode == "random" else _buffer(op, context)

    def fresh(height: int, width: int) -> Tensor:
        if buffer is not None and buffer.shape[1:] == (height, width):
            return buffer
        if buffer is not None:
            return _tiled(buffer, np.arange(height), np.arange(width), context)
        return context.tensor(keyed_noise(param[0], param[1], op.layer.name, height, width)[None])

    frame = param[2] if buffer is None else param
    return fresh(op.height, op.width) if frame is None else _follow(frame, op.height, op.width, fresh, context)


def lay_ends(between: Tensor, buffer: Tensor) -> Tensor:
    """Lay a copy of a buffer [1, H, w] over either end of noise [..., H, W], in place; the right one lies on top."""
    buffer_width = buffer.shape[2]
    between[..., :buffer_width] = buffer
    between[..., -buffer_width:] = buffer
    return between


def _follow(
    frame: MaskExpr, height: int, width: int, make: Callable[[int, int], Tensor], context: KernelContext
) -> Tensor:
    """Return noise of the first canvas of its frame, edited as the frame was, [1, height, width]."""
    if isinstance(frame, Edited):
        source = frame.edit.source_size(height, width)
        moved = _follow(frame.mask, int(source[0]), int(source[1]), make, context)
        return edit_map(moved[None], frame.edit, context, wrap_x=frame.wrap_x, wrap_y=frame.wrap_y)[0]
    if isinstance(frame, Placed):
        return _place(frame, height, width, make, context)
    return make(height, width)


def _place(
    frame: Placed, height: int, width: int, make: Callable[[int, int], Tensor], context: KernelContext
) -> Tensor:
    total = width if frame.axis == "x" else height
    start, length = int(frame.start * total), int(frame.length * total)
    inner = (height, length) if frame.axis == "x" else (length, width)
    part = _follow(frame.mask, *inner, make, context)
    positions = np.clip(np.arange(total) - start, 0, length - 1)  # beyond its ends, the part continues with its edge
    return take(part, positions, 2 if frame.axis == "x" else 1, context)
