"""Regions: rectangles of a canvas, and the arithmetic on them.

A region is (top, left, bottom, right), half-open, in pixels of a value's whole canvas. A window is the rectangle that a
kernel reads to compute a region. It may extend beyond a true border, where pixels are zero. On a cyclic axis, a region
starts on the canvas and may end beyond it: pixel `i` there is pixel `i mod size`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

Region = tuple[int, int, int, int]
Size = tuple[int, int]  # height, width
Cyclic = tuple[bool, bool]  # whether y, x wrap round
Span = tuple[int, int]

NOTHING: Region = (0, 0, 0, 0)


def whole(size: Size) -> Region:
    """Return the region of the whole canvas."""
    return (0, 0, size[0], size[1])


def area(region: Region) -> int:
    """Return the number of pixels of a region."""
    return (region[2] - region[0]) * (region[3] - region[1])


def extent(region: Region) -> Size:
    """Return the height and width of a region."""
    return region[2] - region[0], region[3] - region[1]


def grown(region: Region, halo: int) -> Region:
    """Return the region with `halo` more pixels on each side; it may extend beyond the canvas."""
    return (region[0] - halo, region[1] - halo, region[2] + halo, region[3] + halo)


def halved(region: Region) -> Region:
    """Return the pixels of a map that cover a region of the map at twice the size."""
    return (region[0] // 2, region[1] // 2, -(-region[2] // 2), -(-region[3] // 2))


def doubled(region: Region) -> Region:
    """Return the pixels of a map at twice the size that cover a region."""
    return (2 * region[0], 2 * region[1], 2 * region[2], 2 * region[3])


@lru_cache(maxsize=65536)
def clip(window: Region, size: Size, cyclic: Cyclic) -> Region:
    """Cut a window to the canvas; on a cyclic axis, shift it so that it starts on the canvas.

    >>> clip((-1, -1, 3, 3), (4, 8), (False, True))
    (0, 7, 3, 11)
    """
    top, bottom = _clip(window[0], window[2], size[0], cyclic[0])
    left, right = _clip(window[1], window[3], size[1], cyclic[1])
    return (top, left, bottom, right) if bottom > top and right > left else NOTHING


def _clip(start: int, stop: int, size: int, cyclic: bool) -> Span:
    if not cyclic:
        return max(start, 0), min(stop, size)
    if stop - start >= size:
        return 0, size
    shift = start // size * size
    return start - shift, stop - shift


@lru_cache(maxsize=65536)
def union(a: Region, b: Region, size: Size, cyclic: Cyclic) -> Region:
    """Return the smallest region that contains both; an empty one does not count."""
    if not area(a):
        return b
    if not area(b):
        return a
    top, bottom = _union((a[0], a[2]), (b[0], b[2]), size[0], cyclic[0])
    left, right = _union((a[1], a[3]), (b[1], b[3]), size[1], cyclic[1])
    return (top, left, bottom, right)


def _union(a: Span, b: Span, size: int, cyclic: bool) -> Span:
    if not cyclic:
        return min(a[0], b[0]), max(a[1], b[1])
    options = []
    for first, second in ((a, b), (b, a)):  # the arc from the start of one to the end of the other
        shift = (first[0] - second[0] + size - 1) // size * size if second[0] < first[0] else 0
        options.append((first[0], max(first[1], second[1] + shift)))
    start, stop = min(options, key=lambda arc: arc[1] - arc[0])
    return (0, size) if stop - start >= size else (start, stop)


@lru_cache(maxsize=65536)
def intersect(a: Region, b: Region, size: Size, cyclic: Cyclic) -> Region:
    """Return the smallest region within `a` that contains all pixels of both."""
    top, bottom = _intersect((a[0], a[2]), (b[0], b[2]), size[0], cyclic[0])
    left, right = _intersect((a[1], a[3]), (b[1], b[3]), size[1], cyclic[1])
    return (top, left, bottom, right) if bottom > top and right > left else NOTHING


def _intersect(a: Span, b: Span, size: int, cyclic: bool) -> Span:
    parts = []
    for shift in (-size, 0, size) if cyclic else (0,):
        start, stop = max(a[0], b[0] + shift), min(a[1], b[1] + shift)
        if stop > start:
            parts.append((start, stop))
    if not parts:
        return 0, 0
    return min(part[0] for part in parts), max(part[1] for part in parts)


def covers(outer: Region, inner: Region, size: Size, cyclic: Cyclic) -> bool:
    """Return whether `outer` contains every pixel of `inner`, a region of the canvas."""
    if not area(inner):
        return True
    spans = (((outer[0], outer[2]), (inner[0], inner[2])), ((outer[1], outer[3]), (inner[1], inner[3])))
    return all(_covers(*pair, size[axis], cyclic[axis]) for axis, pair in enumerate(spans))


def _covers(outer: Span, inner: Span, size: int, cyclic: bool) -> bool:
    if cyclic and outer[1] - outer[0] >= size:
        return True
    shifts = (-size, 0, size) if cyclic else (0,)
    return any(outer[0] <= inner[0] + shift and inner[1] + shift <= outer[1] for shift in shifts)


def pieces(window: Span, source: Span, size: int, cyclic: bool) -> list[tuple[int, int, int]]:
    """Return the pixels of a window that a source contains, along one axis: (offset in window, in source, count).

    >>> pieces((6, 10), (0, 8), 8, cyclic=True)
    [(0, 6, 2), (2, 0, 2)]
    """
    found = []
    shifts = range((window[0] - source[1]) // size, (window[1] - source[0]) // size + 1) if cyclic else range(1)
    for shift in shifts:
        start, stop = max(window[0], source[0] + shift * size), min(window[1], source[1] + shift * size)
        if stop > start:
            found.append((start - window[0], start - source[0] - shift * size, stop - start))
    return found


def overlaps(a: Region, b: Region, size: Size, cyclic: Cyclic) -> Iterator[tuple[Region, Region]]:
    """Yield the rectangles that are in both: each in the coordinates of `a`, and as a region of the canvas.

    >>> list(overlaps((0, 6, 4, 10), (0, 0, 4, 8), (4, 8), (False, True)))
    [((0, 6, 4, 8), (0, 6, 4, 8)), ((0, 8, 4, 10), (0, 0, 4, 2))]
    """
    if not (cyclic[0] or cyclic[1]):
        common = _intersection(a, b)
        if area(common):
            yield common, clip(common, size, cyclic)
        return
    vertical = pieces((a[0], a[2]), (b[0], b[2]), size[0], cyclic[0])
    horizontal = pieces((a[1], a[3]), (b[1], b[3]), size[1], cyclic[1]) if vertical else []
    for y, from_y, height in vertical:
        for x, from_x, width in horizontal:
            top, left = a[0] + y, a[1] + x
            in_b = (b[0] + from_y, b[1] + from_x, b[0] + from_y + height, b[1] + from_x + width)
            yield (top, left, top + height, left + width), clip(in_b, size, cyclic)


def overlapping_pixels(region: Region, others: Iterable[Region], size: Size, cyclic: Cyclic) -> int:
    """Return how many pixels of a region are in others; a pixel in several others counts several times."""
    if not (cyclic[0] or cyclic[1]):
        return sum(area(_intersection(region, other)) for other in others)
    return sum(area(part) for other in others for part, _ in overlaps(region, other, size, cyclic))


def are_disjoint(a: Region, b: Region, cyclic: Cyclic) -> bool:
    """Return True if two regions have no pixel in common; on a cyclic axis, always False."""
    if cyclic[0] or cyclic[1]:
        return False
    return a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3]


def _intersection(a: Region, b: Region) -> Region:
    """Return the pixels that are in both regions, which do not wrap."""
    top, bottom = (a[0] if a[0] > b[0] else b[0]), (a[2] if a[2] < b[2] else b[2])
    if bottom <= top:
        return NOTHING
    left, right = (a[1] if a[1] > b[1] else b[1]), (a[3] if a[3] < b[3] else b[3])
    return (top, left, bottom, right) if right > left else NOTHING


def without(region: Region, part: Region) -> Region:
    """Return the smallest region that contains all pixels of a region outside a part of it.

    >>> without((0, 0, 4, 8), (0, 0, 4, 3)), without((0, 0, 4, 8), (0, 2, 4, 3))
    ((0, 3, 4, 8), (0, 0, 4, 8))
    """
    rest = list(region)
    for axis in (0, 1):
        across, stop = 1 - axis, axis + 2
        if (part[across], part[across + 2]) != (region[across], region[across + 2]):
            continue  # the part does not span the other axis
        if part[axis] == region[axis]:
            rest[axis] = part[stop]
        elif part[stop] == region[stop]:
            rest[stop] = part[axis]
    top, left, bottom, right = rest
    return (top, left, bottom, right) if bottom > top and right > left else NOTHING


def bounding(regions: Iterable[Region], size: Size, cyclic: Cyclic) -> Region:
    """Return the smallest region that contains all regions."""
    total = NOTHING
    for region in regions:
        total = union(total, region, size, cyclic)
    return total
