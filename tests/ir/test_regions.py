"""The arithmetic of regions agrees with sets of pixels."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fgraph._geometry import regions as r
from tests.ir.canvases import canvases, regions

Pixels = set[tuple[int, int]]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[r.Region, r.Region, r.Size, r.Cyclic]:
    size, cyclic = draw(canvases())
    return draw(regions(size, cyclic)), draw(regions(size, cyclic)), size, cyclic


def pixels(region: r.Region, size: r.Size, cyclic: r.Cyclic) -> Pixels:
    top, left, bottom, right = region
    return {
        (y % size[0] if cyclic[0] else y, x % size[1] if cyclic[1] else x)
        for y in range(top, bottom)
        for x in range(left, right)
    }


def exhaustive(test: object) -> object:
    return settings(max_examples=1500, derandomize=True, database=None, deadline=None)(test)


@exhaustive
@given(pairs())
def test_union_and_intersection_hold_what_they_must(case: tuple[r.Region, r.Region, r.Size, r.Cyclic]) -> None:
    a, b, size, cyclic = case
    own, other = pixels(a, size, cyclic), pixels(b, size, cyclic)
    union = r.union(a, b, size, cyclic)
    assert pixels(union, size, cyclic) >= own | other
    assert r.covers(union, a, size, cyclic)
    assert r.covers(union, b, size, cyclic)
    both = pixels(r.intersect(a, b, size, cyclic), size, cyclic)
    assert own & other <= both <= own
    assert r.covers(a, b, size, cyclic) == (own >= other)


@exhaustive
@given(canvases(), st.data())
def test_clip_keeps_the_pixels_of_a_window_that_are_on_the_canvas(
    canvas: tuple[r.Size, r.Cyclic], data: st.DataObject
) -> None:
    size, cyclic = canvas
    top, left = data.draw(st.integers(-4, 8)), data.draw(st.integers(-4, 8))
    window = (top, left, top + data.draw(st.integers(1, 8)), left + data.draw(st.integers(1, 8)))
    on_canvas = {(y, x) for y, x in pixels(window, size, cyclic) if 0 <= y < size[0] and 0 <= x < size[1]}
    clipped = r.clip(window, size, cyclic)
    assert pixels(clipped, size, cyclic) == on_canvas
    assert clipped == r.NOTHING or (0 <= clipped[0] < size[0] and 0 <= clipped[1] < size[1])


@exhaustive
@given(st.integers(1, 8), st.booleans(), st.data())
def test_pieces_find_every_pixel_of_a_window_once(size: int, cyclic: bool, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, size - 1))
    source = (start, start + data.draw(st.integers(1, size if cyclic else size - start)))
    first = data.draw(st.integers(-4, 12))
    window = (first, first + data.draw(st.integers(1, 9)))
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


@exhaustive
@given(pairs())
def test_overlaps_are_the_pixels_of_both(case: tuple[r.Region, r.Region, r.Size, r.Cyclic]) -> None:
    a, b, size, cyclic = case
    found: Pixels = set()
    for part, there in r.overlaps(a, b, size, cyclic):
        assert all(a[axis] <= part[axis] < part[axis + 2] <= a[axis + 2] for axis in (0, 1))
        own = pixels(part, size, cyclic)
        assert own == pixels(there, size, cyclic)
        assert there == r.clip(there, size, cyclic)
        found |= own
    assert found == pixels(a, size, cyclic) & pixels(b, size, cyclic)


@exhaustive
@given(pairs())
def test_the_rest_of_a_region_contains_all_pixels_outside_the_part(
    case: tuple[r.Region, r.Region, r.Size, r.Cyclic],
) -> None:
    a, b, size, cyclic = case
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
