"""Boxes, ellipses, polygons, pictures: the published box, exact areas, files."""

import dataclasses
from fractions import Fraction as F
from math import pi
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fgraph.masks import Box, Ellipse, Picture, Polygon, rasterise, support
from tests.paths import GOLDENS
from tests.rounding import assert_rounded, worst

pytestmark = pytest.mark.numeric

few = settings(max_examples=60, derandomize=True, deadline=None)
unit = st.fractions(0, 1, max_denominator=50)


def published() -> tuple[Box, Any]:
    golden = np.load(GOLDENS / "blend_bbox_mask.npz")
    kernel = tuple(golden["kernel"].tolist())
    return Box(tuple(golden["coord"][0].tolist()), grid=256, raster=256, kernel=kernel, sigma=kernel), golden["mask"]


def test_the_published_box() -> None:
    box, mask = published()
    assert_rounded(rasterise(box, 256, 256), mask[0, 0], 8)
    assert support(box, 256, 256) == (71, 45, 186, 196)


@pytest.mark.parametrize("size", [(4, 4), (32, 32), (64, 128), (512, 512)])
def test_a_raster_reaches_a_layer_as_in_torch(size: tuple[int, int]) -> None:
    torch = pytest.importorskip("torch")
    box, mask = published()
    expected = torch.nn.functional.interpolate(torch.from_numpy(mask), size, mode="bilinear", align_corners=False)
    assert_rounded(rasterise(box, *size), expected[0, 0].numpy(), 8)


@few
@given(st.tuples(unit, unit, unit, unit), st.integers(1, 20), st.integers(1, 20))
def test_a_box_has_its_exact_area(sides: tuple[F, F, F, F], rows: int, columns: int) -> None:
    box, (x, y, width, height) = Box(sides), sides
    area = float((min(x + width, 1) - x) * (min(y + height, 1) - y))  # type: ignore[operator]
    assert rasterise(box, rows, columns).mean(dtype=np.float64) == pytest.approx(area, abs=worst(8))


@few
@given(unit, unit, unit, unit, st.integers(1, 20))
def test_a_grid_box_holds_the_pixels_whose_centres_it_holds(x: F, y: F, width: F, height: F, size: int) -> None:
    centres = [F(2 * pixel + 1, 2 * size) for pixel in range(size)]
    box = Box((x * 50, y * 50, width * 50, height * 50), grid=50)
    expected = [[x <= cx < x + width and y <= cy < y + height for cx in centres] for cy in centres]
    np.testing.assert_array_equal(rasterise(box, size, size), np.array(expected, np.float32))


def test_polygons_and_boxes_agree() -> None:
    box = Box((F(1, 8), F(1, 4), F(1, 2), F(5, 8)))
    corners = Polygon(((F(1, 8), F(1, 4)), (F(5, 8), F(1, 4)), (F(5, 8), F(7, 8)), (F(1, 8), F(7, 8))))
    assert_rounded(rasterise(corners, 16, 20), rasterise(box, 16, 20), 8)
    hard = Polygon(tuple((x * 9, y * 9) for x, y in corners.points), grid=9)
    same = Box(tuple(F(v) * 9 for v in box.box), grid=9)
    np.testing.assert_array_equal(rasterise(hard, 13, 11), rasterise(same, 13, 11))


@pytest.mark.parametrize("size", [(8, 8), (16, 40), (64, 64)])
def test_areas_of_curved_and_crossed_shapes(size: tuple[int, int]) -> None:
    ellipse = rasterise(Ellipse((0.5, 0.4), (0.3, 0.2)), *size)
    # The midpoint rule errs by half a step times the variation of the widths: 0 to 0.6 and back, and 1 to 0 and back.
    step = 1 / 512
    assert ellipse.mean() == pytest.approx(pi * 0.06, abs=step / 2 * 1.2)
    bow = rasterise(Polygon(((0, 0), (1, 0), (0, 1), (1, 1))), *size)  # two triangles, tip to tip
    assert bow.mean() == pytest.approx(0.5, abs=step / 2 * 2)
    star = [(0.5 + 0.4 * np.sin(0.8 * pi * k), 0.5 - 0.4 * np.cos(0.8 * pi * k)) for k in range(5)]
    middle = rasterise(Polygon(tuple((float(x), float(y)) for x, y in star)), 21, 21)[10, 10]
    assert middle == 0  # even-odd


