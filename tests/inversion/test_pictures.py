"""Pictures of every kind are read as people expect them to look."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

import fgraph
from fgraph._errors import FgraphError
from fgraph._imaging.finding import find_pictures
from fgraph.faces import FaceChoice, Landmarks
from fgraph.inversion.pictures import PictureReading, _names, read_digest, read_pictures
from tests.rounding import assert_rounded

SIZE = 8
READING = PictureReading((SIZE, SIZE))


def shades() -> np.ndarray:
    """Return a picture whose red grows to the right and whose green grows downwards, [8, 8, 3]."""
    ramp = np.linspace(0, 255, SIZE).astype(np.uint8)
    return np.stack(
        [np.tile(ramp, (SIZE, 1)), np.tile(ramp[:, None], (1, SIZE)), np.full((SIZE, SIZE), 90, np.uint8)], 2
    )


def seen(path: Path, reading: PictureReading = READING) -> np.ndarray:
    """Return the picture as read, in 8 bits, [H, W, 3]."""
    return np.rint((reading.read(path).transpose(1, 2, 0) + 1) * 127.5).astype(int)


def test_modes(tmp_path: Path) -> None:
    picture = Image.fromarray(shades())
    grey = np.asarray(picture.convert("L"), dtype=int)
    picture.save(tmp_path / "rgb.png")
    np.testing.assert_array_equal(seen(tmp_path / "rgb.png"), shades())
    picture.convert("L").save(tmp_path / "grey.png")
    np.testing.assert_array_equal(seen(tmp_path / "grey.png")[..., 1], grey)
    picture.convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "palette.png")  # 64 colours of 256
    np.testing.assert_array_equal(seen(tmp_path / "palette.png"), shades())
    picture.convert("CMYK").save(tmp_path / "cmyk.tif")
    np.testing.assert_array_equal(seen(tmp_path / "cmyk.tif"), shades())
    Image.fromarray((grey * 257).astype(np.uint16)).save(tmp_path / "sixteen.png")
    np.testing.assert_array_equal(seen(tmp_path / "sixteen.png")[..., 0], grey)
    Image.fromarray((grey / 255).astype(np.float32)).save(tmp_path / "float.tif")
    np.testing.assert_array_equal(seen(tmp_path / "float.tif")[..., 2], grey)
    Image.fromarray(grey > 127).save(tmp_path / "bits.png")
    assert set(seen(tmp_path / "bits.png").ravel()) == {0, 255}


def test_grey_models_get_grey_pictures(tmp_path: Path) -> None:
    Image.fromarray(shades()).save(tmp_path / "rgb.png")
    made = PictureReading((SIZE, SIZE), channels=1).read(tmp_path / "rgb.png")
    assert made.shape == (1, SIZE, SIZE)
    expected = np.asarray(Image.fromarray(shades()).convert("L"), dtype=np.float32) / 127.5 - 1
    assert_rounded(made[0], expected, 4)


def test_transparency_lies_over_white(tmp_path: Path) -> None:
    alpha = np.full((SIZE, SIZE, 1), 255, np.uint8)
    alpha[:, :4] = 0
    Image.fromarray(np.concatenate([shades(), alpha], axis=2)).save(tmp_path / "rgba.png")
    made = seen(tmp_path / "rgba.png")
    assert (made[:, :4] == 255).all()
    np.testing.assert_array_equal(made[:, 4:], shades()[:, 4:])


def test_a_picture_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to see it
    Image.fromarray(shades()).save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(seen(tmp_path / "turned.png"), np.rot90(shades(), -1))


def test_a_colour_profile_is_applied(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(shades()).save(tmp_path / "plain.png", icc_profile=profile)
    assert np.abs(seen(tmp_path / "plain.png") - shades()).max() <= 1  # colour management rounds to a level
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    Image.fromarray(shades()).save(tmp_path / "wrong.png", icc_profile=lab)  # a profile of another mode: not used
    np.testing.assert_array_equal(seen(tmp_path / "wrong.png"), shades())


def test_fits(tmp_path: Path) -> None:
    wide = np.zeros((SIZE, 2 * SIZE, 3), np.uint8)
    wide[:, 4:12] = shades()
    Image.fromarray(wide).save(tmp_path / "wide.png")
    np.testing.assert_array_equal(seen(tmp_path / "wide.png"), shades())  # crop: the middle
    padded = seen(tmp_path / "wide.png", PictureReading((SIZE, SIZE), "pad"))
    assert (padded[:2] == 255).all()
    assert (padded[2:6, :2] < 30).all()
    stretched = seen(tmp_path / "wide.png", PictureReading((SIZE, SIZE), "stretch"))
    assert (stretched[:, :1] < 10).all()
    assert stretched[:, 3:5].max() > 100


def test_a_broken_file_is_reported_and_the_others_are_read(tmp_path: Path) -> None:
    for name in ("b.png", "a.jpg", "a.png", ".hidden.png"):
        Image.fromarray(shades()).save(tmp_path / name)
    (tmp_path / "broken.png").write_bytes((tmp_path / "b.png").read_bytes()[:60])
    (tmp_path / "empty.webp").write_bytes(b"")
    (tmp_path / "gone.png").symlink_to("nowhere.png")
    (tmp_path / "notes.txt").write_text("no picture")
    pictures, faults = read_pictures(find_pictures(tmp_path), READING)
    assert [one.name for one in pictures] == ["a_jpg", "a_png", "b"]
    assert sorted(path.name for path in faults) == ["broken.png", "empty.webp", "gone.png"]
    assert sum("cannot be read as an image" in fault for fault in faults.values()) == 2
    assert "there is no picture at" in faults[tmp_path / "gone.png"]
    assert pictures[1].digest == pictures[2].digest != pictures[0].digest


@pytest.mark.parametrize("left", [0, 1])
def test_a_picture_that_shows_fewer_faces_when_it_is_read_again_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    faces = [Landmarks.of_points([[x, 20], [x + 10, 20], [x, 30], [x + 10, 30]]) for x in (10, 40)]
    monkeypatch.setattr("fgraph.faces.choice.find_faces", lambda picture, detector: faces)
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    reading = PictureReading((SIZE, SIZE), align="ffhq", face=FaceChoice("all"))
    pictures, _ = read_pictures([tmp_path / "a.png"], reading)
    assert [read_digest(reading.read_again(one)) for one in pictures] == [one.digest for one in pictures]
    del faces[left:]
    with pytest.raises(FgraphError, match=r"a\.png has changed since the job began: run again$"):
        reading.read_again(pictures[1])


def test_a_picture_that_changes_or_goes_before_it_is_read_again(tmp_path: Path) -> None:
    Image.fromarray(shades()).save(tmp_path / "a.png")
    (picture,), _ = read_pictures([tmp_path / "a.png"], READING)
    Image.fromarray(shades()[::-1]).save(tmp_path / "a.png")
    with pytest.raises(FgraphError, match=r"a\.png has changed since the job began: run again$"):
        READING.read_again(picture)
    (tmp_path / "a.png").unlink()
    with pytest.raises(FgraphError, match=r"a\.png cannot be read a second time: there is no picture .*: run again$"):
        READING.read_again(picture)


def test_files_written_for_one_picture_are_never_those_of_another() -> None:
    files = "a.jpg a.png a_png.gif A.bmp b.png b.curve.png preview.png Overview.webp overview_webp.png inversions.tif"
    names = list(_names([Path(name) for name in files.split()]))
    assert names == [
        "a_jpg", "a_png_", "a_png", "A_bmp", "b", "b_curve", "preview_png", "Overview_webp_", "overview_webp",
        "inversions_tif",
    ]  # fmt: skip
    assert len({name.lower() for name in names}) == len(names)


def test_pixels_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    for name, number in (("nan.tif", np.nan), ("infinite.tif", np.inf)):
        plane = np.full((SIZE, SIZE), 0.5, np.float32)
        plane[2, 3] = number
        Image.fromarray(plane).save(tmp_path / name)
    pictures, faults = read_pictures(find_pictures(tmp_path), READING)
    assert pictures == []
    assert all(fault.endswith("it has pixels that are not finite numbers") for fault in faults.values())
    assert len(faults) == 2


def test_the_error_names_the_file_for_every_exception_of_a_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("Failed to decode frame 0")  # as Pillow's plug-in for AVIF does

    Image.fromarray(shades()).save(tmp_path / "a.png")
    monkeypatch.setattr("PIL.ImageOps.exif_transpose", broken)
    _, faults = read_pictures(find_pictures(tmp_path), READING)
    assert list(faults.values()) == [f"{tmp_path / 'a.png'} cannot be read as an image: Failed to decode frame 0"]


def test_places_without_pictures_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(FgraphError, match="there are no pictures in"):
        find_pictures(tmp_path)
    with pytest.raises(FgraphError, match="neither a folder nor a picture"):
        find_pictures(tmp_path / "nowhere")


def test_a_graph_with_an_invalid_picture_is_refused_before_it_runs(tmp_path: Path) -> None:
    Image.fromarray(shades()).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_text("no picture")
    nodes = {"target": {"op": "image", "path": [str(tmp_path / name) for name in ("good.png", "bad.png")]}}
    (fault,) = fgraph.check({"nodes": nodes, "outputs": ["target"]})
    assert fault.where == "nodes.target"
    assert "bad.png cannot be read as an image" in fault.message
