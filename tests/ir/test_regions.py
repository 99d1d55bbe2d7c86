"""The arithmetic of regions agrees with sets of pixels."""

from __future__ import annotations

from random import Random

from fgraph._geometry import regions as r
from tests.ir.canvases import Canvas, draw_region, on_cases

COUNT = 6000
Pixels = set[tuple[int, int]]


def pair(draw: Random, canvas: Canvas) -> tuple[r.Region, r.Region, r.Size, r.Cyclic]:
    return draw_region(draw, canvas), draw_region(draw, canvas), *canvas


def window_on(draw: Random, canvas: Canvas) -> tuple[r.Region, r.Size, r.Cyclic]:
    """Draw a window that may leave the canvas on each side."""
    top, left = draw.randint(-4, 8), draw.randint(-4, 8)
    return (top, left, top + draw.randint(1, 8), left + draw.randint(1, 8)), *canvas


def pixels(region: r.Region, size: r.Size, cyclic: r.Cyclic) -> Pixels:
    top, left, bottom, right = region
    return {
        (y % size[0] if cyclic[0] else y, x % size[1] if cyclic[1] else x)
        for y in range(top, bottom)
        for x in range(left, right)
    }


@on_cases(COUNT, pair)
def test_union_and_intersection_contain_the_right_pixels(
    a: r.Region, b: r.Region, size: r.Size, cyclic: r.Cyclic
) -> None:
    own, other = pixels(a, size, cyclic), pixels(b, size, cyclic)
    union = r.union(a, b, size, cyclic)
    assert pixels(union, size, cyclic) >= own | other
    assert r.covers(union, a, size, cyclic)
    assert r.covers(union, b, size, cyclic)
    both = pixels(r.intersect(a, b, size, cyclic), size, cyclic)
    assert own & other <= both <= own
    assert r.covers(a, b, size, cyclic) == (own >= other)


@on_cases(COUNT, window_on)
def test_clip_keeps_the_pixels_of_a_window_that_are_on_the_canvas(
    window: r.Region, size: r.Size, cyclic: r.Cyclic
) -> None:
    on_canvas = {(y, x) for y, x in pixels(window, size, cyclic) if 0 <= y < size[0] and 0 <= x < size[1]}
    clipped = r.clip(window, size, cyclic)
    assert pixels(clipped, size, cyclic) == on_canvas
    assert clipped == r.NOTHING or (0 <= clipped[0] < size[0] and 0 <= clipped[1] < size[1])


def spans(draw: Random, canvas: Canvas) -> tuple[int, bool, tuple[int, int], tuple[int, int]]:
    """Draw a length, whether it wraps round, a span of it, and a window that may leave it."""
    size, cyclic, first = draw.randint(1, 8), draw.random() < 0.5, draw.randint(-4, 12)
    start = draw.randrange(size)
    stop = start + draw.randint(1, size if cyclic else size - start)
    return size, cyclic, (start, stop), (first, first + draw.randint(1, 9))


@on_cases(COUNT, spans)
def test_pieces_find_every_pixel_of_a_window_once(
    size: int, cyclic: bool, source: tuple[int, int], window: tuple[int, int]
) -> None:
    found: dict[int, int] = {}
    for into, out_of, count in r.pieces(window, source, size, cyclic):
        for step in range(count):
            assert into + step not in found
            found[into + step] = source[0] + out_of + step
    held = {place % size if cyclic else place for place in range(*source)}
    for step in range(window[1] - window[0]):
        place = (window[0] + step) % size if cyclic else window[0] + step
        assert (step in found) == (place in held)
        if step in found:
            assert (found[step] % size if cyclic else found[step]) == place


def test_halving_and_doubling() -> None:
    assert r.halved((1, 2, 4, 7)) == (0, 1, 2, 4)
    assert r.doubled(r.halved((1, 2, 4, 7))) == (0, 2, 4, 8)
    assert r.grown((0, 1, 2, 4), 1) == (-1, 0, 3, 5)


@on_cases(COUNT, pair)
def test_overlaps_are_the_pixels_of_both(a: r.Region, b: r.Region, size: r.Size, cyclic: r.Cyclic) -> None:
    found: Pixels = set()
    for part, there in r.overlaps(a, b, size, cyclic):
        assert all(a[axis] <= part[axis] < part[axis + 2] <= a[axis + 2] for axis in (0, 1))
        own = pixels(part, size, cyclic)
        assert own == pixels(there, size, cyclic)
        assert there == r.clip(there, size, cyclic)
        found |= own
    assert found == pixels(a, size, cyclic) & pixels(b, size, cyclic)


@on_cases(COUNT, pair)
def test_the_rest_of_a_region_contains_all_pixels_outside_the_part(
    a: r.Region, b: r.Region, size: r.Size, cyclic: r.Cyclic
) -> None:
    for part, _ in r.overlaps(a, b, size, cyclic):
        left = r.without(a, part)
        rest = [(y, x) for y in range(a[0], a[2]) for x in range(a[1], a[3]) if not _within(part, y, x)]
        expected = (
            (min(y for y, _ in rest), min(x for _, x in rest), max(y for y, _ in rest) + 1, max(x for _, x in rest) + 1)
            if rest
            else r.NOTHING
        )
        assert left == expected


def _within(region: r.Region, y: int, x: int) -> bool:
    return region[0] <= y < region[2] and region[1] <= x < region[3]
