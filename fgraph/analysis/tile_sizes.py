"""Tile sizes: regions are enlarged, never shrunk, to one of few sizes, so that rows share a call."""

from __future__ import annotations

from collections.abc import Mapping

from fgraph._geometry.regions import NOTHING, Cyclic, Region, Size, area, extent, whole

_WHOLE_FROM = 0.9  # from this share of the canvas on, a tile saves less than it costs
_STEPS = 32  # sides are multiples of the shorter side of the canvas, divided by this
_WASTE = 1.2  # the largest factor by which a region may grow in order to share a call
_LITTLE_WASTE = 1.03  # the same if the extra pixels cost more than a call


def few_sizes(
    counts: Mapping[Region, int], size: Size, cyclic: Cyclic, flops: float, call: float
) -> dict[Region, Region]:
    """Return the enlarged region of each region: one of few sizes, or the whole canvas for a large one.

    Args:
        counts: the number of rows of each region.
        size: the height and width of the canvas.
        cyclic: whether y, x wrap round.
        flops: the FLOPs of a pixel.
        call: the FLOPs that one more call costs.
    """
    total = size[0] * size[1]
    grown = {region: whole(size) for region in counts if area(region) >= _WHOLE_FROM * total}
    remaining = sorted(set(counts) - set(grown), key=lambda region: (-area(region), region))
    sizes: list[Size] = []
    for region in remaining:
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
    """Round a length up, so that regions of nearly equal sizes share a call."""
    # even, as are the regions of a layer that doubles the size
    step = max(2, min(shorter // _STEPS, length // 8) // 2 * 2)
    return min(size, -(-length // step) * step)


def _fits(bucket: Size, needed: Size, flops: float, call: float) -> bool:
    """Return whether a tile may grow to the size of a bucket; `flops` is the cost of a pixel over all its rows."""
    if bucket[0] < needed[0] or bucket[1] < needed[1]:
        return False
    needed_pixels, made_pixels = needed[0] * needed[1], bucket[0] * bucket[1]
    most = _WASTE if flops * (made_pixels - needed_pixels) <= call else _LITTLE_WASTE
    return made_pixels <= most * needed_pixels


def _enlarge(region: Region, to: Size, size: Size, cyclic: Cyclic) -> Region:
    top, bottom = _lengthen(region[0], to[0], size[0], cyclic[0])
    left, right = _lengthen(region[1], to[1], size[1], cyclic[1])
    return (top, left, bottom, right)


def _lengthen(start: int, length: int, size: int, cyclic: bool) -> tuple[int, int]:
    if not cyclic or length == size:
        start = min(start, size - length)
    return start, start + length
