"""The position of an edited canvas on a plane agrees with plain arithmetic on its corners."""

from __future__ import annotations

import math
from fractions import Fraction as F
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fgraph._geometry import Canvas, Crop, Flip, Pad, Placement, Resize, Shift, Transform, source_place
from tests.rounding import worst

pytestmark = pytest.mark.numeric

amounts = st.fractions(F(0), F(2), max_denominator=16)
few = settings(max_examples=60, derandomize=True, deadline=None)


@few
@given(amounts, amounts, amounts, amounts)
def test_a_crop_after_a_pad_restores_the_place(top: F, bottom: F, left: F, right: F) -> None:
    canvas = Canvas(F(1), F(2))
    pad = Pad(top, bottom, left, right)
    wide = canvas.edited(pad)
    crop = Crop(top / (1 + top + bottom), left / (1 + left + right), 1 / (1 + top + bottom), 1 / (1 + left + right))
    there = source_place(pad, canvas).after(source_place(crop, wide))
    assert wide.edited(crop) == canvas
    assert (there.x, there.y) == pytest.approx((0, 0), abs=worst(16, 4, "float64"))


@pytest.mark.parametrize(
    ("edit", "at", "was"),
    [
        (Pad(left=F(1, 2)), (0.0, 0.0), (-0.5, 0.0)),  # on a canvas of 1 x 2: the new middle lies half an image left
        (Crop(left=F(1, 2), width=F(1, 2)), (0.0, 0.0), (0.5, 0.0)),
        (Shift(dx=F(1, 4), dy=F(1, 2)), (0.5, 0.5), (0.0, 0.0)),  # a quarter of two images, half of one
        (Resize(width=F(2), height=F(4)), (1.0, 1.0), (0.5, 0.25)),
        (Flip("x"), (0.25, 0.5), (-0.25, 0.5)),
        (Flip("y"), (0.25, 0.5), (0.25, -0.5)),
        (Transform(rotate=F(90)), (0.0, -1.0), (1.0, 0.0)),  # counter-clockwise: the right side is now above
        (Transform(scale=F(2), dx=F(1, 2)), (2.0, 0.0), (0.5, 0.0)),
    ],
)
def test_source_places(edit: Any, at: tuple[float, float], was: tuple[float, float]) -> None:
    assert source_place(edit, Canvas(F(1), F(2))).at(*at) == pytest.approx(was)


def test_a_rotation_follows_its_matrix() -> None:
    rotation = Transform(rotate=F(30), dx=F(1, 10))
    back = rotation.source(Canvas())
    cosine, sine = math.cos(math.pi / 6), math.sin(math.pi / 6)
    x, y = cosine * 0.3 + sine * 0.2 + 0.1, -sine * 0.3 + cosine * 0.2
    assert back.at(x, y) == pytest.approx((0.3, 0.2))
    assert Transform(rotate=F(450)).source(Canvas()) == Transform(rotate=F(90)).source(Canvas())
    assert Transform(rotate=F(360)).is_identity
    assert not Transform(rotate=F(1)).is_identity


def test_placements_compose() -> None:
    first, second = Placement(xx=2, yy=3, x=1), Placement(xy=1.0, yx=-1.0, xx=0.0, yy=0.0, y=5)
    assert second.after(first).at(0.5, 0.25) == second.at(*first.at(0.5, 0.25))
    assert Placement().is_identity
    assert first.rows == ((2, 0.0, 1), (0.0, 3, 0.0))


def test_a_scale_is_above_0() -> None:
    with pytest.raises(ValueError, match="transform scale is -1; it must be above 0"):
        Transform(scale=F(-1))
