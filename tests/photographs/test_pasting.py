"""A paste changes the place of its crop; all other pixels keep their bits."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw

import fgraph
from fgraph.photographs import PastedPixels, StoredPhotograph, cut_quad, encode_like, paste_patches, read_stored
from fgraph.photographs.pasting import perspective, warp
from tests.photographs.drawn import CORNERS, exif, graph, scene
from tests.rounding import HALF_THE_DIGITS, assert_rounded, assert_within

pytestmark = pytest.mark.numeric

QUAD = np.array(CORNERS, float)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def inside(size: tuple[int, int], quad: np.ndarray = QUAD) -> np.ndarray:
    """Return a mask of the pixels of a photograph that a crop may change, [height, width]."""
    mask = Image.new("1", size)
    grown = quad.mean(axis=0) + (quad - quad.mean(axis=0)) * 1.02
    ImageDraw.Draw(mask).polygon([(float(x), float(y)) for x, y in grown], fill=1)
    return np.asarray(mask)


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_a_large_photograph_changes_in_the_crop_alone_and_keeps_its_metadata(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"large.{kind}"
    Image.fromarray(scene()).save(path, exif=exif(), icc_profile=SRGB, dpi=(300, 300), quality=92)
    results = fgraph.run(graph(path))
    (written,) = results["pasted"].save(tmp_path / "pasted.png")
    with Image.open(path) as before, Image.open(written) as after:
        assert after.size == (1800, 1200)
        assert dict(after.getexif()) == dict(before.getexif())
        assert after.getexif().get_ifd(0x8769) == before.getexif().get_ifd(0x8769)
        assert after.info["icc_profile"] == before.info["icc_profile"]
        assert after.info["dpi"] == pytest.approx((300, 300), abs=0.01)  # PNG counts in pixels per metre
        changed = (np.asarray(after) != np.asarray(before)).any(axis=2)
    assert not (changed & ~inside((1800, 1200))).any()
    assert changed.sum() > 0.5 * 163 * 163  # of the square


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_the_file_stays(tmp_path: Path, orientation: int) -> None:
    """Every orientation of one upright photograph gives the same upright result."""
    upright = Image.fromarray(scene(300, 200))
    turns = [None, 0, 3, 1, 5, 2, 6, 4]  # from the upright photograph to its file
    turn = turns[orientation - 1]
    stored = upright if turn is None else upright.transpose(Image.Transpose(turn))
    stored.save(tmp_path / "turned.png", exif=exif(orientation))
    read = read_stored(str(tmp_path / "turned.png"))
    np.testing.assert_array_equal(np.asarray(read.picture), np.asarray(upright))
    patch = PastedPixels(np.ones((4, 8, 8), np.float32), np.array([(50, 40), (50, 60), (90, 60), (90, 40)], float))
    made = encode_like(read, paste_patches(read, [patch]), "png")
    with Image.open(io.BytesIO(made)) as after:
        assert after.size == stored.size
        assert after.getexif()[0x0112] == orientation
        changed = np.asarray(after) != np.asarray(stored)
    expected = np.asarray(paste_patches(StoredPhotograph(upright), [patch])) != np.asarray(upright)
    expected_stored = expected if turn is None else np.stack(
        [np.asarray(Image.fromarray(one).transpose(Image.Transpose(turn))) for one in expected.transpose(2, 0, 1)], 2
    )  # fmt: skip
    np.testing.assert_array_equal(changed, expected_stored)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "CMYK"])
def test_modes(tmp_path: Path, mode: str) -> None:
    """Grey and transparent photographs keep their mode and their opacity; others become RGB."""
    pixels = scene(120, 90)
    picture = Image.fromarray(pixels).convert("L" if mode in ("L", "LA") else "RGB")
    alpha = Image.fromarray(np.tile(np.arange(120, dtype=np.uint8), (90, 1)))
    if mode in ("RGBA", "LA"):
        picture.putalpha(alpha)
    elif mode in ("P", "CMYK"):
        picture = picture.convert(mode)
    path = tmp_path / f"photo.{'tif' if mode == 'CMYK' else 'png'}"
    picture.save(path)
    stored = read_stored(str(path))
    assert stored.picture.mode == (mode if mode in ("RGB", "RGBA", "L", "LA") else "RGB")
    quad = np.array([(20, 20), (20, 60), (80, 60), (80, 20)], float)
    made = paste_patches(stored, [PastedPixels(np.full((4, 8, 8), 0.5, np.float32), quad)])
    before, after = (np.asarray(one, dtype=int) for one in (stored.picture, made))
    change = after - before
    assert not np.delete(change.reshape(90, 120, -1), np.s_[19:82], axis=1).any()
    if "A" in mode:
        np.testing.assert_array_equal(np.asarray(made.getchannel("A")), alpha)
    middle = change[30:50, 30:70]
    colours = middle[..., :-1] if "A" in mode else middle
    original = before[30:50, 30:70][..., : colours.shape[-1]] if colours.ndim == 3 else before[30:50, 30:70]
    np.testing.assert_array_equal(colours, np.minimum(64, 255 - original))  # 0.5 of 127.5, rounded


def test_an_unchanged_crop_is_pasted_where_it_was_cut() -> None:
    """A paste inverts the cut: a crop that replaces itself changes a smooth photograph only by its interpolation."""
    picture = Image.fromarray(scene(400, 300))
    quad = np.array([(100, 80), (120, 180), (220, 160), (200, 60)], float)
    crop = np.asarray(cut_quad(picture, quad, (102, 102)), np.float32).transpose(2, 0, 1) / 127.5 - 1
    patch = np.concatenate([crop, np.ones((1, 102, 102), np.float32)])
    made = paste_patches(StoredPhotograph(picture), [PastedPixels(patch, quad)], "replace")
    difference = np.abs(np.asarray(made, dtype=int) - np.asarray(picture, dtype=int))
    centre = inside((400, 300), quad.mean(axis=0) + (quad - quad.mean(axis=0)) * 0.9)
    assert difference[centre].max() <= 3  # waves of 73 pixels and more: half a pixel off would be 5
    assert not difference[~inside((400, 300), quad)].any()


def test_the_perspective_maps_corners_to_corners() -> None:
    a, b, c, d, e, f, g, h = perspective(QUAD, (64, 48))
    for (x, y), expected in zip(QUAD + 0.5, ((0, 0), (0, 48), (64, 48), (64, 0)), strict=True):
        denominator = g * x + h * y + 1
        # Eight equations, solved in float64, keep half the digits unless their condition is above 2^26.
        found = ((a * x + b * y + c) / denominator, (d * x + e * y + f) / denominator)
        assert_within(found, expected, 64 * HALF_THE_DIGITS)


def test_a_crop_larger_than_its_place_is_reduced() -> None:
    """Stripes of one pixel in a crop four times as large as its place become even."""
    stripes = np.tile(np.array([0, 1], np.float32), (1, 256, 128))
    made = warp(stripes, np.array([(0, 0), (0, 64), (64, 64), (64, 0)], float), (8, 8, 56, 56))
    assert_rounded(made[0], np.full((48, 48), 0.5, np.float32), 4)


def test_changes_are_written_in_the_colours_of_the_profile(tmp_path: Path) -> None:
    """With a wide profile, the change is made in sRGB and written in the colours of the file."""
    wide = profile_of(gamma=1.0)
    Image.fromarray(scene(60, 60)).save(tmp_path / "linear.png", icc_profile=wide)
    stored = read_stored(str(tmp_path / "linear.png"))
    quad = np.array([(10, 10), (10, 50), (50, 50), (50, 10)], float)
    nothing = paste_patches(
        stored, [PastedPixels(np.concatenate([np.zeros((3, 8, 8)), np.ones((1, 8, 8))]).astype(np.float32), quad)]
    )
    np.testing.assert_array_equal(
        np.asarray(nothing), np.asarray(stored.picture)
    )  # no rounding on the way there and back
    brighter = paste_patches(stored, [PastedPixels(np.full((4, 8, 8), 0.2, np.float32), quad)])
    change = np.asarray(brighter, dtype=int)[30, 30] - np.asarray(stored.picture, dtype=int)[30, 30]
    assert (change >= 0).all()
    assert change.any()
    assert encode_like(stored, brighter, "png").count(b"iCCP") == 1


def profile_of(gamma: float) -> bytes:
    """Return an RGB profile: sRGB's profile with other curves."""
    curve = b"curv" + bytes(4) + (1).to_bytes(4, "big") + int(gamma * 256).to_bytes(2, "big") + bytes(2)
    data = bytearray(SRGB)
    tags = int.from_bytes(data[128:132], "big")
    for number in range(tags):
        offset = 132 + 12 * number
        if bytes(data[offset : offset + 4]) in (b"rTRC", b"gTRC", b"bTRC"):
            data[offset + 4 : offset + 12] = len(data).to_bytes(4, "big") + (14).to_bytes(4, "big")
    data += curve
    data[0:4] = len(data).to_bytes(4, "big")
    return bytes(data)


