"""The values that a run returns."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from fgraph._errors import SaveError
from fgraph._results import FeatureMaps, Image, Latents, MaskImage


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_any_channel_count_can_be_seen(channels: int) -> None:
    image = Image(np.zeros((1, channels, 4, 6), np.float32))
    assert image.to_pil().size == (6, 4)


def test_one_row_keeps_its_name(tmp_path: Path) -> None:
    assert Image(np.zeros((1, 3, 4, 4), np.float32)).save(tmp_path / "a.png") == [tmp_path / "a.png"]
    paths = Image(np.zeros((2, 3, 4, 4), np.float32)).save(str(tmp_path / "b.png"))
    assert [path.name for path in paths] == ["b_000.png", "b_001.png"]
    assert all(path.is_file() for path in paths)


def test_unknown_ending(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match=r"must end in \.png, \.webp, \.jpg, \.jpeg or \.npy"):
        Image(np.zeros((1, 3, 4, 4), np.float32)).save(tmp_path / "a.bmp")


def test_notebook_picture_shows_all_rows() -> None:
    picture = PillowImage.open(io.BytesIO(Image(np.zeros((4, 3, 8, 8), np.float32))._repr_png_()))
    assert picture.size == (514, 514)


@pytest.mark.parametrize("resampling", ["nearest", "lanczos"])
def test_pictures_are_enlarged(resampling: Any, tmp_path: Path) -> None:
    image = Image(np.random.RandomState(0).uniform(-1, 1, (1, 3, 5, 7)).astype(np.float32))
    (path,) = image.save(tmp_path / "a.png", scale=3, resampling=resampling)
    way = {"nearest": PillowImage.Resampling.NEAREST, "lanczos": PillowImage.Resampling.LANCZOS}[resampling]
    expected = PillowImage.fromarray(image.pixels(0)).resize((21, 15), way)
    assert (np.asarray(PillowImage.open(path)) == np.asarray(expected)).all()


def test_a_picture_is_not_enlarged_beyond_memory(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match=r"64000 x 64000 pixels take .*lower output\.scale"):
        Image(np.zeros((1, 3, 1000, 1000), np.float32)).save(tmp_path / "a.png", scale=64)


def test_mask_is_rounded() -> None:
    mask = MaskImage(np.array([0, 0.5, 1, 2], np.float32).reshape(1, 1, 1, 4))
    assert np.asarray(mask.to_pil()).tolist() == [[0, 128, 255, 255]]


def test_preview_of_equal_features_is_flat() -> None:
    preview = FeatureMaps({"activation": np.ones((2, 8, 4, 4), np.float32)}).preview()
    assert preview.rows == 2
    assert np.unique(preview.array).tolist() == [-1]


def test_values_have_a_repr(tmp_path: Path) -> None:
    latents = Latents(np.zeros((2, 8), np.float32), "w", "main")
    assert repr(latents) == "Latents(space='w', shape=(2, 8), model='main')"
    assert latents.save(tmp_path / "code.safetensors")[0].is_file()
