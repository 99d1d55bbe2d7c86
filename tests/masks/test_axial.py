"""Ramps, compared with the published rule, and the masks of mosaics and joins, which sum to 1."""

from fractions import Fraction as F
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fgraph.masks import Constant, Hat, MaskExpr, Ramp, Segment, rasterise, support
from tests.rounding import assert_rounded, assert_within, worst

pytestmark = pytest.mark.numeric

few = settings(max_examples=80, derandomize=True, deadline=None)
lengths = st.integers(1, 70)


def line(mask: MaskExpr, length: int) -> Any:
    return rasterise(mask, 1, length)[0]


@pytest.mark.parametrize("length", [4, 6, 8, 16, 31, 32, 50, 64, 128, 256, 512, 1024])
def test_ends_equals_the_published_ramp(length: int) -> None:
    quarter = length // 4
    middle = np.linspace(0, 1, length - 2 * quarter, dtype=np.float32)
    expected = np.concatenate([np.zeros(quarter), middle, np.ones(quarter)]).astype(np.float32)
    assert_rounded(line(Ramp(), length), expected, 1)


def test_small_ramps() -> None:
    assert line(Ramp(), 4).tolist() == [0, 0, 1, 1]
    assert line(Ramp(), 2).tolist() == [0, 1]
    assert line(Ramp(), 1).tolist() == [0.5]
    assert line(Ramp(start=0, stop=1), 5).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert line(Ramp(start=0.5, stop=0.5), 4).tolist() == [0, 0, 1, 1]


def test_decimal_ends_fall_on_exact_pixels() -> None:
    for tenth in range(11):
        ramp = line(Ramp(start=tenth / 10, stop=1), 1000)
        assert np.flatnonzero(ramp)[0] == min(tenth * 100 + 1, 999) if tenth < 10 else not ramp.any()
        step = Ramp(start=tenth / 10, stop=tenth / 10, sampling="centre")
        assert line(step, 1000).sum() == 1000 - 100 * tenth


def test_centre_takes_the_value_at_pixel_centres() -> None:
    assert_rounded(line(Ramp(start=0, stop=1, sampling="centre"), 4), [0.125, 0.375, 0.625, 0.875], 1)
    assert_rounded(line(Ramp(start=-1, stop=1, sampling="centre"), 2), [0.625, 0.875], 1)


@few
@given(st.fractions(0, F(1, 2), max_denominator=64), lengths)
def test_a_symmetric_ramp_is_its_mirrored_complement(start: F, length: int) -> None:
    for sampling in ("centre", "ends"):
        values = line(Ramp(start=start, stop=1 - start, sampling=sampling), length)
        if start == F(1, 2) and length % 2 and sampling == "centre":
            continue  # a hard step at the centre of a pixel gives it to one side
        assert_rounded(values, 1 - values[::-1], 4)


def test_axis_y_is_axis_x_transposed() -> None:
    np.testing.assert_array_equal(rasterise(Ramp("y"), 12, 3), rasterise(Ramp("x"), 3, 12).T)


overlaps = st.sampled_from([F(0), F(1, 10), F(1, 2), F(1)])


@few
@given(st.integers(1, 9), overlaps, st.booleans(), lengths)
def test_hats_sum_to_one(count: int, overlap: F, wrap: bool, length: int) -> None:
    hats = [line(Hat(index, count, "x", overlap, wrap), length) for index in range(count)]
    roundings = 2  # one of each of the two hats that overlap
    assert_within(np.sum(hats, axis=0, dtype=np.float64), 1, worst(roundings))
    if overlap == 0:
        assert set(np.unique(hats)) <= {0, 1}


@few
@given(st.integers(2, 6), overlaps, st.integers(1, 8))
def test_wrapped_hats_are_one_hat_rolled(count: int, overlap: F, cell: int) -> None:
    first = line(Hat(0, count, "x", overlap, wrap=True), count * cell)
    for index in range(1, count):
        rolled = np.roll(first, index * cell)
        assert_rounded(line(Hat(index, count, "x", overlap, wrap=True), count * cell), rolled, 8)


def test_full_overlap_is_linear_between_centres() -> None:
    centres = (np.arange(24) + 0.5) / 24
    values = line(Hat(1, 3), 24)
    assert_rounded(values, np.interp(centres, [1 / 6, 3 / 6, 5 / 6], [0, 1, 0]), 4)
    assert (line(Hat(0, 3), 24)[:4] == 1).all()
    assert Hat(0, 1, wrap=True).constant == 1
    assert_rounded(line(Hat(0, 2, wrap=True), 4), [0.75, 0.75, 0.25, 0.25], 1)


@few
@given(st.lists(st.fractions(F(1, 60), F(59, 60), max_denominator=60), max_size=4, unique=True), lengths)
def test_every_pixel_is_in_one_cell(inner: list[F], length: int) -> None:
    edges = (F(0), *sorted(inner), F(1))
    cells = [line(Segment(*ends), length) for ends in pairwise(edges)]
    np.testing.assert_array_equal(np.sum(cells, axis=0), 1)
    if all((edge * length).denominator == 1 for edge in edges):
        expected = [(end - start) * length for start, end in pairwise(edges)]
        assert [cell.sum() for cell in cells] == expected


def test_support() -> None:
    assert support(Segment(F(1, 4), 1, "y"), 8, 5) == (2, 0, 8, 5)
    assert support(Constant(0), 3, 3) is None
    assert support(Constant(0.5), 3, 4) == (0, 0, 3, 4)
    assert support(Ramp(stop=1, start=1), 4, 4) is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constant(1.5), "from 0 to 1"),
        (lambda: Ramp(start=0.6, stop=0.4), "expected start <= stop"),
        (lambda: Ramp(start=-0.5), "with sampling 'ends'"),
        (lambda: Ramp("z"), "ramp axis is 'z'; expected one of x, y"),
        (lambda: Hat(3, 3), "no cell 3 of 3"),
        (lambda: Hat(0, 3, overlap=1.5), "overlap is 1.5"),
        (lambda: Segment(F(1, 2), F(1, 4)), "a segment from 0.5 to 0.25: expected 0 <= start < stop <= 1"),
        (lambda: Segment(0, 2), "a segment from 0 to 2"),
    ],
)
def test_nonsense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