def test_a_jpeg_of_a_jpeg_is_quantised_as_before(tmp_path: Path) -> None:
    Image.fromarray(scene(128, 96)).save(tmp_path / "a.jpg", quality=71, exif=exif(), comment=b"a note")
    stored = read_stored(str(tmp_path / "a.jpg"))
    with (
        Image.open(tmp_path / "a.jpg") as before,
        Image.open(io.BytesIO(encode_like(stored, stored.picture, "jpeg"))) as after,
    ):
        assert getattr(after, "quantization") == getattr(before, "quantization")  # noqa: B009
        assert after.info["exif"] == before.info["exif"]
        assert after.info["comment"] == b"a note"


def test_texts_and_the_record_are_in_a_png(tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Author", "me")
    info.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta/>")
    Image.fromarray(scene(64, 48)).save(tmp_path / "a.png", pnginfo=info)
    stored = read_stored(str(tmp_path / "a.png"))
    with Image.open(io.BytesIO(encode_like(stored, stored.picture, "png", {"fgraph:graph": "σ"}))) as after:
        assert after.text == {"Author": "me", "XML:com.adobe.xmp": "<x:xmpmeta/>", "fgraph:graph": "σ"}  # type: ignore[attr-defined]


def test_poisson_blending_has_no_seam() -> None:
    pytest.importorskip("cv2")
    picture = Image.new("RGB", (100, 80), (90, 120, 150))
    quad = np.array([(20, 10), (20, 70), (80, 70), (80, 10)], float)
    patch = np.concatenate([np.full((3, 16, 16), 0.9), np.ones((1, 16, 16))]).astype(np.float32)
    made = np.asarray(paste_patches(StoredPhotograph(picture), [PastedPixels(patch, quad)], "poisson"), dtype=int)
    assert np.abs(made - (90, 120, 150)).max() <= 1  # a flat crop has no gradient: nothing but the surroundings
    replaced = np.asarray(paste_patches(StoredPhotograph(picture), [PastedPixels(patch, quad)], "replace"), dtype=int)
    assert np.abs(replaced - (90, 120, 150)).max() > 90


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "cv2", None)
    patch = PastedPixels(np.ones((4, 8, 8), np.float32), np.array([(2, 2), (2, 9), (9, 9), (9, 2)], float))
    with pytest.raises(fgraph.FgraphError, match=r"pip install 'fgraph-gan\[poisson\]'"):
        paste_patches(StoredPhotograph(Image.new("RGB", (20, 20))), [patch], "poisson")


def test_a_crop_outside_of_the_photograph_changes_nothing() -> None:
    picture = Image.fromarray(scene(40, 40))
    patch: Any = PastedPixels(np.ones((4, 8, 8), np.float32), np.array([(90, 2), (90, 9), (97, 9), (97, 2)], float))
    np.testing.assert_array_equal(np.asarray(paste_patches(StoredPhotograph(picture), [patch])), np.asarray(picture))


def test_a_tiff_keeps_its_tags_but_not_its_layout(tmp_path: Path) -> None:
    Image.fromarray(scene(60, 40)).save(tmp_path / "a.tif", exif=exif(6), compression="tiff_lzw")
    stored = read_stored(str(tmp_path / "a.tif"))
    with Image.open(io.BytesIO(encode_like(stored, stored.picture, "png"))) as after:
        assert after.getexif()[0x010F] == "A camera"
        assert not {256, 257, 259, 273, 279} & set(after.getexif())
        assert after.size == stored.picture.size  # turned upright as it is decoded, and without the tag
        assert 0x0112 not in after.getexif()
