"""The visibility of seams: edges that neither place had count, unless texture hides them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fgraph.runtime.kernels.seams import BAND, FAINT, MOST_VISIBLE, Seams, keep_seamless

pytestmark = pytest.mark.numeric

CELLS = (16, 16)
# The variance of equal steps of s is wrong by a few u s^2, so the texture is by s sqrt(4 u) = 2e-8 s, of which HIDING
# / FAINT makes 2e-5 s; s is at most 0.02 where that counts
ROUNDING = 1e-6
PATCH = np.array([2, 3, 4, 5, 6, 0], float)  # x, y, width, height and its move, in cells of four pixels


def sky() -> Any:
    """Return an even brightening to the right and to the bottom, [3, 64, 64]."""
    ramp = np.linspace(-0.5, 0.5, 64)
    return np.stack([ramp[None] + 0.3 * ramp[:, None]] * 3)


def copied(picture: Any, patch: Any = PATCH, brighter: float = 0.0) -> Any:
    """Return the picture with the pixels of a patch copied, without a soft border."""
    x, y, width, height, dx, dy = (patch * 4).astype(int)
    made = picture.copy()
    made[:, y + dy : y + dy + height, x + dx : x + dx + width] = picture[:, y : y + height, x : x + width] + brighter
    return made


def test_unchanged_pixels_have_no_seam() -> None:
    # sums of 64 numbers of at most 1 err by 64 * 64 u = 5e-13, which division by FAINT raises to 5e-11
    assert Seams(sky(), sky()).visibility(PATCH * 4) < 1e-10


def test_a_pale_rectangle_is_seen_by_its_step() -> None:
    flat = np.zeros((3, 64, 64))
    made = copied(flat, brighter=0.02)
    step = 0.02 / 2  # of a range from 0 to 1
    assert Seams(flat, made).visibility(PATCH * 4) == pytest.approx(step / FAINT, rel=ROUNDING)
    assert not keep_seamless(flat, made, PATCH[None], CELLS, 1).any()


def test_a_soft_edge_is_seen_less_than_a_hard_one() -> None:
    flat = np.zeros((3, 64, 64))
    hard = copied(flat, brighter=0.04)
    soft = np.stack([sum(np.roll(one, shift, 1) for shift in range(-4, 5)) / 9 for one in hard])
    soft_vertical = list(Seams(flat, soft)._vertical.sides((8, 32, 16), (12, 12, 20)))
    hard_vertical = list(Seams(flat, hard)._vertical.sides((8, 32, 16), (12, 12, 20)))
    # over a ramp of 9 pixels the means of bands differ by BAND / 9 of the step
    np.testing.assert_allclose(np.array(soft_vertical) / hard_vertical, BAND / 9, rtol=ROUNDING)


def test_texture_hides_a_seam() -> None:
    rough = np.random.default_rng(0).uniform(-0.6, 0.6, (3, 64, 64))
    assert Seams(rough, copied(rough, brighter=0.04)).visibility(PATCH * 4) < MOST_VISIBLE
    flat = np.zeros((3, 64, 64))
    assert Seams(flat, copied(flat, brighter=0.04)).visibility(PATCH * 4) > MOST_VISIBLE


def test_an_edge_of_the_copied_place_is_not_a_seam() -> None:
    """The patch contains a vertical stripe just inside its left side; the same stripe outside of it would be new."""
    striped = np.zeros((3, 64, 64))
    striped[:, 12:32, 10:13] = 0.5
    assert max(Seams(striped, copied(striped))._vertical.sides((8, 32, 16), (12, 12, 20))) < 1e-10
    sliver = copied(striped)
    sliver[:, 12:32, 26:29] = 0.5
    assert max(Seams(striped, sliver)._vertical.sides((8, 32, 16), (12, 12, 20))) > MOST_VISIBLE


def test_texture_that_was_replaced_hides_nothing() -> None:
    rough = np.zeros((3, 64, 64))
    rough[:, 8:36, 28:52] = np.random.default_rng(1).uniform(-0.8, 0.8, (3, 28, 24))
    made = np.zeros((3, 64, 64))
    made[:, 12:32, 32:48] = -0.04
    assert Seams(rough, made).visibility(PATCH * 4) > MOST_VISIBLE


def test_a_known_edge_may_be_weaker_but_not_turn_round() -> None:
    edge = np.zeros((3, 64, 64))
    edge[:, :, 32:] = 0.3
    sides = (8, 32, 16), (12, 12, 20)
    weaker, turned = edge / 2, -edge / 2
    assert next(Seams(edge, weaker)._vertical.sides(*sides)) < 1e-10
    step = 0.3 / 2 / 2  # half of the edge, of a range from 0 to 1
    assert next(Seams(edge, turned)._vertical.sides(*sides)) == pytest.approx(step / FAINT, rel=ROUNDING)


def test_sides_on_the_edge_of_the_canvas_have_no_seam() -> None:
    flat = np.zeros((3, 64, 64))
    patch = np.array([0, 0, 16, 4, 0, 0.0])
    made = flat.copy()
    made[:, :16] += 0.02
    assert Seams(flat, made).visibility(patch * 4) == pytest.approx(0.01 / FAINT, rel=ROUNDING)  # its lower side only
    whole = np.array([0, 0, 16, 16, 0, 0.0])
    assert Seams(flat, flat + 0.5).visibility(whole * 4) == 0.0


def test_the_first_sound_ones_are_kept_in_order() -> None:
    flat = np.zeros((3, 64, 64))
    patches = np.array([[2, 3, 4, 5, 6, 0], [2, 11, 3, 3, 6, 0], [0, 0, 0, 0, 0, 0], [10, 11, 3, 3, -6, 0]], float)
    made = copied(flat, patches[0], brighter=0.1)
    kept = keep_seamless(flat, made, patches, CELLS, 3)
    np.testing.assert_array_equal(kept, [patches[1], patches[3], np.zeros(6)])
    np.testing.assert_array_equal(keep_seamless(flat, made, patches, CELLS, 1), patches[1:2])


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_any_channels(channels: int) -> None:
    flat = np.zeros((channels, 32, 32))
    made = copied(flat, PATCH / 2, brighter=0.02)
    assert Seams(flat, made).visibility(PATCH * 2) == pytest.approx(0.01 / FAINT, rel=ROUNDING)
