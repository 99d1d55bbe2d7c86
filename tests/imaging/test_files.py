"""Image files: the formats that are opened, the bound on their size, large pictures read in strips."""

from __future__ import annotations

import ast
import io
import os
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from fgraph import masks
from fgraph._errors import FgraphError
from fgraph._imaging import read
from fgraph._imaging.files import current_picture_limit, open_image, picture_limit, readers
from fgraph._imaging.finding import SUFFIXES
from fgraph._imaging.read import load_picture, open_picture
from fgraph.inversion.pictures import PictureReading, read_pictures
from fgraph.photographs import read_stored
from fgraph.save import read_record
from fgraph.studio.uploads import Uploads
from fgraph.training.pictures import read_pictures as read_training_pictures
from fgraph.training.settings import TrainingError
from tests.paths import ROOT

FORMATS = tuple(readers())

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n"


def test_no_call_of_pillows_open_without_formats() -> None:
    found = []
    for folder in ("fgraph", "nodes", "tools", "bench"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text("utf-8")
            if not re.search(r"Image\s*\.\s*open\b", text):
                continue  # most files, which need no parser
            for call in ast.walk(ast.parse(text)):
                if not isinstance(call, ast.Call) or not ast.unparse(call.func).endswith("Image.open"):
                    continue
                if "formats" not in [keyword.arg for keyword in call.keywords]:
                    found.append(f"{path}:{call.lineno}")
    assert found == []


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_opened_by_its_content(name: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.any"
    Image.new("RGB", (9, 5), "red").save(path, format=name)
    with open_image(path) as picture:
        assert picture.size == (9, 5)
        assert np.abs(np.asarray(picture.convert("RGB"), int) - [255, 0, 0]).max() <= 4  # of lossy formats
    assert load_picture(str(path), (5, 9)).shape == (3, 5, 9)


def test_suffixes_are_of_these_formats() -> None:
    registered = Image.registered_extensions()
    assert {registered[suffix] for suffix in SUFFIXES} <= {name.upper() for name in FORMATS} | {"AVIF"}


def test_an_eps_named_png_starts_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError(f"started {arguments}")

    for starter in ("Popen", "run", "call", "check_call", "check_output"):
        monkeypatch.setattr(subprocess, starter, refuse)
    monkeypatch.setattr(os, "system", refuse)
    path = tmp_path / "photo.png"
    path.write_bytes(EPS)
    with pytest.raises(ValueError, match=r"photo.png cannot be read as an image: it isn't PNG, JPEG"):
        load_picture(str(path), (8, 8))
    assert "isn't PNG" in read_pictures([path], PictureReading((8, 8)))[1][path]
    with pytest.raises(TrainingError, match="isn't PNG"):
        read_training_pictures(tmp_path, 8, tmp_path / "cache")


def test_a_picture_beyond_the_limit_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.png"
    Image.new("RGBA", (100, 50)).save(path)

    def decode(self: Image.Image) -> None:
        raise AssertionError("decoded")

    with monkeypatch.context() as patched:
        patched.setattr("PIL.ImageFile.ImageFile.load", decode)
        with (
            picture_limit(100 * 50 * 4 - 1),
            pytest.raises(ValueError, match=r"100 x 50 pixels take 19.5 KiB .* raise"),
        ):
            load_picture(str(path), (8, 8))
    with picture_limit(100 * 50 * 4):
        assert load_picture(str(path), (8, 8)).shape == (3, 8, 8)
    with picture_limit("2GiB"):
        assert current_picture_limit() == 2 << 30


@pytest.mark.parametrize("name", FORMATS)
def test_pillows_own_bound_is_lifted_meanwhile(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "picture.any"
    picture = Image.new("RGB", (60, 50), "red")
    picture.save(path, format=name, **({"tile": (16, 16)} if name == "TIFF" else {}))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert load_picture(str(path), (5, 9)).shape == (3, 5, 9)
    assert open_picture(str(path)).size == (60, 50)
    assert Image.MAX_IMAGE_PIXELS == 10
    with picture_limit(60 * 50 - 1), pytest.raises(ValueError, match=r"60 x 50 pixels take .* raise picture_limit"):
        load_picture(str(path), (5, 9))
    assert Image.MAX_IMAGE_PIXELS == 10


def test_the_limit_counts_bytes_not_pixels() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((10, 10), np.uint16)).save(buffer, "PNG")
    buffer.seek(0)
    with picture_limit(199), pytest.raises(ValueError, match="200 bytes"), open_image(buffer):
        pass
    buffer.seek(0)
    with picture_limit(200), open_image(buffer):
        pass


def test_the_limit_counts_the_bytes_that_the_caller_needs(tmp_path: Path) -> None:
    Image.new("L", (10, 10)).save(tmp_path / "mask.png")
    with picture_limit(799), pytest.raises(ValueError, match="10 x 10 pixels take 800 bytes"):
        masks.Picture.open(tmp_path / "mask.png")
    with picture_limit(800):
        assert masks.Picture.open(tmp_path / "mask.png").plane.size == 100


@pytest.mark.parametrize(
    "opens",
    [
        lambda path: open_picture(str(path)),
        lambda path: read_stored(str(path)),
        lambda path: Uploads(path.parent).add(path.read_bytes(), "image"),
        lambda path: Uploads(path.parent).add(path.read_bytes(), "photo"),
    ],
    ids=["picture", "photograph", "upload", "upload of a photograph"],
)
def test_the_limit_counts_the_colours_of_a_palette(opens: Callable[[Path], object], tmp_path: Path) -> None:
    """A picture of one byte a pixel takes three in its own size: a GIF of 300 KB holds 400 million of them."""
    Image.new("P", (300, 200)).save(tmp_path / "large.gif")
    with picture_limit(3 * 300 * 200):
        opens(tmp_path / "large.gif")
    with (
        picture_limit(3 * 300 * 200 - 1),
        pytest.raises((ValueError, FgraphError), match="300 x 200 pixels take"),
    ):
        opens(tmp_path / "large.gif")


def test_the_wrong_tags_of_a_tiff_are_not_listed(tmp_path: Path) -> None:
    """Pillow warns of each, so that a small file could fill a log."""
    tags = b"".join(struct.pack("<HHII", tag, 1, 1 << 20, 0) for tag in range(1000))
    (tmp_path / "tags.tif").write_bytes(struct.pack("<2sHIH", b"II", 42, 8, 1000) + tags)
    code = "import sys; from fgraph._imaging.read import open_picture; open_picture(sys.argv[1])"
    command = [sys.executable, "-c", code, str(tmp_path / "tags.tif")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "tags.tif cannot be read as an image" in done.stderr
    assert "Skipping tag" not in done.stderr


def test_the_limit_counts_the_tiles_of_a_tiff(tmp_path: Path) -> None:
    """A picture of 10 x 10 pixels, in one tile of 4,096 x 4,096: 16 KiB of zeros, packed."""
    side, content = 4096, zlib.compress(bytes(4096 * 4096))
    tags = {
        256: 10,
        257: 10,
        258: 8,
        259: 8,
        262: 1,
        277: 1,
        322: side,
        323: side,
        324: 8 + 2 + 120 + 4,
        325: len(content),
    }
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    (tmp_path / "tile.tif").write_bytes(head + content)
    assert load_picture(str(tmp_path / "tile.tif"), (10, 10)).shape == (3, 10, 10)
    with picture_limit(side * side - 1), pytest.raises(ValueError, match=r"4096 x 4096 pixels take 16\.0 MiB"):
        load_picture(str(tmp_path / "tile.tif"), (10, 10))


def test_the_limit_counts_the_coefficients_of_a_progressive_jpeg(tmp_path: Path) -> None:
    for name, progressive, size in (("plain.jpg", False, 300), ("progressive.jpg", True, 900)):
        Image.new("RGB", (10, 10)).save(tmp_path / name, progressive=progressive)
        with picture_limit(size):
            load_picture(str(tmp_path / name), (4, 4))
        with picture_limit(size - 1), pytest.raises(ValueError, match=f"take {size} bytes"):
            load_picture(str(tmp_path / name), (4, 4))


@pytest.mark.parametrize("name", [name for name in ("WebP", "AVIF") if name in FORMATS])
def test_a_file_that_is_read_whole_is_bounded_by_its_size(name: str, tmp_path: Path) -> None:
    path = tmp_path / "long"
    Image.new("RGB", (8, 8)).save(path, format=name)
    with path.open("ab") as file:
        file.truncate(100_000)
    with picture_limit(99_999), pytest.raises(ValueError, match=f"the limit of {name}"), open_image(path):
        pass


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no FIFOs")
def test_a_fifo_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(OSError, match="regular file"), open_image(tmp_path / "pipe.png"):
        pass
    with pytest.raises(FgraphError, match="regular file"):
        read_record(tmp_path / "pipe.png")


def make(mode: str) -> Image.Image:
    """Return a picture of 90 x 60 in a mode, no two rows alike."""
    rows, columns = np.mgrid[0:60, 0:90]
    rgba = np.stack([rows * 4, columns * 2, rows + columns, 255 - rows * 3], 2).astype(np.uint8)
    if mode == "I;16":
        return Image.fromarray((rows * 1000).astype(np.uint16))
    if mode == "F":
        return Image.fromarray((rows / 60).astype(np.float32))
    return Image.fromarray(rgba).convert(mode)


MODES = [("RGB", "png"), ("RGBA", "png"), ("I;16", "png"), ("F", "tif"), ("P", "png"), ("CMYK", "tif"), ("L", "jpg")]


@pytest.mark.parametrize(("mode", "ending"), MODES)
@pytest.mark.parametrize("orientation", [1, 6])
def test_strips_make_the_same_pixels(
    mode: str, ending: str, orientation: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a.{ending}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    make(mode).save(path, exif=exif)
    whole = open_picture(str(path))
    assert whole.size == ((90, 60) if orientation == 1 else (60, 90))
    monkeypatch.setattr(read, "LARGE", 1000)
    monkeypatch.setattr(read, "STRIP_BYTES", 1000)
    np.testing.assert_array_equal(np.asarray(open_picture(str(path))), np.asarray(whole))
    reduced = load_picture(str(path), (9, 6) if orientation == 6 else (6, 9))  # by 90 / 9 / 3 = 3, then Lanczos
    expected = np.asarray(whole.reduce(3).resize(reduced.shape[:0:-1], Image.Resampling.LANCZOS), np.float32)
    difference = np.abs((reduced.transpose(1, 2, 0) + 1) * 127.5 - expected).max()
    assert difference <= (4 if ending == "jpg" else 1)  # a JPEG is decoded at a smaller size


def test_strips_are_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    make("RGBA").save(path)
    sizes = []

    def note(picture: Image.Image, brightest: float | None) -> Image.Image:
        sizes.append(picture.size)
        return picture.convert("RGB")

    monkeypatch.setattr(read, "LARGE", 1000)
    monkeypatch.setattr(read, "STRIP_BYTES", 90 * 4 * 7)
    monkeypatch.setattr(read, "_convert", note)
    load_picture(str(path), (10, 15))  # reduced by 60 / 10 / 3 = 2: strips of 6 rows
    assert set(sizes) == {(90, 6)}
    assert ImageOps.fit(Image.new("RGB", (45, 30)), (15, 10)).size == (15, 10)
