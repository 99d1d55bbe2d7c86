"""Regions enlarged, never shrunk, to one of few sizes, so that rows share a call."""

from __future__ import annotations

from collections.abc import Mapping

from fgraph._geometry.regions import NOTHING, Cyclic, Region, Size, area, extent, whole

_WHOLE_FROM = 0.9  # a region of this share of the canvas is made whole: a tile of it would save less than it costs
_STEPS = 32  # a region's sides are multiples of this part of the canvas's shorter side
_WASTE = 1.2  # a region may grow by this factor to share a call,
_LITTLE_WASTE = 1.03  # or by this one even if that costs more than a call


def few_sizes(
    counts: Mapping[Region, int], size: Size, cyclic: Cyclic, flops: float, call: float
) -> dict[Region, Region]:
    """What each region is enlarged to: to one of few sizes, the largest first; large ones to the whole.

    Args:
        counts: for each region, how many rows have it.
        size: of the canvas.
        cyclic: whether its axes go round.
        flops: the FLOPs of a pixel.
        call: the FLOPs that one more call costs.
    """
    total = size[0] * size[1]
    grown = {region: whole(size) for region in counts if area(region) >= _WHOLE_FROM * total}
    left = sorted(set(counts) - set(grown), key=lambda region: (-area(region), region))
    sizes: list[Size] = []
    for region in left:
        if not area(region):
            grown[region] = NOTHING
            continue
        height, width = (_rounded(*pair, min(size)) for pair in zip(extent(region), size, strict=True))
        cost = flops * counts[region]
        fitting = next((one for one in sizes if _fits(one, (height, width), cost, call)), None)
        if fitting is None:
            sizes.append(fitting := (height, width))
        grown[region] = _enlarge(region, fitting, size, cyclic) if fitting != size else whole(size)
    return grown


def _rounded(length: int, size: int, shorter: int) -> int:
    """A length rounded up, so that regions of nearly one size, of whichever operation, share a call."""
    step = max(2, min(shorter // _STEPS, length // 8) // 2 * 2)  # even, as the regions of a doubling layer are
    return min(size, -(-length // step) * step)


def _fits(bucket: Size, own: Size, flops: float, call: float) -> bool:
    """Whether a tile may be of the size of a bucket; `flops` is what a pixel costs, over all rows it is made for."""
    if bucket[0] < own[0] or bucket[1] < own[1]:
        return False
    needed, made = own[0] * own[1], bucket[0] * bucket[1]
    most = _WASTE if flops * (made - needed) <= call else _LITTLE_WASTE
    return made <= most * needed


def _enlarge(region: Region, to: Size, size: Size, cyclic: Cyclic) -> Region:
    top, bottom = _lengthen(region[0], to[0], size[0], cyclic[0])
    left, right = _lengthen(region[1], to[1], size[1], cyclic[1])
    return (top, left, bottom, right)


def _lengthen(start: int, length: int, size: int, cyclic: bool) -> tuple[int, int]:
    if not cyclic or length == size:
        start = min(start, size - length)
    return start, start + length
