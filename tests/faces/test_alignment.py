"""The square of a face, and the crop that is cut out, match FFHQ's."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from fgraph.faces import Landmarks, cut_face, face_quad
from tests.rounding import assert_rounded, worst

pytestmark = pytest.mark.numeric


def turned(angle: float, at: tuple[float, float], eyes: float = 30, mouth: float = 36) -> Landmarks:
    """Return a face whose mouth is `mouth` below its eyes, turned about the middle of the eyes."""
    cosine, sine = np.cos(angle), np.sin(angle)
    places = np.array([(-eyes / 2, 0), (eyes / 2, 0), (-eyes / 3, mouth), (eyes / 3, mouth)])
    moved = places @ np.array([[cosine, sine], [-sine, cosine]]) + at
    return Landmarks(*((float(x), float(y)) for x, y in moved))


@pytest.mark.parametrize(("mouth", "side"), [(20, 4 * 30), (50, 3.6 * 50)])
def test_the_side_follows_the_eyes_or_the_mouth(mouth: float, side: float) -> None:
    quad = face_quad(turned(0, (100, 80), mouth=mouth))
    left, top = 100 - side / 2, 80 + 0.1 * mouth - side / 2
    expected = [(left, top), (left, top + side), (left + side, top + side), (left + side, top)]
    assert_rounded(quad, expected, 16)
    eyes_only = face_quad(turned(0, (100, 80), mouth=mouth), "stylegan3-editing")
    assert eyes_only[3, 0] - eyes_only[0, 0] == pytest.approx(4 * 30, rel=worst(16, dtype="float64"))


def test_the_square_turns_with_the_face_or_stays_upright() -> None:
    plain, angle = face_quad(turned(0, (100, 80))), 0.4
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    moved = (plain - (100, 80)) @ rotation + (100, 80)
    assert_rounded(face_quad(turned(angle, (100, 80))), moved, 32)  # both are turned, one before and one after
    upright = face_quad(turned(angle, (100, 80)), "ffhqu")
    assert upright[0, 1] == upright[3, 1]
    assert np.ptp(upright[:, 0]) == pytest.approx(np.ptp(plain[:, 0]), rel=worst(32, dtype="float64"))


@pytest.mark.parametrize("angle", [0.0, 0.35, -0.6])
@pytest.mark.parametrize("at", [(100.0, 80.0), (52.0, 46.0)])  # the second reaches beyond the picture
def test_eyes_are_where_ffhq_has_them(angle: float, at: tuple[float, float]) -> None:
    face = turned(angle, at, mouth=30)
    picture = Image.new("RGB", (200, 160), (128, 128, 128))
    pen = ImageDraw.Draw(picture)
    for (x, y), colour in ((face.left_eye, (255, 0, 0)), (face.right_eye, (0, 0, 255))):
        pen.ellipse((x - 4, y - 4, x + 4, y + 4), fill=colour)
    cut = np.asarray(cut_face(picture, face, 64), dtype=int)
    for channel, column in ((0, 24), (2, 40)):  # an eye distance is a quarter of the square
        strength = np.clip(cut[..., channel] - cut[..., 2 - channel], 0, None)
        near = strength[22:36, column - 6 : column + 6]
        y, x = (float((grid * near).sum() / near.sum()) for grid in np.mgrid[22:36, column - 6 : column + 6])
        # A drawn circle has whole pixels: it is off by up to one on each axis. In the crop, a pixel is 16 / 30 pixels.
        assert x + 0.5 == pytest.approx(column, abs=2**0.5 * 16 / 30)
        assert y + 0.5 == pytest.approx(32 - 1.6, abs=2**0.5 * 16 / 30)  # 0.1 m, a tenth of an eye distance, higher up


def test_beyond_the_picture_a_crop_fades_to_the_median() -> None:
    """Left of the picture: its mirror image first, the median colour at the end."""
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 256, (120, 120, 3), dtype=np.uint8)
    face = turned(0, (-20.0, 60.0), mouth=30)
    cut = np.asarray(cut_face(Image.fromarray(pixels), face, 120), dtype=float)
    inside = cut[:, 110:].std()  # the picture itself
    assert inside > 25  # uniform noise has 74; between pixels, four are averaged
    assert cut[:, :10].std() < inside / 8
    assert np.abs(cut[:, :10].mean(axis=(0, 1)) - np.median(cut, axis=(0, 1))).max() < 16


def test_large_faces_are_reduced_against_aliasing() -> None:
    """Stripes of one pixel, in a square 10 times as large as the result, become an even grey."""
    pixels = np.zeros((1000, 1000, 3), dtype=np.uint8)
    pixels[:, ::2] = 255
    cut = np.asarray(cut_face(Image.fromarray(pixels), turned(0, (500, 500), eyes=160, mouth=100), 64), dtype=float)
    assert cut[8:-8, 8:-8].std() < 4


def test_a_face_outside_of_the_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="lies outside of the picture: check its landmarks"):
        cut_face(Image.new("RGB", (50, 50)), turned(0, (900, 900)), 32)
