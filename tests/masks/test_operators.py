"""Masks made of other masks: values, folded constants, edits, equality."""

import pickle
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fgraph._geometry import Crop, Edit, Flip, Pad, Resize, Shift, SizeError, apply_edit
from fgraph._geometry.regions import Region
from fgraph.masks import (
    Box,
    Combine,
    Complement,
    Constant,
    Edited,
    Ellipse,
    Feathered,
    Hat,
    MaskExpr,
    Picture,
    Placed,
    Polygon,
    Product,
    Ramp,
    Scaled,
    Segment,
    combine,
    complement,
    difference,
    edited,
    feathered,
    finish,
    product,
    rasterise,
    rasterise_window,
    scaled,
    support,
)
from tests.rounding import assert_rounded, assert_summed

pytestmark = pytest.mark.numeric

few = settings(max_examples=60, derandomize=True, deadline=None)
RAMP, BOX = Ramp(start=0, stop=1), Box((F(1, 8), 0, F(1, 2), F(3, 4)))

leaves = st.one_of(
    st.builds(Constant, st.sampled_from([0.0, 0.25, 1.0])),
    st.builds(Ramp, st.sampled_from(["x", "y"]), sampling=st.sampled_from(["centre", "ends"])),
    st.sampled_from([BOX, Ellipse(), Hat(1, 3, "y", wrap=True), Segment(0, F(1, 2))]),
)
unary_edits: list[Edit] = [Flip("x"), Shift(dx=F(1, 3)), Shift(dy=F(1, 4), mode="constant", value=1.0)]
trees: st.SearchStrategy[MaskExpr] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(complement, inner),
        st.builds(product, inner, inner),
        st.builds(combine, st.sampled_from(["add", "subtract", "multiply", "max", "min"]), inner, inner),
        st.builds(scaled, inner, st.sampled_from([0, 0.5, 1])),
        st.builds(feathered, inner, st.just(F(1, 8)), wrap_x=st.booleans()),
        st.builds(edited, inner, st.sampled_from(unary_edits)),
    ),
    max_leaves=5,
)


@few
@given(trees)
def test_rasters_are_frozen_unit_values_that_constants_and_supports_describe(mask: MaskExpr) -> None:
    raster = rasterise(mask, 8, 12)
    assert raster.dtype == np.float32
    assert raster.shape == (8, 12)
    assert not raster.flags.writeable
    assert ((raster >= 0) & (raster <= 1)).all()
    assert rasterise(pickle.loads(pickle.dumps(mask)), 8, 12) is raster
    if mask.constant is not None:
        assert (raster == np.float32(mask.constant)).all()
    rectangle = support(mask, 8, 12)
    top, left, bottom, right = rectangle or (0, 0, 0, 0)
    outside = raster.copy()
    outside[top:bottom, left:right] = 0
    assert not outside.any()


spans = st.tuples(st.integers(0, 7), st.integers(0, 12)).map(lambda pair: (min(pair), max(*pair, min(pair) + 1)))


@few
@given(trees, trees, spans, spans)
def test_a_window_is_cut_from_the_raster_and_differences_lie_in_their_rectangle(
    a: MaskExpr, b: MaskExpr, y: tuple[int, int], x: tuple[int, int]
) -> None:
    window = (y[0], x[0], min(y[1], 8), x[1])
    whole = rasterise(a, 8, 12)
    np.testing.assert_array_equal(rasterise_window(a, 8, 12, window), whole[window[0] : window[2], x[0] : x[1]])
    unequal = np.argwhere(whole != rasterise(b, 8, 12))
    rectangle = difference(a, b, 8, 12)
    assert (rectangle is None) == (not len(unequal))
    if rectangle is not None:
        assert rectangle == (*unequal.min(axis=0), *(unequal.max(axis=0) + 1))


