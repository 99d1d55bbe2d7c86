"""Spatial edits and canvases against numpy, torch, and plain arithmetic."""

from fractions import Fraction as F
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fgraph._geometry import (
    Canvas,
    Crop,
    Edit,
    Flip,
    Pad,
    Resize,
    Shift,
    SizeError,
    apply_edit,
    fold,
    fraction,
    whole,
)
from tests.rounding import assert_rounded

pytestmark = pytest.mark.numeric

RNG = np.random.default_rng(0)
NUMPY_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap", "constant": "constant"}
few = settings(max_examples=60, derandomize=True, deadline=None)


def picture(height: int, width: int) -> Any:
    return RNG.standard_normal((2, 3, height, width)).astype(np.float32)


@pytest.mark.parametrize(("mode", "sides"), [*product(NUMPY_MODES, [(0, 1, 2, 3), (4, 0, 0, 9), (17, 3, 11, 25)])])
def test_pad_equals_numpys(mode: str, sides: tuple[int, ...]) -> None:
    top, bottom, left, right = sides
    source = picture(5, 6)
    edit = Pad(F(top, 5), F(bottom, 5), F(left, 6), F(right, 6), mode, 0.5 if mode == "constant" else 0)
    more = {"constant_values": 0.5} if mode == "constant" else {}
    expected = np.pad(source, ((0, 0), (0, 0), (top, bottom), (left, right)), NUMPY_MODES[mode], **more)  # type: ignore[call-overload]
    np.testing.assert_array_equal(apply_edit(source, edit), expected)


def test_a_far_reflect_equals_several_reflects_of_torch() -> None:
    torch = pytest.importorskip("torch")
    source = picture(4, 4)
    chained = torch.from_numpy(source)
    for step in ((3, 3), (9, 9), (4, 4)):  # each under what torch allows
        chained = torch.nn.functional.pad(chained, (*step, 0, 0), mode="reflect")
    result = apply_edit(source, Pad(left=F(4), right=F(4)))
    np.testing.assert_array_equal(result, chained.numpy())


def test_reflect_of_one_pixel_replicates() -> None:
    assert apply_edit(np.full((1, 1), 3.0), Pad(left=F(2), mode="reflect")).tolist() == [[3, 3, 3]]


@pytest.mark.parametrize("steps", [-7, -1, 0, 2, 6, 13])
def test_roll_equals_numpys(steps: int) -> None:
    source = picture(6, 4)
    np.testing.assert_array_equal(apply_edit(source, Shift(dy=F(steps, 6))), np.roll(source, steps, -2))
    np.testing.assert_array_equal(apply_edit(source, Shift(dx=F(steps, 4))), np.roll(source, steps, -1))


@pytest.mark.parametrize(("mode", "steps"), [*product(["reflect", "replicate", "constant"], [-9, -2, 0, 3, 8])])
def test_shift_is_a_pad_then_a_crop(mode: str, steps: int) -> None:
    source = picture(3, 5)
    side = abs(steps)
    padded = np.pad(source, ((0, 0), (0, 0), (0, 0), (side, side)), NUMPY_MODES[mode])  # type: ignore[call-overload]
    expected = padded[..., side - steps : side - steps + 5]
    np.testing.assert_array_equal(apply_edit(source, Shift(dx=F(steps, 5), mode=mode)), expected)


@pytest.mark.parametrize(
    ("mode", "amount"), [*product(["roll", "reflect", "replicate"], [F(1, 10), F(-7, 10), F(33, 50)])]
)
def test_fractional_shift_mixes_the_two_whole_ones(mode: Any, amount: F) -> None:
    source = picture(1, 5)
    pixels = amount * 5
    under = pixels.numerator // pixels.denominator
    weight = float(pixels - under)
    near, far = (apply_edit(source, Shift(dx=F(n, 5), mode=mode)) for n in (under, under + 1))
    expected = near * (1 - weight) + far * weight
    assert_rounded(apply_edit(source, Shift(dx=amount, mode=mode)), expected, 8)


def test_fractional_constant_shift_fills_where_it_reads_off_the_canvas() -> None:
    source = np.array([[1.0, 2, 3, 4]])
    result = apply_edit(source, Shift(dx=F(5, 16), mode="constant", value=9))  # 1.25 pixels
    assert_rounded(result, [[9, 1, 1.75, 2.75]], 8)
    for quarter in range(-20, 21):  # as many pixels are filled as have moved away
        inside = Shift(dx=F(quarter, 16), mode="constant").maps(1, 4)[1].inside
        filled = 0 if inside is None else int((~inside).sum())
        assert abs(filled - min(abs(quarter) / 4, 4)) <= 0.5