def test_supersampling_agrees_with_area() -> None:
    ellipse, fine = Ellipse((0.45, 0.5), (0.4, 0.3)), Ellipse((45, 50), (40, 30), grid=100)
    counted = rasterise(fine, 12 * 32, 10 * 32).reshape(12, 32, 10, 32).mean(axis=(1, 3))
    np.testing.assert_allclose(rasterise(ellipse, 12, 10), counted, atol=0.01)


def test_blur_is_scipys_gaussian() -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    options = {"grid": 40, "raster": 40}
    for shape in (Ellipse((10, 18), (8, 12), **options), Polygon(((1, 2), (38, 9), (12, 35)), **options)):
        hard = rasterise(shape, 40, 40)
        soft = rasterise(dataclasses.replace(shape, sigma=(2, 3.5)), 40, 40)
        expected = ndimage.gaussian_filter(hard.astype(np.float64), (2, 3.5), mode="mirror")
        assert_rounded(soft, expected, 8)


def test_known_constants() -> None:
    assert Box((0, 0, 1, 1)).constant == 1
    assert Box((-8, 0, 300, 256), grid=256, raster=64, sigma=(3, 3)).constant == 1
    assert Box((0.5, 0.5, 0, 0.5)).constant == 0
    assert Box((1, 0, 1, 1)).constant == 0
    assert Box((0.5, 0, 0.5, 1)).constant is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Box((0, 0, -1, 1)), "at least 0"),
        (lambda: Box((0, 0, 1)), "x, y, width, height"),
        (lambda: Box((0, 0, 1, 1), sigma=(1, 1)), "give raster"),
        (lambda: Box((0, 0, 1, 1), raster=8, kernel=(3, 3)), "a kernel needs a sigma"),
        (lambda: Box((0, 0, 1, 1), raster=8, kernel=(4, 3), sigma=(1, 1)), "two odd numbers"),
        (lambda: Box((0, 0, 1, 1), grid=0), "grid is 0"),
        (lambda: Ellipse(radii=(0, 1)), "radii above 0"),
        (lambda: Polygon(((0, 0), (1, 1))), "at least three points"),
    ],
)
def test_nonsense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_a_picture_shrinks_by_area(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 256, (12, 16), np.uint8)
    Image.fromarray(values).save(tmp_path / "mask.png")
    mask = Picture.open(tmp_path / "mask.png")
    assert_rounded(rasterise(mask, 12, 16), values / np.float32(255), 1)
    blocks = values.reshape(4, 3, 4, 4).mean(axis=(1, 3)) / 255
    assert_rounded(rasterise(mask, 4, 4), blocks, 4)
    assert mask == Picture.from_array(values / np.float32(255))
    assert hash(mask) == hash(Picture.from_array(values / np.float32(255)))
    assert rasterise(mask, 30, 8).shape == (30, 8)


def test_channels_of_a_picture(tmp_path: Path) -> None:
    Image.new("RGBA", (2, 2), (255, 51, 0, 102)).save(tmp_path / "colour.png")
    for channel, expected in (("red", 1), ("green", 0.2), ("blue", 0), ("alpha", 0.4), ("luminance", 106 / 255)):
        mask = Picture.open(tmp_path / "colour.png", channel)
        assert_rounded(rasterise(mask, 2, 2), expected, 4)
    Image.fromarray(np.full((2, 2), 13107, np.uint16)).save(tmp_path / "deep.png")
    assert_rounded(rasterise(Picture.open(tmp_path / "deep.png"), 1, 1), 0.2, 4)


def test_a_picture_that_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    Image.new("L", (2, 2), 255).save(path)
    first = Picture.open(path)
    Image.new("L", (9, 3), 0).save(path)
    assert Picture.open(path) != first


def test_pictures_that_cannot_be_read(tmp_path: Path) -> None:
    text = tmp_path / "mask.png"
    text.write_text("no picture")
    Image.new("L", (2, 2)).save(tmp_path / "grey.png")
    with pytest.raises(ValueError, match=r"mask.png is not an image"):
        Picture.open(text)
    with pytest.raises(ValueError, match=r"nowhere.png cannot be read: No such file"):
        Picture.open(tmp_path / "nowhere.png")
    with pytest.raises(ValueError, match="no alpha channel; its mode is L"):
        Picture.open(tmp_path / "grey.png", "alpha")
    with pytest.raises(ValueError, match="values from 0 to 1, not 0 to 2"):
        Picture.from_array(np.array([[0.0, 2.0]]))
    with pytest.raises(ValueError, match=r"not \[3\]"):
        Picture.from_array(np.zeros(3))
