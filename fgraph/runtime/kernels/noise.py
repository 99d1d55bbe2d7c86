"""Kernels of noise: the buffer of a layer, or random numbers, over a canvas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fgraph._geometry import apply_edit
from fgraph._geometry.regions import Region
from fgraph.ir.ops import NoiseField
from fgraph.masks import Edited, MaskExpr, Placed
from fgraph.runtime.kernels.context import KernelContext, Params, each_distinct
from fgraph.runtime.kernels.seeds import Floats, filled_noise, keyed_noise


def noise(op: NoiseField, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return the noise of a layer, [rows, 1, H, W], before its strength."""
    if op.mode == "given":
        return context.tensor(np.stack([array.array[row] for array, row in params]))  # type: ignore[misc,has-type]
    if op.mode == "random":
        return each_distinct(params, lambda param: _random(op, param, context))
    buffer = _buffer(op, context)
    return each_distinct(params, lambda param: context.tensor(_const(op, param, buffer)[None]))


def noise_window(op: NoiseField, param: Any, region: Region, context: KernelContext) -> Tensor:
    """Return a region of the noise of one row, [1, h, w]; beyond an edge the region wraps.

    Of a tiled buffer, only the region is computed.
    """
    top, left, bottom, right = region
    y, x = np.arange(top, bottom) % op.height, np.arange(left, right) % op.width
    if op.is_tiled:
        buffer = _buffer(op, context)
        tile: Floats = buffer[y[:, None] % buffer.shape[0], x % buffer.shape[1]]
        return context.tensor(tile[None])
    row: Tensor = noise(op, [], [param], context)[0]  # [1, H, W]
    if bottom <= op.height and right <= op.width:
        return row[:, top:bottom, left:right]
    return row[:, torch.tensor(y, device=row.device)][:, :, torch.tensor(x, device=row.device)]


def _buffer(op: NoiseField, context: KernelContext) -> Floats:
    found: Floats = context.generator(op.model).noise_const(op.layer)[0, 0].detach().cpu().float().numpy()
    return found


def _random(op: NoiseField, param: Any, context: KernelContext) -> Tensor:
    seed, key, frame = param

    def fresh(height: int, width: int) -> Floats:
        return keyed_noise(seed, key, op.layer.name, height, width)

    field = fresh(op.height, op.width) if frame is None else _follow(frame, op.height, op.width, fresh)
    return context.tensor(field[None])


def _const(op: NoiseField, param: Any, buffer: Floats) -> Floats:
    def tiled(height: int, width: int) -> Floats:
        repeated: Floats = buffer[np.arange(height)[:, None] % buffer.shape[0], np.arange(width) % buffer.shape[1]]
        return repeated

    if op.fit == "tile":
        return tiled(op.height, op.width)
    if op.fit == "follow":
        return _follow(param, op.height, op.width, tiled)
    rows, row = (1, 0) if param is None else param
    filled: Floats = filled_noise(buffer, rows, op.width)[row, 0]
    return filled


def _follow(frame: MaskExpr, height: int, width: int, make: Callable[[int, int], Floats]) -> Floats:
    """Return noise of the first canvas of its frame, edited as the frame was."""
    if isinstance(frame, Edited):
        source = frame.edit.source_size(height, width)
        moved = _follow(frame.mask, int(source[0]), int(source[1]), make)
        return apply_edit(moved, frame.edit, wrap_x=frame.wrap_x, wrap_y=frame.wrap_y)
    if isinstance(frame, Placed):
        return _place(frame, height, width, make)
    return make(height, width)


def _place(frame: Placed, height: int, width: int, make: Callable[[int, int], Floats]) -> Floats:
    total = width if frame.axis == "x" else height
    start, length = int(frame.start * total), int(frame.length * total)
    inner = (height, length) if frame.axis == "x" else (length, width)
    part = _follow(frame.mask, *inner, make)
    outside = ((0, 0), (start, total - start - length))
    return np.pad(part, outside if frame.axis == "x" else outside[::-1], "edge")