@pytest.mark.parametrize(("height", "width"), [(4, 4), (8, 3), (2, 16), (6, 20)])
def test_resize_equals_torchs(height: int, width: int) -> None:
    torch = pytest.importorskip("torch")
    source = picture(4, 6)
    resize = torch.nn.functional.interpolate
    for mode, more in (("nearest", {}), ("bilinear", {"align_corners": False})):
        expected = resize(torch.from_numpy(source), (height, width), mode=mode, **more).numpy()
        result = apply_edit(source, Resize(F(height, 4), F(width, 6), mode))
        assert_rounded(result, expected, 8)


def test_bilinear_resize_reads_round_a_wrapped_edge() -> None:
    source = picture(4, 5)
    edit = Resize(width=F(2), mode="bilinear")
    rolled = apply_edit(np.roll(source, 2, -1), edit, wrap_x=True)
    np.testing.assert_array_equal(rolled, np.roll(apply_edit(source, edit, wrap_x=True), 4, -1))
    assert not np.array_equal(apply_edit(source, edit), apply_edit(source, edit, wrap_x=True))


def test_crop_and_flip() -> None:
    source = picture(4, 6)
    crop = Crop(F(1, 4), F(1, 2), F(1, 2), F(1, 3))
    np.testing.assert_array_equal(apply_edit(source, crop), source[..., 1:3, 3:5])
    np.testing.assert_array_equal(apply_edit(source, Flip("x")), source[..., ::-1])
    np.testing.assert_array_equal(apply_edit(source, Flip("y")), source[..., ::-1, :])


amounts = st.fractions(0, 3, max_denominator=8)
edits: st.SearchStrategy[Edit] = st.one_of(
    st.builds(Pad, amounts, amounts, amounts, amounts, st.sampled_from(["reflect", "circular"])),
    st.builds(Resize, st.fractions(F(1, 8), 3, max_denominator=8), st.fractions(F(1, 8), 3, max_denominator=8)),
    st.builds(Shift, amounts, amounts, st.sampled_from(["roll", "constant"])),
    st.builds(Crop, st.just(F(1, 8)), st.just(F(1, 2)), st.just(F(3, 4)), st.sampled_from([F(1, 8), F(1, 2)])),
    st.builds(Flip, st.sampled_from(["x", "y"])),
)
sizes = st.integers(1, 24)


@few
@given(edits, sizes, sizes)
def test_source_size_inverts_size(edit: Edit, height: int, width: int) -> None:
    assert edit.source_size(*edit.size(height, width)) == (height, width)  # type: ignore[comparison-overlap]


@few
@given(edits, sizes, sizes)
def test_maps_are_valid_and_have_the_stated_size(edit: Edit, height: int, width: int) -> None:
    try:
        maps = edit.maps(height, width)
    except SizeError:
        assert not isinstance(edit, Flip | Shift)  # these always divide
        return
    assert tuple(axis_map.size for axis_map in maps) == edit.size(height, width)  # type: ignore[comparison-overlap]
    for axis_map, length in zip(maps, (height, width), strict=True):
        for index in (axis_map.low, axis_map.high):
            assert not index.flags.writeable
            assert ((index >= 0) & (index < length)).all()
        assert ((axis_map.weight >= 0) & (axis_map.weight < 1)).all()
    if edit.is_identity:
        assert all(axis_map.is_identity for axis_map in maps)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (Pad(), True),
        (Pad(left=F(1, 2)), False),
        (Resize(), True),
        (Shift(dx=F(2), dy=F(-1)), True),
        (Shift(dx=F(2), mode="replicate"), False),
        (Shift(mode="constant"), True),
        (Crop(), True),
        (Crop(left=F(1, 2), width=F(1, 2)), False),
        (Flip("y"), False),
    ],
)
def test_identity(edit: Edit, expected: bool) -> None:
    assert edit.is_identity is expected


def test_properties_of_maps() -> None:
    y, x = Shift(dx=F(1, 4)).maps(4, 4)
    assert y.is_identity
    assert not x.is_identity
    assert x.is_gather
    assert not Shift(dx=F(1, 8)).maps(4, 4)[1].is_gather
    assert not Crop(width=F(1, 2)).maps(4, 4)[1].is_identity
    assert Shift(dx=F(1, 4)).maps(4, 4)[1] is x  # computed once


