"""Images of 1, 2, 4 and 5 channels through every writer: transparency is preserved, or shown over white."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image as PillowImage

import fgraph
from fgraph._results import Image, MaskImage
from fgraph.cli import main
from fgraph.save import PictureOptions, save_results
from fgraph.save.slabs import Slabs
from fgraph.save.video import VideoOptions, encode_video
from fgraph.stylegan.checkpoints.weights import save_generator
from tests.networks import tiny

SIDE = 32
BLUE, WHITE = (0, 0, 255), (255, 255, 255)


def rgba(rows: int = 2) -> Image:
    """Return images with opaque blue on the left, transparent black on the right."""
    array = np.full((rows, 4, SIDE, SIDE), -1, np.float32)
    array[:, 2:, :, : SIDE // 2] = 1
    return Image(array)


def ends(picture: PillowImage.Image) -> list[list[int]]:
    """Return the colours near the left and the right end, as RGB without transparency."""
    assert "A" not in picture.getbands()
    pixels = np.asarray(picture.convert("RGB"))
    return [pixels[-4, 3].tolist(), pixels[-4, -4].tolist()]


def opened(path: Path) -> PillowImage.Image:
    with PillowImage.open(path) as picture:
        picture.load()
        return picture.copy()


def test_formats_without_transparency_show_it_over_white(tmp_path: Path) -> None:
    options = PictureOptions(strip="y", grid=1, compare=True)
    save_results({"a": rgba()}, tmp_path, ("png", "webp", "jpeg", "gif"), options=options)
    for name in ("a_strip.png", "a_grid.png", "a_strip.webp", "compare.png"):
        shown = opened(tmp_path / name)
        shown = shown.crop((6, 0, shown.width - 6, shown.height - 6)) if name == "compare.png" else shown
        np.testing.assert_allclose(ends(shown), [BLUE, WHITE], atol=0 if name.endswith("png") else 4, err_msg=name)
    np.testing.assert_allclose(ends(opened(tmp_path / "a_000.jpg")), [BLUE, WHITE], atol=4)
    assert ends(opened(tmp_path / "a.gif").convert("RGB")) == [list(BLUE), list(WHITE)]
    assert ends(PillowImage.open(io.BytesIO(rgba()._repr_png_()))) == [list(BLUE), list(WHITE)]
    for name in ("a_000.png", "a_000.webp"):
        assert opened(tmp_path / name).mode == "RGBA"
        assert np.asarray(opened(tmp_path / name))[:, [3, -4], 3].tolist() == [[255, 0]] * SIDE


def test_half_transparency_is_half_white() -> None:
    array = np.stack([np.full((2, 2), value, np.float32) for value in (-1, -1, 1, 0)])[None]
    (red, _, blue), opacity = np.asarray(Image(array).strip())[0, 0], 128 / 255  # 0 becomes level 128
    assert abs(int(red) - 255 * (1 - opacity)) <= 1  # two roundings of half a level
    assert blue == 255


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_films_of_any_channels(channels: int) -> None:
    av = pytest.importorskip("av")
    image = rgba() if channels == 4 else Image(np.full((2, channels, SIDE, SIDE), -1, np.float32))
    with av.open(io.BytesIO(encode_video(image, "mp4", VideoOptions()))) as film:
        frame = next(film.decode(video=0)).to_ndarray(format="rgb24")
    wanted = [BLUE, WHITE] if channels == 4 else [(0, 0, 0)] * 2
    np.testing.assert_allclose([frame[-4, 3], frame[-4, -4]], wanted, atol=12)  # YUV of 8 bits, video range
    assert encode_video(image, "gif", VideoOptions()).startswith(b"GIF8")


def graph_of(channels: int, folder: Path) -> fgraph.Graph:
    model = folder / "model.safetensors"
    save_generator(tiny(0, 32, image_channels=channels), model)
    nodes = {
        "code": {"op": "sample", "seed": [1, 2]},
        "wide": {"op": "pad", "of": "code", "left": 1, "mode": "reflect"},
        "image": {"op": "decode", "of": "wide"},
    }
    return fgraph.load({"models": {"main": str(model)}, "nodes": nodes, "outputs": ["image"]})


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", ["a.tif", "a.dzi"])
def test_large_images_of_any_channels(tmp_path: Path, channels: int, name: str) -> None:
    graph = graph_of(channels, tmp_path)
    fgraph.save_large(graph, tmp_path / name, piece=20, tiles="png")
    whole = np.asarray(fgraph.run(graph)["image"].to_pil(1)).astype(int)
    if name == "a.tif":
        made = tifffile.imread(tmp_path / "a_001.tif", key=0)
    else:
        top = max((tmp_path / "a_001_files").iterdir(), key=lambda folder: int(folder.name))
        made = np.asarray(opened(top / "0_0.png"))
    assert made.shape == whole.shape == ((32, 64) if channels in (1, 2, 5) else (32, 64, channels))
    assert np.abs(made - whole).max() <= 1  # another batch sums in another order
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_tiff_says_that_its_fourth_channel_is_opacity(tmp_path: Path) -> None:
    fgraph.save_large(graph_of(4, tmp_path), tmp_path / "a.tif")
    with tifffile.TiffFile(tmp_path / "a_000.tif") as file:
        assert file.pages[0].extrasamples == (tifffile.EXTRASAMPLE.UNASSALPHA,)  # type: ignore[union-attr]
    assert opened(tmp_path / "a_000.tif").mode == "RGBA"


def test_smaller_levels_weight_colours_by_opacity(tmp_path: Path) -> None:
    pixels = np.array([[[200, 0, 0, 255], [0, 0, 90, 0]], [[100, 0, 0, 255], [0, 0, 90, 0]]], np.uint8)
    slabs = Slabs(tmp_path / "one", 2, 2, 4)
    slabs.put(0, pixels)
    half = slabs.halved(tmp_path / "two")
    assert half.window(0, 0, 1, 1).tolist() == [[[150, 0, 0, 128]]]  # (200 + 100) / 2, and 510 / 4 rounded
    half.close()
    slabs.close()


def test_a_mask_is_written_as_a_film_if_a_film_is_requested(tmp_path: Path) -> None:
    mask = MaskImage(np.stack([np.full((1, 8, 8), value, np.float32) for value in (0, 0.5, 1)]))
    files = {saved.file for saved in save_results({"m": mask}, tmp_path, ("gif",)).files}
    assert files == {"m.gif", "m.npy"}
    with PillowImage.open(tmp_path / "m.gif") as film:
        assert film.n_frames == 3  # type: ignore[attr-defined]
    assert {saved.file for saved in save_results({"m": mask}, tmp_path, ("npy",)).files} > {"m.npy", "m_000.png"}


@pytest.mark.parametrize("channels", [2, 4, 5])
def test_check_reports_the_channels_that_an_inversion_needs(channels: int, tmp_path: Path) -> None:
    (fault,) = fgraph.check(inverting(channels, tmp_path))
    assert fault.where == "nodes.code"
    assert f"needs images of {channels} channels" in fault.message
    assert "these have 3" in fault.message


def test_inversion_of_grey(tmp_path: Path) -> None:
    graph = inverting(1, tmp_path)
    assert not fgraph.check(graph)
    results = fgraph.run(graph)
    assert results["target"].array.shape == (1, 1, 32, 32)
    grey = 0.299 * 255 + 0.114 * 51  # ITU-R 601, as the mode L of Pillow
    np.testing.assert_allclose(results["target"].array * 127.5 + 127.5, grey, atol=0.51)
    assert results["code"].array.shape == (1, 8)


def inverting(channels: int, folder: Path) -> dict[str, Any]:
    PillowImage.new("RGB", (40, 40), (255, 0, 51)).save(folder / "photo.png")
    nodes = {
        "target": {"op": "image", "path": str(folder / "photo.png")},
        "code": {"op": "invert", "of": "target", "space": "w", "steps": 2},
    }
    return {
        "models": {"main": tiny(0, 32, image_channels=channels)}, "nodes": nodes, "outputs": ["target", "code"],
    }  # fmt: skip


def test_images_of_unequal_channels_are_not_joined(tmp_path: Path) -> None:
    graph = inverting(5, tmp_path)
    del graph["nodes"]["code"]
    graph["nodes"] |= {
        "seen": {"op": "decode", "of": "drawn"},
        "drawn": {"op": "sample"},
        "both": {"op": "concat", "of": ["target", "seen"]},
    }
    (fault,) = fgraph.check(graph | {"outputs": ["both"]})
    assert fault.message == "images that are joined need equal channels; these have [3, 5]"


@pytest.mark.parametrize("channels", [1, 2, 4, 5])
def test_variations_of_any_channels(channels: int) -> None:
    """A texture of NaN for a single channel would make every mismatch acceptable."""
    nodes = {
        "code": {"op": "sample", "seed": 5},
        "varied": {"op": "patches", "of": "code", "patches": {"count": 1, "variations": 3, "horizon": "ignore"}},
        "image": {"op": "decode", "of": "varied"},
    }
    model = tiny(0, 32, image_channels=channels)
    made = fgraph.run({"models": {"main": model}, "nodes": nodes, "outputs": ["image"]})["image"]
    assert np.isfinite(made.array).all()
    assert made.array.shape == (3, channels, 32, 32)


def test_the_command_line_writes_the_large_files_of_a_transparent_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save_generator(tiny(0, 32, image_channels=4), "four.safetensors")
    assert main(["graph=panorama", "model=four.safetensors", "output.formats=[tiff]", "hydra.run.dir=out"]) == 0
    made = tifffile.imread("out/panorama.tif", key=0)
    assert made.shape[2] == 4
    assert main(["graph=panorama", "model=four.safetensors", "hydra.run.dir=plain"]) == 0
    assert np.abs(made.astype(int) - np.asarray(opened(Path("plain/panorama.png")))).max() <= 1
