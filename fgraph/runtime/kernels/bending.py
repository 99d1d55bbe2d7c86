"""Kernels of network bending: transforms of some channels of a map, or of a tile of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from fgraph._geometry.regions import Cyclic, Region, Size, whole
from fgraph.ir.bendings import Bending, Channels, Cluster, Dilate, Erode, Invert, Multiply, Threshold, disc
from fgraph.ir.ops import BendChannels
from fgraph.runtime.kernels.context import KernelContext, Params
from fgraph.runtime.kernels.spatial import take
from fgraph.stylegan.measured.clustering import channel_clusters

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class MapWindow:
    """The given window of a map, and the region to compute."""

    size: Size  # size of the whole map
    window: Region  # the part that is given
    region: Region  # the part to compute
    wraps: Cyclic

    def computed(self, axis: int) -> Indices:
        """Return the pixels to compute along an axis; after the last pixel of a cyclic axis, the first ones follow."""
        positions = np.arange(self.region[axis], self.region[axis + 2])
        return positions % self.size[axis] if self.wraps[axis] else positions

    def find(self, positions: Indices, axis: int) -> tuple[Indices, NDArray[np.bool_]]:
        """Return where pixels of the map are in the window along an axis, and whether they are on the map.

        For a pixel outside the window, such as a neighbour with weight 0 in a bilinear reading, return one at the edge
        of the window.
        """
        start, stop, size = self.window[axis], self.window[axis + 2], self.size[axis]
        if self.wraps[axis]:
            return np.minimum((positions - start) % size, stop - start - 1), np.ones(positions.shape, bool)
        return np.clip(positions - start, 0, stop - start - 1), (positions >= 0) & (positions < size)


def bend(op: BendChannels, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Bend some channels of whole maps, [rows, C, H, W]; rows of equal bending share a call."""
    x = inputs[0]
    size = (int(x.shape[2]), int(x.shape[3]))
    map_window = MapWindow(size, whole(size), whole(size), op.wraps)
    groups: dict[Bending, list[int]] = {}
    for row, param in enumerate(params):
        assert isinstance(param, Bending)
        groups.setdefault(param, []).append(row)
    if len(groups) == 1:
        return bend_window(x, next(iter(groups)), map_window, context)
    result = torch.empty_like(x)
    for param, rows in groups.items():
        index = context.constant(rows)
        result[index] = bend_window(x[index], param, map_window, context)
    return result


def bend_window(x: Tensor, bending: Bending, map_window: MapWindow, context: KernelContext) -> Tensor:
    """Bend a region of maps, [rows, C, h, w], given a window of them."""
    channels = find_channels(bending.channels, context)
    if channels is None or len(channels) == x.shape[1]:
        return _transformed(x, bending.transform, map_window, context)
    result = _cut(x, map_window, context).clone()
    if channels:
        index = context.constant(channels)
        result[:, index] = _transformed(x[:, index], bending.transform, map_window, context)
    return result


def find_channels(channels: Channels, context: KernelContext) -> list[int] | None:
    """Return the numbers of the channels to bend; None: all."""
    if isinstance(channels, Cluster):
        groups = channel_clusters(context.generator(channels.model), channels.layer, channels.count)
        return np.flatnonzero(groups == channels.index).tolist()
    return None if channels is None else list(channels)


def _transformed(x: Tensor, transform: Any, map_window: MapWindow, context: KernelContext) -> Tensor:
    match transform:
        case Multiply():
            return x * transform.factor
        case Invert():
            return 1 - x
        case Threshold():
            return (x > transform.value).to(x.dtype)
        case Erode():
            return _extreme(x, transform, map_window, context)
    return _warped(
        x, transform.warp(map_window.size).sources(map_window.computed(0), map_window.computed(1)), map_window, context
    )


def _cut(x: Tensor, map_window: MapWindow, context: KernelContext) -> Tensor:
    """Return the region, cut out of the window."""
    for axis in (0, 1):
        positions, _ = map_window.find(np.arange(map_window.region[axis], map_window.region[axis + 2]), axis)
        x = take(x, positions, axis + 2, context)
    return x


def _warped(
    x: Tensor, sources: tuple[NDArray[np.float64], NDArray[np.float64]], map_window: MapWindow, context: KernelContext
) -> Tensor:
    """Sample bilinearly at the sources, with zeros beyond true borders, as OpenCV's warpAffine does."""
    height, width = sources[0].shape
    flat = x.flatten(2)  # [rows, C, h * w]
    result = x.new_zeros(*x.shape[:2], height * width)
    low = [np.floor(one).astype(np.int64) for one in sources]
    part = [one - base for one, base in zip(sources, low, strict=True)]
    for below in (0, 1):
        rows, inside_y = map_window.find(low[0] + below, 0)
        for right in (0, 1):
            columns, inside_x = map_window.find(low[1] + right, 1)
            weight = (part[0] if below else 1 - part[0]) * (part[1] if right else 1 - part[1])
            weight = weight * (inside_y & inside_x)
            if weight.any():
                index = context.constant((rows * x.shape[3] + columns).ravel())
                factor = context.constant(weight.ravel(), x.dtype)
                result += flat.index_select(2, index) * factor
    return result.view(*x.shape[:2], height, width)


def _extreme(x: Tensor, transform: Erode, map_window: MapWindow, context: KernelContext) -> Tensor:
    """Return the greatest or least value within a disc, ignoring pixels beyond a true border."""
    sign = 1.0 if isinstance(transform, Dilate) else -1.0
    radius, region = transform.radius, map_window.region
    x = sign * x
    for axis in (0, 1):
        around = np.arange(region[axis] - radius, region[axis + 2] + radius)
        positions, inside = map_window.find(around, axis)
        x = take(x, positions, axis + 2, context)
        if not inside.all():
            outside = context.constant(~inside)
            x = x.masked_fill(outside[:, None] if axis == 0 else outside, -torch.inf)
    height, width = region[2] - region[0], region[3] - region[1]
    best: Tensor | None = None
    for row, half in disc(radius):
        line = x[:, :, radius + row : radius + row + height, radius - half : radius + half + width]
        made = functional.max_pool2d(line, (1, 2 * half + 1), stride=1)
        best = made if best is None else torch.maximum(best, made)
    assert best is not None
    return sign * best