def test_equal_edits_hash_equal() -> None:
    assert Pad(left=0.1) == Pad(left=F(1, 10))
    assert len({Shift(dx=F(1, 2)), Shift(dx=0.5), Shift(dx="1/2")}) == 1
    assert str(Pad(left=F(1, 2), right=F(1, 3), mode="circular")) == "pad(left=0.5, right=1/3, mode=circular)"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (Pad(left=F(3, 10)), "pad left = 0.3 of 4 pixels comes to 1.2 pixels.*use 0.25 .1 pixel. or 0.5 .2 pixels."),
        (Crop(height=F(1, 3)), "crop height = 1/3 of 4 pixels.*0.25 .1 pixel. or 0.5"),
        (Resize(width=F(9, 8)), "resize width = 1.125 of 4 pixels comes to 4.5 pixels.*1 .4 pixels. or 1.25"),
        (Crop(width=F(1, 5)), "crop width.*0.8 pixels.*use 0.25 .1 pixel.$"),
    ],
)
def test_an_amount_of_a_fraction_of_a_pixel_names_the_nearest_whole_ones(edit: Edit, message: str) -> None:
    with pytest.raises(SizeError, match=message):
        edit.maps(4, 4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Pad(left=F(-1)), "pad left is -1"),
        (lambda: Pad(mode="mirror"), "'mirror'; expected one of reflect"),
        (lambda: Resize(height=F(0)), "factors must be above 0"),
        (lambda: Crop(left=F(1, 2)), "crop left . width is 1.5"),
        (lambda: Crop(height=F(0)), "a crop of nothing"),
        (lambda: Flip("z"), "'z'"),
        (lambda: fraction(float("nan")), "nan is not a finite number"),
        (lambda: Flip().maps(0, 4), "0 x 4 pixels"),
        (lambda: Canvas(F(0)), "no area"),
        (lambda: Canvas.joined([], "x"), "no canvas"),
    ],
)
def test_nonsense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_fold_of_all_modes() -> None:
    positions = np.arange(-5, 9)
    assert fold(positions, 4, "reflect").tolist() == [1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2]
    assert fold(positions, 4, "circular").tolist() == (positions % 4).tolist()
    assert fold(positions, 4, "replicate").tolist() == np.clip(positions, 0, 3).tolist()


def test_whole_counts_from_the_smallest() -> None:
    assert whole(F(3, 4), 8, "x") == 6
    with pytest.raises(SizeError, match=r"comes to 0 pixels, which is under 1; use 0.25"):
        whole(F(0), 4, "crop width", smallest=1)


@pytest.mark.parametrize("edit", [Pad(left=F(10**9)), Resize(height=F(10**7))])
def test_no_side_is_longer_than_index_maps_can_be(edit: Edit) -> None:
    with pytest.raises(SizeError, match=r"(pad|resize) makes 8e\+\d\d pixels a side of 8 x 8; at most 16777216"):
        edit.maps(8, 8)


def test_canvas_in_pixels() -> None:
    assert Canvas(F(1), F(5, 2)).pixels((8, 8)) == (8, 20)
    with pytest.raises(SizeError, match=r"canvas width = 1.3 at 4 pixels an image.*1.25 \(5 pixels\) or 1.5"):
        Canvas(F(1), F(13, 10)).pixels((4, 4))


def test_canvas_keeps_its_wraps_where_it_stays_closed() -> None:
    ring = Canvas(F(1), F(4), wrap_x=True, wrap_y=True)
    for edit in (Shift(dx=F(1, 3)), Flip(), Resize(width=F(2)), Pad(), Crop()):
        kept = ring.edited(edit)
        assert (kept.wrap_x, kept.wrap_y) == (True, True)
    assert ring.edited(Resize(width=F(2))).width == 8
    assert ring.edited(Pad(left=F(1, 4))) == Canvas(F(1), F(5), wrap_y=True)
    assert ring.edited(Crop(height=F(1, 2))) == Canvas(F(1, 2), F(4), wrap_x=True)


def test_canvases_join() -> None:
    ring = Canvas(F(1), F(2), wrap_x=True, wrap_y=True)
    assert Canvas.joined([ring, Canvas(wrap_y=True)], "x") == Canvas(F(1), F(3), wrap_y=True)
    assert Canvas.joined([ring, ring], "y") == Canvas(F(2), F(2), wrap_x=True)
    assert Canvas.joined([ring], "x") == ring
    with pytest.raises(SizeError, match="equal widths: the first is 1 x 2, number 2 is 1 x 1"):
        Canvas.joined([ring, Canvas()], "y")
