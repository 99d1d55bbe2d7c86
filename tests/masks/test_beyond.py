"""Masks on maps with margins, and transformed masks."""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import pytest

from fgraph._geometry import Shift, Transform, apply_edit
from fgraph.masks import Box, Constant, Ramp, complement, rasterise, rasterise_window, support, transformed, with_margin
from tests.rounding import assert_rounded

pytestmark = pytest.mark.numeric


def test_a_margin_continues_with_edge_values() -> None:
    ramp = Ramp("x", F(0), F(1), "centre")
    wide = rasterise(with_margin(ramp, (4, 4)), 12, 20)
    np.testing.assert_array_equal(wide[2:10, 2:18], rasterise(ramp, 8, 16))
    assert (wide[:, :2] == wide[:, 2:3]).all()
    assert (wide[0] == wide[2]).all()


def test_a_window_of_a_mask_with_a_margin_equals_its_part() -> None:
    mask = with_margin(Ramp("x", F(0), F(1), "centre"), (4, 4))
    whole = rasterise(mask, 12, 20)
    assert mask.is_local
    for window in [(0, 0, 12, 20), (0, 0, 2, 2), (10, 17, 12, 20), (3, 1, 7, 11), (5, 5, 6, 6)]:
        top, left, bottom, right = window
        np.testing.assert_array_equal(rasterise_window(mask, 12, 20, window), whole[top:bottom, left:right])


def test_margins_preserve_the_sum_of_alphas() -> None:
    ramp = Ramp("y", F(1, 4), F(1, 2))
    both = rasterise(with_margin(ramp, (6, 6)), 14, 14) + rasterise(with_margin(complement(ramp), (6, 6)), 14, 14)
    assert_rounded(both, 1, 2)  # a rounding of each


def test_constants_need_no_margin() -> None:
    assert with_margin(Constant(0.5), (20, 20)) == Constant(0.5)
    assert with_margin(Ramp(), (0, 0)) == Ramp()
    assert transformed(Constant(0.5), Transform(rotate=F(30))) == Constant(0.5)
    assert transformed(Ramp(), Transform()) == Ramp()


def test_a_quarter_turn_equals_numpys() -> None:
    box = Box((0.1, 0.2, 0.3, 0.4))
    found = rasterise(transformed(box, Transform(rotate=F(90))), 16, 16)
    assert_rounded(found, np.rot90(rasterise(box, 16, 16)), 8)


def test_a_move_is_a_shift() -> None:
    box = Box((0.1, 0.2, 0.3, 0.4))
    found = rasterise(transformed(box, Transform(dx=F(1, 8), dy=F(1, 16))), 16, 32)
    shifted = apply_edit(rasterise(box, 16, 32), Shift(F(1, 16), F(1, 8), "replicate"))
    assert_rounded(found, shifted, 8)


def test_a_scale_about_the_middle() -> None:
    box = Box((0.25, 0.25, 0.5, 0.5))
    assert support(transformed(box, Transform(scale=F(1, 2))), 32, 32) == (12, 12, 20, 20)