def test_wide_local_masks_draw_no_more_than_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Region] = []

    def draw(mask: MaskExpr, height: int, width: int, window: Region) -> np.ndarray:
        drawn.append(window)
        return rasterise_window(mask, height, width, window)

    monkeypatch.setattr("fgraph.masks.base.rasterise", lambda mask, *size: pytest.fail("drawn whole"))
    monkeypatch.setattr("fgraph.masks.base.rasterise_window", draw)
    cell = product(Hat(70, 200, "x"), Hat(1, 2, "y"))
    assert cell.is_local
    assert [support(cell, 256, 1024 * 1000)] == drawn  # nor a half or a stripe for the factors
    assert not Product((cell, feathered(BOX, F(1, 8)))).is_local


@few
@given(trees, trees)
def test_the_folding_constructors_change_no_value(a: MaskExpr, b: MaskExpr) -> None:
    def check(folded: MaskExpr, plain: MaskExpr) -> None:
        assert_rounded(rasterise(folded, 6, 6), rasterise(plain, 6, 6), 8)

    check(complement(a), Complement(a))
    check(product(a, b), Product((a, b)))
    check(scaled(a, 0.5), Scaled(a, 0.5))
    for op in ("add", "subtract", "multiply", "max", "min"):
        check(combine(op, a, b), Combine(op, (a, b)))


def test_operators() -> None:
    a, b = rasterise(RAMP, 4, 8), rasterise(BOX, 4, 8)
    expected = {"add": a + b, "subtract": a - b, "multiply": a * b, "max": np.maximum(a, b), "min": np.minimum(a, b)}
    for op, values in expected.items():
        np.testing.assert_array_equal(rasterise(combine(op, RAMP, BOX), 4, 8), values.clip(0, 1))
    np.testing.assert_array_equal(rasterise(complement(RAMP), 4, 8), 1 - a)
    np.testing.assert_array_equal(rasterise(scaled(RAMP, 0.25), 4, 8), a / 4)


def test_constants_fold() -> None:
    assert product(RAMP, Constant(0)) == Constant(0)
    assert Product((RAMP, Constant(0))).constant == 0
    assert Product((RAMP, BOX)).constant is None
    assert product(RAMP, Constant(1)) is RAMP
    assert product() == Constant(1)
    assert Product(()).constant == 1
    assert product(product(RAMP, Constant(0.5)), BOX, Constant(0.5)) == Product((Constant(0.25), RAMP, BOX))
    assert complement(Constant(0.25)) == Constant(0.75)
    assert complement(complement(RAMP)) is RAMP
    assert combine("max", RAMP, Constant(1)) == combine("add", Constant(1), RAMP) == Constant(1)
    assert combine("subtract", RAMP, Constant(1)) == combine("subtract", Constant(0), RAMP) == Constant(0)
    assert combine("add", Constant(0.5), Constant(0.25)) == Constant(0.75)
    assert scaled(RAMP, 0) == Constant(0)
    assert scaled(RAMP, 1) is feathered(RAMP, 0) is edited(RAMP, Shift(dx=F(1))) is RAMP
    assert edited(Constant(1), Pad(left=F(1), mode="constant", value=1)) == Constant(1)
    assert edited(Constant(1), Pad(left=F(1), mode="constant")).constant is None
    assert edited(Constant(0.5), Flip()) == Constant(0.5)


def test_the_common_options_keep_their_order() -> None:
    mask = finish(BOX, feather=0.1, invert=True, alpha=0.5, wrap_x=True)
    assert mask == Scaled(Complement(Feathered(BOX, F(1, 10), wrap_x=True)), 0.5)
    assert finish(BOX) is BOX


@pytest.mark.parametrize(
    "edit",
    [
        Pad(left=F(1, 4), top=F(1, 2)),
        Pad(right=F(1), mode="constant", value=1.0),
        Shift(dx=F(1, 7)),
        Crop(F(1, 2), height=F(1, 2)),
    ],
)
def test_an_edited_mask_equals_its_edited_raster(edit: Edit) -> None:
    height, width = (int(side) for side in edit.size(8, 12))
    np.testing.assert_array_equal(rasterise(Edited(BOX, edit), height, width), apply_edit(rasterise(BOX, 8, 12), edit))


def test_an_edit_to_a_fraction_of_a_pixel_is_refused() -> None:
    with pytest.raises(SizeError, match=r"4 x 5 pixels after resize comes from 4 x 2.5 pixels"):
        rasterise(Edited(BOX, Resize(width=F(2))), 4, 5)


