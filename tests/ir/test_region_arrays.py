"""Arrays of regions agree with the arithmetic of single regions."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fgraph._geometry import regions as r
from fgraph.ir import region_arrays
from tests.ir.canvases import canvases, regions

Canvas = tuple[r.Size, r.Cyclic]
exhaustive = settings(max_examples=200, derandomize=True, database=None, deadline=None)


def some(data: st.DataObject, canvas: Canvas, count: int) -> list[r.Region]:
    one = st.one_of(st.just(r.NOTHING), regions(*canvas), regions(*canvas))
    return data.draw(st.lists(one, min_size=count, max_size=count))


def rows(array: np.ndarray) -> list[tuple[int, ...]]:
    return [tuple(row) for row in array.tolist()]


@exhaustive
@given(canvases(), st.integers(1, 5), st.data())
def test_pairs_are_treated_one_by_one(canvas: Canvas, count: int, data: st.DataObject) -> None:
    ours, others = some(data, canvas, count), some(data, canvas, count)
    a, b = region_arrays.as_regions(ours), region_arrays.as_regions(others)
    pairs = list(zip(ours, others, strict=True))
    met = [r.intersect(*pair, *canvas) if r.area(pair[0]) and r.area(pair[1]) else r.NOTHING for pair in pairs]
    assert rows(region_arrays.intersections(a, b, *canvas)) == met
    assert region_arrays.covering(a, b, *canvas).tolist() == [r.covers(*pair, *canvas) for pair in pairs]
    assert region_arrays.areas(a).tolist() == [r.area(one) for one in ours]


@exhaustive
@given(canvases(), st.data())
def test_windows_are_clipped_one_by_one(canvas: Canvas, data: st.DataObject) -> None:
    corner = st.tuples(st.integers(-4, 8), st.integers(-4, 8), st.integers(1, 12), st.integers(1, 12))
    windows = [(y, x, y + high, x + wide) for y, x, high, wide in data.draw(st.lists(corner, min_size=1, max_size=5))]
    found = region_arrays.clipped(region_arrays.as_regions(windows), *canvas)
    assert rows(found) == [r.clip(window, *canvas) for window in windows]


@exhaustive
@given(canvases(), st.lists(st.integers(0, 3), min_size=1, max_size=8), st.data())
def test_hulls_hold_all_regions_of_a_key(canvas: Canvas, keys: list[int], data: st.DataObject) -> None:
    given_regions = some(data, canvas, len(keys))
    found_keys, found = region_arrays.hulls(np.array(keys), region_arrays.as_regions(given_regions), *canvas)
    expected: dict[int, list[r.Region]] = {}
    for key, region in zip(keys, given_regions, strict=True):
        if r.area(region):
            expected.setdefault(key, []).append(region)
    assert found_keys.tolist() == sorted(expected)
    for key, hull in zip(found_keys.tolist(), rows(found), strict=True):
        assert hull == r.bounding(dict.fromkeys(expected[key]), *canvas)


@exhaustive
@given(canvases(), st.integers(0, 6), st.sampled_from([1, 20]), st.data())
def test_each_row_has_one_of_the_different_ones(canvas: Canvas, count: int, repeats: int, data: st.DataObject) -> None:
    given_regions = some(data, canvas, count) * repeats  # few rows, and many
    different, index = region_arrays.distinct(region_arrays.as_regions(given_regions))
    assert [different[place] for place in index.tolist()] == given_regions
    assert len(set(different)) == len(different)
