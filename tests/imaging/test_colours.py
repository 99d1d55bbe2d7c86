"""Colour profiles and transparency, together and in every mode of a file."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from fgraph import masks
from fgraph._imaging import read
from fgraph._imaging.read import open_picture

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)
LEVEL = 1  # colour management computes with integers, and rounds to a level of 255


def swapped() -> bytes:
    """Return a profile like sRGB whose red is the blue of sRGB, and the reverse."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    count = struct.unpack(">I", profile[128:132])[0]
    table = profile[132 : 132 + 12 * count]
    turned = table.replace(b"rXYZ", b"....").replace(b"bXYZ", b"rXYZ").replace(b"....", b"bXYZ")
    assert turned != table
    return profile[:132] + turned + profile[132 + 12 * count :]


def linear_grey() -> bytes:
    """Return a profile of grey whose values are proportional to light."""
    white = struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)
    data = [b"XYZ \0\0\0\0" + white, b"curv\0\0\0\0" + struct.pack(">IHH", 1, 256, 0)]
    start = 128 + 4 + 24
    tags = struct.pack(">I4sII4sII", 2, b"wtpt", start, 20, b"kTRC", start + 20, 14)
    body = tags + b"".join(data)
    head = struct.pack(">II4s4s4s4s12x4s", 128 + len(body), 0, b"\x02\x10\0\0", b"mntr", b"GRAY", b"XYZ ", b"acsp")
    return (head + b"\0" * 28 + white).ljust(128, b"\0") + body


def shown(path: Path) -> list[tuple[int, ...]]:
    """Return the pixels of the first line."""
    picture = open_picture(str(path))
    assert picture.mode == "RGB"
    return [tuple(map(int, pixel)) for pixel in np.asarray(picture)[0]]


def line(mode: str, pixels: list[object]) -> Image.Image:
    picture = Image.new(mode, (len(pixels), 1))
    for x, pixel in enumerate(pixels):
        picture.putpixel((x, 0), pixel)
    return picture


@pytest.fixture(params=["whole", "strips"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "strips":
        monkeypatch.setattr(read, "LARGE", 0)


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp"])
def test_a_profile_holds_for_colours_beside_transparency(name: str, tmp_path: Path) -> None:
    picture = line("RGBA", [(*RED, 255), (*RED, 0), (*BLUE, 255)])
    picture.save(tmp_path / name, icc_profile=swapped(), **({"lossless": True} if name == "a.webp" else {}))
    np.testing.assert_allclose(shown(tmp_path / name), [BLUE, WHITE, RED], atol=LEVEL)


@pytest.mark.usefixtures("_way")
def test_a_profile_holds_for_palettes(tmp_path: Path) -> None:
    palette = line("RGB", [RED, BLUE, (0, 255, 0)]).quantize(3)
    palette.save(tmp_path / "plain.png", icc_profile=swapped())
    np.testing.assert_allclose(shown(tmp_path / "plain.png"), [BLUE, RED, (0, 255, 0)], atol=LEVEL)
    clear = palette.getpixel((1, 0))
    opacities = bytes(0 if index == clear else 255 for index in range(3))
    palette.save(tmp_path / "clear.png", icc_profile=swapped(), transparency=opacities)
    np.testing.assert_allclose(shown(tmp_path / "clear.png"), [BLUE, WHITE, (0, 255, 0)], atol=LEVEL)


@pytest.mark.usefixtures("_way")
def test_a_profile_holds_for_a_transparent_colour(tmp_path: Path) -> None:
    line("RGB", [RED, BLUE]).save(tmp_path / "a.png", icc_profile=swapped(), transparency=RED)
    np.testing.assert_allclose(shown(tmp_path / "a.png"), [WHITE, RED], atol=LEVEL)


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_a_profile_of_grey(mode: str, tmp_path: Path) -> None:
    pixel = {"L": 55, "LA": (55, 255), "I;16": 55 * 257}[mode]
    line(mode, [pixel]).save(tmp_path / "a.png", icc_profile=linear_grey())
    light = 55 / 255
    level = 255 * (1.055 * light ** (1 / 2.4) - 0.055)  # sRGB, IEC 61966-2-1
    np.testing.assert_allclose(shown(tmp_path / "a.png"), [(round(level),) * 3], atol=LEVEL)


def png(depth: int, kind: int, data: bytes, key: bytes, width: int) -> bytes:
    """Return a PNG of one line with a transparent colour."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, 1, depth, kind, 0, 0, 0)
    parts = [(b"IHDR", head), (b"tRNS", key), (b"IDAT", zlib.compress(b"\0" + data)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


CASES = {  # depth, colour type, line, key, width, pixels expected
    "1 bit": (1, 0, b"\x40", b"\0\1", 2, [(0, 0, 0), WHITE]),
    "1 bit, black": (1, 0, b"\x40", b"\0\0", 2, [WHITE, WHITE]),
    "2 bits": (2, 0, b"\x60", b"\0\1", 2, [WHITE, (170, 170, 170)]),
    "4 bits": (4, 0, b"\x3c", b"\0\x0c", 2, [(51, 51, 51), WHITE]),
    "8 bits": (8, 0, b"\x03\x30", b"\0\x30", 2, [(3, 3, 3), WHITE]),
    "16 bits": (16, 0, b"\x40\x40\x40\x41", b"\x40\x41", 2, [(64, 64, 64), WHITE]),
    "RGB": (8, 2, bytes([1, 2, 3, 9, 9, 9]), b"\0\1\0\2\0\3", 2, [WHITE, (9, 9, 9)]),
    "RGB of 16 bits": (
        16, 2, bytes([1, 0, 2, 0, 3, 0, 9, 9, 9, 9, 9, 9]), b"\1\0\2\0\3\0", 2, [WHITE, (9, 9, 9)],
    ),
}  # fmt: skip


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("name", CASES)
def test_the_transparent_colour_of_a_png_of_any_depth(name: str, tmp_path: Path) -> None:
    *made, expected = CASES[name]
    path = tmp_path / "a.png"
    path.write_bytes(png(*made))
    assert shown(path) == expected
    opacity = masks.Picture.open(path, "alpha").plane
    clear = [pixel == WHITE for pixel in expected]
    if name != "1 bit, black":
        assert opacity.tolist() == [[0.0 if one else 1.0 for one in clear]]


def test_the_luminance_of_a_transparent_palette_gives_no_warning(tmp_path: Path) -> None:
    line("RGB", [RED, BLUE]).quantize(2).save(tmp_path / "a.png", transparency=b"\0\xff")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plane = masks.Picture.open(tmp_path / "a.png").plane
    assert np.rint(sorted(plane.ravel() * 255)).tolist() == [29, 76]  # 0.114 and 0.299 of 255, ITU-R 601
