"""Regions of many rows as arrays [rows, 4], and the arithmetic of `fgraph._geometry.regions` on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fgraph._geometry.regions import Cyclic, Region, Size, union, whole
from fgraph.ir.program import Index, Regions

Flags = npt.NDArray[np.bool_]
FEW = 32  # rows up to which a loop is as fast as numpy


def as_regions(regions: Sequence[Region] | Regions) -> Regions:
    """Return regions as a read-only array [rows, 4]."""
    array = np.array(regions, dtype=np.int64).reshape(-1, 4)
    array.setflags(write=False)
    return array


def to_region(row: Index) -> Region:
    """Return a row of such an array as a region."""
    top, left, bottom, right = row.tolist()
    return (top, left, bottom, right)


def whole_regions(count: int, size: Size) -> Regions:
    """Return the whole canvas for each of `count` rows."""
    regions = np.empty((count, 4), np.int64)
    regions[:] = whole(size)
    return regions


def areas(regions: Regions) -> Index:
    """Return the number of pixels of each region."""
    sides: Index = regions[:, 2:] - regions[:, :2]
    return sides[:, 0] * sides[:, 1]


def distinct(regions: Regions) -> tuple[list[Region], Index]:
    """Return the distinct regions, and for each row the index of its region."""
    numbers: dict[Region, int] = {}
    if len(regions) <= FEW:
        index = [numbers.setdefault((a, b, c, d), len(numbers)) for a, b, c, d in regions.tolist()]
        return list(numbers), np.array(index, np.int64)
    changes = np.flatnonzero((regions[1:] != regions[:-1]).any(axis=1)) + 1  # most rows equal the row before
    starts = np.concatenate([[0], changes])
    index = [numbers.setdefault((a, b, c, d), len(numbers)) for a, b, c, d in regions[starts].tolist()]
    return list(numbers), np.repeat(index, np.diff(starts, append=len(regions)))


def clipped(windows: Regions, size: Size, cyclic: Cyclic) -> Regions:
    """Apply `clip` to each window: cut it to the canvas, or on a cyclic axis shift its start onto the canvas."""
    if bool((windows[:, :2] >= 0).all() and (windows[:, 2:] <= size).all()):
        return windows
    result = windows.copy()
    for axis in (0, 1):
        start, stop = result[:, axis], result[:, axis + 2]
        if not cyclic[axis]:
            np.maximum(start, 0, out=start)
            np.minimum(stop, size[axis], out=stop)
            continue
        all_round = stop - start >= size[axis]
        shift = start // size[axis] * size[axis]
        start -= shift
        stop -= shift
        start[all_round], stop[all_round] = 0, size[axis]
    return _or_nothing(result)


def intersections(a: Regions, b: Regions, size: Size, cyclic: Cyclic) -> Regions:
    """Apply `intersect` to each pair: a region within `a` that contains all pixels of both."""
    result = np.empty_like(a)
    for axis in (0, 1):
        starts, stops = np.full(len(a), np.iinfo(np.int64).max), np.zeros(len(a), np.int64)
        for shift in (-size[axis], 0, size[axis]) if cyclic[axis] else (0,):
            start = np.maximum(a[:, axis], b[:, axis] + shift)
            stop = np.minimum(a[:, axis + 2], b[:, axis + 2] + shift)
            meet = stop > start
            starts = np.where(meet, np.minimum(starts, start), starts)
            stops = np.where(meet, np.maximum(stops, stop), stops)
        result[:, axis], result[:, axis + 2] = starts, stops
    return _or_nothing(result)


def covering(outer: Regions, inner: Regions, size: Size, cyclic: Cyclic) -> Flags:
    """Apply `covers` to each pair: whether `outer` contains every pixel of `inner`."""
    result = np.ones(len(outer), bool)
    for axis in (0, 1):
        length = outer[:, axis + 2] - outer[:, axis]
        within = (length >= size[axis]) & cyclic[axis]
        for shift in (-size[axis], 0, size[axis]) if cyclic[axis] else (0,):
            starts_before = outer[:, axis] <= inner[:, axis] + shift
            within |= starts_before & (inner[:, axis + 2] + shift <= outer[:, axis + 2])
        result &= within
    result |= areas(inner) == 0
    return result


def hulls(keys: Index, regions: Regions, size: Size, cyclic: Cyclic) -> tuple[Index, Regions]:
    """Return the sorted keys and the bounding region of each key's regions; empty regions do not count."""
    filled = areas(regions) > 0
    keys, regions = keys[filled], regions[filled]
    order = np.argsort(keys, kind="stable")
    keys, regions = keys[order], regions[order]
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)])
    if len(starts) == len(keys):
        return keys, regions
    if not any(cyclic):
        tops = np.minimum.reduceat(regions[:, :2], starts)
        return keys[starts], np.hstack([tops, np.maximum.reduceat(regions[:, 2:], starts)])
    found = regions[starts]
    for place, (start, stop) in enumerate(zip(starts.tolist(), [*starts[1:].tolist(), len(keys)], strict=True)):
        if stop - start > 1:
            found[place] = _union(distinct(regions[start:stop])[0], size, cyclic)
    return keys[starts], found


def _union(regions: list[Region], size: Size, cyclic: Cyclic) -> Region:
    total = regions[0]
    for region in regions[1:]:
        total = union(total, region, size, cyclic)
    return total


def _or_nothing(regions: Regions) -> Regions:
    regions[(regions[:, 2:] <= regions[:, :2]).any(axis=1)] = 0
    return regions
