"""Slabs on the disk and the tiled files made of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image as PillowImage

from fgraph._errors import SaveError
from fgraph.save import Record, read_record
from fgraph.save.slabs import Slabs, pyramid
from fgraph.save.tiled import write_deep_zoom, write_tiff

RECORD = Record("1.2.3", "nodes: {ä: {op: sample}}\n", {}, {})
SIZES = pytest.mark.parametrize(("height", "width"), [(70, 611), (611, 70), (300, 300), (1, 5), (257, 1025)])


def picture(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def slabs(tmp_path: Path, pixels: NDArray[np.uint8], piece: int = 100) -> Slabs:
    found = Slabs(tmp_path / "slabs", *pixels.shape[:2])
    for start in range(0, found.length, piece):
        cut = np.s_[:, start : start + piece] if found.along_x else np.s_[start : start + piece]
        found.put(start, pixels[cut])
    return found


@SIZES
def test_windows_equal_the_pixels_that_were_put(tmp_path: Path, height: int, width: int) -> None:
    pixels = picture(height, width)
    found = slabs(tmp_path, pixels)
    np.testing.assert_array_equal(found.window(0, 0, height, width), pixels)
    top, left = height // 3, width // 2
    np.testing.assert_array_equal(found.window(top, left, height, width), pixels[top:, left:])
    found.close()
    assert not list(tmp_path.iterdir())


@SIZES
def test_levels_are_means_of_four(tmp_path: Path, height: int, width: int) -> None:
    base = slabs(tmp_path, picture(height, width))
    sizes = []
    for level in pyramid(base, 1):
        sizes.append((level.height, level.width))
        if len(sizes) == 2:
            even = np.pad(picture(height, width), ((0, height % 2), (0, width % 2), (0, 0)), mode="edge").astype(int)
            mean = (even[0::2, 0::2] + even[1::2, 0::2] + even[0::2, 1::2] + even[1::2, 1::2] + 2) // 4
            np.testing.assert_array_equal(level.window(0, 0, *sizes[1]), mean)
    assert sizes[0] == (height, width)
    assert sizes[-1] == (1, 1)
    base.close()
    assert not list(tmp_path.iterdir())


@SIZES
def test_tiff(tmp_path: Path, height: int, width: int) -> None:
    pixels = picture(height, width)
    base = slabs(tmp_path, pixels)
    write_tiff(base, tmp_path / "a.tif", RECORD.to_text())
    base.close()
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        page, levels = file.pages[0], file.series[0].levels
        assert page.is_tiled  # type: ignore[union-attr]
        np.testing.assert_array_equal(page.asarray(), pixels)
        assert max(levels[-1].shape[:2]) <= 256
        assert [level.shape[:2] for level in levels[:2]] == [(height, width), (-(-height // 2), -(-width // 2))][
            : len(levels)
        ]
    assert read_record(tmp_path / "a.tif") == RECORD


@SIZES
def test_deep_zoom(tmp_path: Path, height: int, width: int) -> None:
    pixels = picture(height, width)
    base = slabs(tmp_path, pixels)
    write_deep_zoom(base, tmp_path / "a.dzi", "png", 90, wraps=True)
    base.close()
    levels = sorted((tmp_path / "a_files").iterdir(), key=lambda path: int(path.name))
    assert len(levels) == (max(height, width) - 1).bit_length() + 1
    made = np.zeros_like(pixels)
    for file in levels[-1].iterdir():
        column, row = map(int, file.stem.split("_"))
        with PillowImage.open(file) as tile:
            top, left = max(0, row * 256 - 1), max(0, column * 256 - 1)
            made[top : top + tile.height, left : left + tile.width] = np.asarray(tile)
    np.testing.assert_array_equal(made, pixels)
    page = (tmp_path / "a.html").read_text("utf-8")
    assert f'Width="{width}" Height="{height}"' in (tmp_path / "a.dzi").read_text("utf-8")
    assert re.search(rf"width: {width}, height: {height}, tile: 256, overlap: 1,", page)
    assert 'encodeURIComponent("a")' in page
    assert "round: true" in page
    assert "$" not in page
    assert "http" not in page  # the page needs no network


def test_without_tifffile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tifffile", None)
    base = slabs(tmp_path, picture(4, 4))
    with pytest.raises(SaveError, match=r"pip install 'fgraph-gan\[large\]'; or write dzi"):
        write_tiff(base, tmp_path / "a.tif", {})
    base.close()


def test_the_text_of_a_tiff_is_plain_json(tmp_path: Path) -> None:
    base = slabs(tmp_path, picture(8, 8))
    write_tiff(base, tmp_path / "a.tif", RECORD.to_text())
    base.close()
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert json.loads(file.pages[0].description)["fgraph.version"] == "1.2.3"  # type: ignore[union-attr]
