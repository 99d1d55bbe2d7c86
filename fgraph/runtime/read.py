"""Reading of operands from buffers: views of adjacent rows, copies of other rows, windows assembled from parts."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from fgraph.plan import Copy, Gather
from fgraph.runtime.kernels import KernelContext
from fgraph.stylegan.nn.stylegan2 import empty_maps

Buffers = Mapping[int, Tensor]


def read(buffers: Buffers, gather: Gather, context: KernelContext) -> Tensor:
    """Return the rows of a gather, [rows, ...]."""
    way = gather.way
    if way == "tiles":
        return _read_tiles(buffers, gather)
    if way == "pieces":
        return torch.cat([read(buffers, run, context) for run in gather.runs])
    source, rows = buffers[gather.sources[0]], gather.locations.rows[:, 0]
    start = int(rows[0])
    if way == "view":
        return source if gather.count == source.shape[0] else source[start : start + gather.count]
    if way == "same":
        return source[start : start + 1].expand(gather.count, *source.shape[1:])
    index = context.constant_of(gather, rows)
    if source.ndim != 4:
        return source.index_select(0, index)
    return source.permute(0, 2, 3, 1).index_select(0, index).permute(0, 3, 1, 2)  # so that maps stay channels-last


def source_of(buffers: Buffers, copy: Copy) -> Tensor:
    """Return a view of the pixels that a copy reads, [rows or 1, C, h, w]."""
    return buffers[copy.buffer][copy.source]


def target_of(result: Tensor, copy: Copy) -> Tensor:
    """Return a view of the pixels that a copy writes, [rows, C, h, w]."""
    return result[copy.target]


def _read_tiles(buffers: Buffers, gather: Gather) -> Tensor:
    view = gather.view
    if view is not None:
        return source_of(buffers, view).expand(gather.count, -1, -1, -1)
    result = empty_tiles(buffers, gather)
    for copy in gather.copies:
        target_of(result, copy).copy_(source_of(buffers, copy))
    return result


def empty_tiles(buffers: Buffers, gather: Gather) -> Tensor:
    """Return a tensor for the windows, zeros unless copies fill all of it."""
    like = buffers[gather.sources[0]]
    shape = (gather.count, like.shape[1], *gather.tile)
    result = empty_maps(shape, like)
    return result if gather.is_filled else result.zero_()
