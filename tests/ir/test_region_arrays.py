"""Arrays of regions agree with the arithmetic of single regions."""

from __future__ import annotations

from random import Random

import numpy as np

from fgraph._geometry import regions as r
from fgraph.ir import region_arrays
from tests.ir.canvases import Canvas, draw_region, on_cases

COUNT = 1000


def some(draw: Random, canvas: Canvas, count: int) -> list[r.Region]:
    return [draw_region(draw, canvas) if draw.randrange(3) else r.NOTHING for _ in range(count)]


def rows(array: np.ndarray) -> list[tuple[int, ...]]:
    return [tuple(row) for row in array.tolist()]


def pairs_on(draw: Random, canvas: Canvas) -> tuple[Canvas, list[r.Region], list[r.Region]]:
    count = draw.randint(1, 5)
    return canvas, some(draw, canvas, count), some(draw, canvas, count)


@on_cases(COUNT, pairs_on)
def test_pairs_are_treated_one_by_one(canvas: Canvas, ours: list[r.Region], others: list[r.Region]) -> None:
    a, b = region_arrays.as_regions(ours), region_arrays.as_regions(others)
    pairs = list(zip(ours, others, strict=True))
    met = [r.intersect(*pair, *canvas) if r.area(pair[0]) and r.area(pair[1]) else r.NOTHING for pair in pairs]
    assert rows(region_arrays.intersections(a, b, *canvas)) == met
    assert region_arrays.covering(a, b, *canvas).tolist() == [r.covers(*pair, *canvas) for pair in pairs]
    assert region_arrays.areas(a).tolist() == [r.area(one) for one in ours]


def windows_on(draw: Random, canvas: Canvas) -> tuple[Canvas, list[r.Region]]:
    corners = [(draw.randint(-4, 8), draw.randint(-4, 8)) for _ in range(draw.randint(1, 5))]
    return canvas, [(y, x, y + draw.randint(1, 12), x + draw.randint(1, 12)) for y, x in corners]


@on_cases(COUNT, windows_on)
def test_windows_are_clipped_one_by_one(canvas: Canvas, windows: list[r.Region]) -> None:
    found = region_arrays.clipped(region_arrays.as_regions(windows), *canvas)
    assert rows(found) == [r.clip(window, *canvas) for window in windows]


def keys_on(draw: Random, canvas: Canvas) -> tuple[Canvas, list[int], list[r.Region]]:
    keys = [draw.randint(0, 3) for _ in range(draw.randint(1, 8))]
    return canvas, keys, some(draw, canvas, len(keys))


@on_cases(COUNT, keys_on)
def test_hulls_hold_all_regions_of_a_key(canvas: Canvas, keys: list[int], given_regions: list[r.Region]) -> None:
    found_keys, found = region_arrays.hulls(np.array(keys), region_arrays.as_regions(given_regions), *canvas)
    expected: dict[int, list[r.Region]] = {}
    for key, region in zip(keys, given_regions, strict=True):
        if r.area(region):
            expected.setdefault(key, []).append(region)
    assert found_keys.tolist() == sorted(expected)
    for key, hull in zip(found_keys.tolist(), rows(found), strict=True):
        assert hull == r.bounding(dict.fromkeys(expected[key]), *canvas)


def rows_on(draw: Random, canvas: Canvas) -> tuple[list[r.Region]]:
    """Return few rows, and many."""
    return (some(draw, canvas, draw.randint(0, 6)) * draw.choice((1, 20)),)


@on_cases(COUNT, rows_on)
def test_each_row_has_one_of_the_different_ones(given_regions: list[r.Region]) -> None:
    different, index = region_arrays.distinct(region_arrays.as_regions(given_regions))
    assert [different[place] for place in index.tolist()] == given_regions
    assert len(set(different)) == len(different)
