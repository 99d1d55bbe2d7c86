"""Masks on a part of a canvas: windows, supports, segments that remain segments, sizes that need part of a pixel."""

from collections.abc import Callable
from fractions import Fraction as F
from itertools import product as pairs

import numpy as np
import pytest

import fgraph
from fgraph._geometry import Resize, SizeError
from fgraph.masks import (
    Box,
    Ellipse,
    Margined,
    MaskExpr,
    Placed,
    Product,
    Ramp,
    Segment,
    check_size,
    edited,
    feathered,
    inset,
    product,
    rasterise,
    rasterise_window,
    support,
)
from fgraph.masks.base import extent_of

SEGMENTS = [Segment(0, F(1, 2)), Segment(F(1, 4), F(3, 4)), Segment(F(1, 2), 1), Segment(F(1, 4), F(1, 2), "y")]
INNER = [Ramp(start=F(1, 4), stop=1), Box((0, F(1, 4), F(1, 2), F(3, 4))), feathered(Ellipse(), F(1, 8)), *SEGMENTS]
PARTS = [("x", 0, F(1, 2)), ("x", F(1, 4), F(1, 2)), ("y", F(1, 2), F(1, 2)), ("y", 0, F(1, 4))]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("mask", INNER, ids=str)
def test_a_part_has_the_windows_and_the_support_of_its_raster(mask: MaskExpr, part: tuple[str, F, F]) -> None:
    raster = rasterise(Placed(mask, *part), 16, 32)
    np.testing.assert_array_equal(rasterise(inset(mask, *part), 16, 32), raster)
    assert support(Placed(mask, *part), 16, 32) == extent_of(raster)
    for window in [(0, 0, 5, 32), (3, 7, 9, 12), (10, 20, 16, 32), (15, 31, 16, 32)]:
        top, left, bottom, right = window
        seen = rasterise_window(Placed(mask, *part), 16, 32, window)
        np.testing.assert_array_equal(seen, raster[top:bottom, left:right])


@pytest.mark.parametrize(("one", "other"), list(pairs(SEGMENTS, SEGMENTS)), ids=str)
def test_segments_of_one_axis_multiply_to_one(one: Segment, other: Segment) -> None:
    made = product(one, INNER[0], other)
    np.testing.assert_array_equal(rasterise(made, 16, 32), rasterise(Product((one, INNER[0], other)), 16, 32))
    if isinstance(made, Product):
        assert len(made.masks) == (3 if one.axis != other.axis else 2)


def _refusal(act: Callable[[MaskExpr, int, int], object], mask: MaskExpr, width: int) -> str | None:
    try:
        act(mask, 16, width)
    except SizeError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    "mask",
    [
        Placed(INNER[0], "x", F(1, 4), F(1, 2)),
        edited(INNER[0], Resize(width=F(2))),
        product(INNER[1], feathered(edited(INNER[0], Resize(width=F(2))), F(1, 8))),
        Margined(Placed(INNER[0], "x", F(1, 3), F(1, 2)), (2, 4)),
    ],
    ids=str,
)
def test_a_size_is_refused_without_a_raster_as_with_one(mask: MaskExpr) -> None:
    drawn = [_refusal(rasterise, mask, width) for width in range(5, 30)]
    assert [_refusal(check_size, mask, width) for width in range(5, 30)] == drawn
    assert 0 < drawn.count(None) < 25


@pytest.mark.parametrize("doublings", [5, 8])
def test_joints_are_checked_without_drawing(doublings: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Joints of joints name each part many times; if each drew the whole canvas, the work would be quadratic."""

    def refuse(*_: object) -> None:
        raise AssertionError("a mask is drawn")

    for module in ("base", "operators", "placement", "beyond"):
        monkeypatch.setattr(f"fgraph.masks.{module}.rasterise", refuse)
    nodes: dict[str, dict[str, object]] = {
        "code": {"op": "sample"},
        "joint0": {"op": "tap", "of": "code", "layer": "b4.conv1"},
    }
    for number in range(doublings):
        nodes[f"joint{number + 1}"] = {"op": "concat", "of": [f"joint{number}"] * 2, "axis": "xy"[number % 2]}
    nodes["image"] = {"op": "decode", "of": f"joint{doublings}"}
    noise = {"mode": "random", "fit": "follow"}
    fgraph.check({"nodes": nodes, "noise": noise, "outputs": ["image"]})
