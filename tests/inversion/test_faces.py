"""Aligning faces: the square is FFHQ's; eyes are found where OpenCV has its cascades."""

from __future__ import annotations

import math
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from fgraph._errors import FgraphError
from fgraph.inversion.faces import Eyes, align_face, cut_square, find_eyes, square_corners
from fgraph.inversion.pictures import Reading, find_pictures, read_pictures


def test_the_square_is_ffhq_s() -> None:
    # FFHQ: x = eye to eye - rot90(eye to mouth), scaled to max(2 |eye to eye|, 1.8 |eye to mouth|), + 0.1 eye to mouth
    left, right = np.array([30.0, 40.0]), np.array([62.0, 46.0])
    across = right - left
    to_mouth = np.array([-across[1], across[0]])  # as long as eye to eye, and upright to it
    x = across - np.array([to_mouth[1], -to_mouth[0]]) * np.array([-1, -1])
    x = x / np.hypot(*x) * max(np.hypot(*across) * 2.0, np.hypot(*to_mouth) * 1.8)
    y = np.array([-x[1], x[0]])
    centre = (left + right) / 2 + 0.1 * to_mouth
    expected = [centre - x - y, centre - x + y, centre + x + y, centre + x - y]
    found = square_corners(Eyes((30.0, 40.0), (62.0, 46.0)))
    np.testing.assert_allclose(np.array(found), np.array(expected), atol=1e-9)


def dots(angle: float, at: tuple[float, float], apart: float) -> tuple[Image.Image, Eyes]:
    """A grey picture with a red left eye and a blue right one."""
    picture = Image.new("RGB", (200, 160), (128, 128, 128))
    dx, dy = apart / 2 * math.cos(angle), apart / 2 * math.sin(angle)
    eyes = Eyes((at[0] - dx, at[1] - dy), (at[0] + dx, at[1] + dy))
    pen = ImageDraw.Draw(picture)
    for (x, y), colour in ((eyes.left, (255, 0, 0)), (eyes.right, (0, 0, 255))):
        pen.ellipse((x - 4, y - 4, x + 4, y + 4), fill=colour)
    return picture, eyes


@pytest.mark.parametrize("angle", [0.0, 0.35, -0.6])
@pytest.mark.parametrize("at", [(100.0, 80.0), (30.0, 20.0)])  # the second reaches beyond the picture
def test_eyes_come_to_stand_where_ffhq_has_them(angle: float, at: tuple[float, float]) -> None:
    picture, eyes = dots(angle, at, 30)
    cut = np.asarray(cut_square(picture, eyes, 64), dtype=int)
    assert cut.shape == (64, 64, 3)
    for channel, column in ((0, 24), (2, 40)):  # an eye distance is a quarter of the square
        strength = np.clip(cut[..., channel] - cut[..., 2 - channel], 0, None)
        near = strength[25:36, column - 6 : column + 6]  # eyes lie 0.1 above its middle, a tenth of an eye distance
        y, x = (float((grid * near).sum() / near.sum()) for grid in np.mgrid[25:36, column - 6 : column + 6])
        assert x + 0.5 == pytest.approx(column, abs=0.7)
        assert y + 0.5 == pytest.approx(32 - 1.6, abs=0.7)


def test_what_opencv_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", types.ModuleType("cv2"))  # as OpenCV 5: without cascades
    with pytest.raises(FgraphError, match=r"align=face needs OpenCV 4.*fgraph-gan.faces"):
        align_face(Image.new("RGB", (64, 64)), 32)


def test_a_picture_without_a_face_is_told() -> None:
    cv2 = pytest.importorskip("cv2")
    if not hasattr(cv2, "CascadeClassifier"):
        pytest.skip("OpenCV 5 ships no cascades")
    with pytest.raises(ValueError, match="no face"):
        find_eyes(dots(0.0, (100, 80), 30)[0])


def drawn_face(side: int = 200) -> Image.Image:
    """A face of ovals: hair, face, then sockets, whites, irises and brows of two eyes, nose and mouth."""
    picture = Image.new("RGB", (2 * side, 2 * side), (120, 130, 140))
    pen, scale = ImageDraw.Draw(picture), side / 160
    hair, skin, shade, white, iris, lips = "#3c281e", "#d7b49b", "#a57d69", "#ebebeb", "#32231e", "#964646"
    ovals = [(0, -15, 78, 100, hair), (0, 5, 62, 82, skin), (0, -58, 50, 22, hair)]
    for x in (-27, 27):
        ovals += [(x, -14, 17, 11, shade), (x, -12, 13, 7, white), (x, -12, 6.5, 6.5, iris), (x, -30, 18, 4, hair)]  # type: ignore[list-item]
    ovals += [(0, 18, 7, 14, "#c8a087"), (-5, 28, 3, 2, shade), (5, 28, 3, 2, shade), (0, 50, 22, 6, lips)]
    for x, y, along, down, colour in ovals:
        corners = (x - along, y - down, x + along, y + down)
        pen.ellipse([side + number * scale for number in corners], fill=colour)
    return picture.filter(ImageFilter.GaussianBlur(3 * scale)).resize((side, side), Image.Resampling.LANCZOS)


@pytest.mark.parametrize("angle", [0, 6, -9])
def test_the_eyes_of_a_drawn_face_are_found_and_levelled(angle: float, tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    if not hasattr(cv2, "CascadeClassifier"):
        pytest.skip("OpenCV 5 ships no cascades")
    turned = drawn_face().rotate(angle, Image.Resampling.BICUBIC, fillcolor=(120, 130, 140))
    eyes = find_eyes(align_face(turned, 256))
    assert eyes.left == pytest.approx((96, 122), abs=5)
    assert eyes.right == pytest.approx((160, 122), abs=5)
    turned.save(tmp_path / "face.png")
    Image.new("RGB", (99, 99), "green").save(tmp_path / "meadow.png")
    pictures, faults = read_pictures(find_pictures(tmp_path), Reading((64, 64), align="face"))
    assert [one.name for one in pictures] == ["face"]
    assert "it shows no face" in faults[tmp_path / "meadow.png"]


def test_the_eyes_of_a_photograph_are_found_and_levelled() -> None:
    cv2, data = pytest.importorskip("cv2"), pytest.importorskip("skimage.data")
    if not hasattr(cv2, "CascadeClassifier"):
        pytest.skip("OpenCV 5 ships no cascades")
    picture = Image.fromarray(data.astronaut())
    for angle in (0, 10):
        eyes = find_eyes(align_face(picture.rotate(angle, Image.Resampling.BICUBIC), 256))
        assert eyes.left == pytest.approx((96, 122), abs=10)
        assert eyes.right == pytest.approx((160, 122), abs=10)