def test_a_placed_mask_continues_at_its_edges() -> None:
    raster = rasterise(Placed(RAMP, "x", F(1, 4), F(1, 2)), 3, 16)
    np.testing.assert_array_equal(raster[:, 4:12], rasterise(RAMP, 3, 8))
    assert (raster[:, :4] == 0).all()
    assert (raster[:, 12:] == 1).all()
    np.testing.assert_array_equal(rasterise(Placed(Ramp("y", 0, 1), "y", F(1, 4), F(1, 2)), 16, 3), raster.T)
    with pytest.raises(SizeError, match=r"part start = 0.25 of 6 pixels"):
        rasterise(Placed(RAMP, "x", F(1, 4), F(1, 2)), 3, 6)
    with pytest.raises(ValueError, match=r"from 0.75 to 1.25"):
        Placed(RAMP, "x", F(3, 4), F(1, 2))


@pytest.mark.parametrize(("size", "radius"), [((24, 40), 0.1), ((8, 8), 0.9), ((70, 200), 0.02), ((200, 70), 0.3)])
def test_feather_is_a_gaussian(size: tuple[int, int], radius: float) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    hard = rasterise(BOX, *size).astype(np.float64)
    for wrap in (False, True):
        mode = ("mirror", "wrap" if wrap else "mirror")
        expected = ndimage.gaussian_filter(hard, radius * min(size), mode=mode)
        found = rasterise(Feathered(BOX, radius, wrap_x=wrap), *size)
        assert_summed(found, expected, 64)  # taps of the blur, on two axes


def test_feather_stays_within_four_sigmas() -> None:
    box = Box((F(1, 2), F(1, 2), F(1, 64), F(1, 64)))
    assert support(Feathered(box, F(1, 64)), 64, 64) == (28, 28, 37, 37)


EQUAL: list[tuple[Any, Any]] = [
    (Ramp(start=0.1), Ramp(start=F(1, 10))),
    (Box([0, 0, 0.5, 1], grid=4), Box((0, 0, F(1, 2), 1.0), grid=4)),
    (Polygon([[0, 0], [1, 0], [0, 1]]), Polygon(((0, 0), (1, 0), (0, 1)))),
    (Feathered(BOX, 0.25), Feathered(BOX, F(1, 4))),
    (Product((RAMP, BOX)), Product((Ramp(start=0, stop=1), BOX))),
    (Edited(BOX, Pad(left=F(1, 2))), Edited(BOX, Pad(left=0.5))),
    (Picture.from_array(np.ones((2, 2)), "a.png"), Picture.from_array(np.ones((2, 2)), "b.png")),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal_descriptions_are_equal(one: MaskExpr, other: MaskExpr) -> None:
    assert one == other
    assert hash(one) == hash(other)
    assert str(one).split("(")[0] == type(one).__name__.lower()


def test_text() -> None:
    assert str(Complement(Ramp("y", start=F(1, 3)))) == "complement(mask=ramp(axis=y, start=1/3))"
    assert str(Box((1, 0, 2, 2), grid=4)) == "box(grid=4, box=[1, 0, 2, 2])"


def test_the_cache_stays_within_its_bytes() -> None:
    from fgraph.masks.base import _RasterCache

    cache = _RasterCache(limit=100)
    for size in range(1, 6):
        cache.put((RAMP, 1, size), np.zeros((1, size), np.float32))  # 4, 8, ... 20 bytes: 60 in total
    cache.get((RAMP, 1, 1))
    cache.put((RAMP, 1, 12), np.zeros((1, 12), np.float32))
    assert cache.get((RAMP, 1, 1)) is not None  # used recently
    assert cache.get((RAMP, 1, 2)) is None
    cache.put((RAMP, 9, 9), np.zeros((9, 9), np.float32))
    assert cache.get((RAMP, 9, 9)) is None  # larger than the whole cache


def test_no_pixels_is_an_error() -> None:
    with pytest.raises(SizeError, match="0 x 4"):
        rasterise(RAMP, 0, 4)
