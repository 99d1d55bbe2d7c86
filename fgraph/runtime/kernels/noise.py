"""Kernels of noise: the buffer of a layer, or random numbers, over a canvas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from fgraph._geometry.maps import Indices
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
    if op.mode == "given":
        return context.tensor(np.stack([array.array[row] for array, row in params]))  # type: ignore[misc,has-type]
    if op.mode == "random":
        return each_distinct(params, lambda param: _random(op, param, context))
    return each_distinct(params, lambda param: _const(op, param, context))


def noise_window(op: NoiseField, param: Any, region: Region, context: KernelContext) -> Tensor:
    """Return a region of the noise of one row, [1, h, w]; beyond an edge the region wraps.

    Of a tiled buffer, only the region is computed.
    """
    top, left, bottom, right = region
    y, x = np.arange(top, bottom) % op.height, np.arange(left, right) % op.width
    if op.is_tiled:
        return _tiled(_buffer(op, context), y, x, context)
    row: Tensor = noise(op, [], [param], context)[0]  # [1, H, W]
    return take(take(row, y, 1, context), x, 2, context)


def _buffer(op: NoiseField, context: KernelContext) -> Tensor:
    """Return the constant noise of a layer, [1, h, w]."""
    return context.generator(op.model).noise_const(op.layer)[0].detach().to(context.dtype)


def _tiled(buffer: Tensor, y: Indices, x: Indices, context: KernelContext) -> Tensor:
    """Return a buffer, repeated from the origin, at positions along both axes: [1, len(y), len(x)]."""
    return take(take(buffer, y % buffer.shape[1], 1, context), x % buffer.shape[2], 2, context)


def _random(op: NoiseField, param: Any, context: KernelContext) -> Tensor:
    seed, key, frame = param

    def fresh(height: int, width: int) -> Tensor:
        return context.tensor(keyed_noise(seed, key, op.layer.name, height, width)[None])

    return fresh(op.height, op.width) if frame is None else _follow(frame, op.height, op.width, fresh, context)


def _const(op: NoiseField, param: Any, context: KernelContext) -> Tensor:
    buffer = _buffer(op, context)

    def tiled(height: int, width: int) -> Tensor:
        return _tiled(buffer, np.arange(height), np.arange(width), context)

    if op.fit == "tile":
        return tiled(op.height, op.width)
    if op.fit == "follow":
        return _follow(param, op.height, op.width, tiled, context)
    rows, row = (1, 0) if param is None else param
    return lay_ends(context.tensor(seeded_noise(rows, op.height, op.width)[row]), buffer)


def lay_ends(between: Tensor, buffer: Tensor) -> Tensor:
    """Lay a copy of a buffer [1, H, w] over either end of noise [..., H, W], in place; the right one lies on top."""
    own = buffer.shape[2]
    between[..., :own] = buffer
    between[..., -own:] = buffer
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
