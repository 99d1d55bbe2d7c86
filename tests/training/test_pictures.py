"""Reading data: folders and zips, each once; broken pictures are reported and left out."""

from __future__ import annotations

import errno
import logging
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fgraph._cache import write_cached
from fgraph.training import TrainingError
from fgraph.training.batches import Batches
from fgraph.training.pictures import read_pictures


def test_a_folder_and_a_zip_of_it_give_the_same_pixels(data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        for file in sorted(data.iterdir()):
            archive.write(file, file.name)
    folder, packed = read_pictures(data, 16), read_pictures(tmp_path / "data.zip", 16)
    assert folder.pixels.shape == (10, 16, 16, 3)
    assert np.array_equal(folder.pixels, packed.pixels)
    first = np.asarray(Image.open(data / "0.png"))
    assert np.array_equal(folder.pixels[0], first)


def test_pictures_are_decoded_once(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_pictures(data, 16)
    monkeypatch.setattr("fgraph.training.pictures._decode", lambda *_: pytest.fail("decoded again"))
    assert np.array_equal(read_pictures(data, 16).pixels, before.pixels)


DAMAGE: dict[str, Callable[[Path, Path], object]] = {
    "pixels cut short": lambda pixels, facts: os.truncate(pixels, 300),
    "another header": lambda pixels, facts: pixels.write_bytes(b"x" + pixels.read_bytes()[1:]),
    "more pixels": lambda pixels, facts: pixels.write_bytes(pixels.read_bytes() + b"x"),
    "no facts": lambda pixels, facts: facts.unlink(),
    "facts without a digest": lambda pixels, facts: facts.write_text('{"count": 10, "broken": [], "enlarged": 0}'),
    "facts of other types": lambda pixels, facts: write_cached(facts, b'{"count": "10", "broken": 1, "enlarged": 0}'),
    "another count": lambda pixels, facts: write_cached(facts, b'{"count": 9, "broken": [], "enlarged": 0}'),
    "nested facts": lambda pixels, facts: write_cached(facts, b"[" * 100_000),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_cached_pictures_that_are_wrong_are_made_again(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, damage: str
) -> None:
    monkeypatch.setattr("fgraph.training.pictures.cache_folder", lambda: tmp_path / "cache")
    before = np.array(read_pictures(data, 16).pixels)
    (pixels,), (facts,) = ((tmp_path / "cache" / "pictures").glob(f"*.{kind}") for kind in ("npy", "json"))
    DAMAGE[damage](pixels, facts)
    assert np.array_equal(read_pictures(data, 16).pixels, before)


def test_an_entry_of_a_zip_that_expands_is_skipped(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fgraph.training.pictures.DATA_FREE", 1 << 16)
    with zipfile.ZipFile(tmp_path / "data.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(data / "0.png", "0.png")
        archive.writestr("bomb.png", (data / "0.png").read_bytes() + bytes(1 << 24))
    pictures = read_pictures(tmp_path / "data.zip", 16)
    assert len(pictures) == 1
    assert pictures.broken[0].startswith("bomb.png: takes 16.0 MiB")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no FIFOs")
def test_a_fifo_among_the_pictures_does_not_block(data: Path) -> None:
    os.mkfifo(data / "fifo.png")
    (data / "zero.png").symlink_to("/dev/zero")
    assert len(read_pictures(data, 16)) == 10


def test_a_changed_folder_is_read_again(data: Path) -> None:
    read_pictures(data, 16)
    Image.new("RGB", (16, 16), "red").save(data / "0.png")
    os.utime(data / "0.png", (1, 1))
    assert np.array_equal(read_pictures(data, 16).pixels[0, 0, 0], [255, 0, 0])


def test_a_broken_picture_is_told_and_skipped(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    (data / "3.png").write_bytes((data / "3.png").read_bytes()[:60])
    (data / "5.jpg").write_text("no picture")
    with caplog.at_level(logging.WARNING):
        pictures = read_pictures(data, 16)
    assert len(pictures) == 9
    assert [fault.split(":")[0] for fault in pictures.broken] == ["3.png", "5.jpg"]
    assert "skipped 3.png" in caplog.text
    assert "skipped 5.jpg" in caplog.text


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EACCES, errno.EIO])
def test_a_failure_of_the_system_excludes_no_picture(data: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(path: Path, most: int) -> bytes:
        raise OSError(number, os.strerror(number), str(path))

    with monkeypatch.context() as patched:
        patched.setattr("fgraph.training.pictures.read_file", fail)
        with pytest.raises(TrainingError, match=rf"0.png cannot be read: .* {os.strerror(number)}"):
            read_pictures(data, 16)
    assert len(read_pictures(data, 16)) == 10


def test_pictures_of_other_shapes_are_cut_and_scaled(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    wide = np.zeros((32, 64, 3), np.uint8)
    wide[:, 16:48] = 200  # the middle square
    Image.fromarray(wide).save(data / "0.png")
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(data / "1.png")
    with caplog.at_level(logging.WARNING):
        pictures = read_pictures(data, 16)
    assert np.array_equal(np.unique(pictures.pixels[0][:, 4:12]), [200])  # the filter reads a little beyond
    assert np.array_equal(np.unique(pictures.pixels[1]), [255])  # transparency lies over white
    assert pictures.enlarged == 1
    assert "1 pictures are smaller" in caplog.text


def test_data_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="there is no such folder or zip"):
        read_pictures(tmp_path / "nothing", 16)
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainingError, match="holds no pictures"):
        read_pictures(tmp_path / "empty", 16)
    (tmp_path / "empty" / "a.png").write_text("")
    with pytest.raises(TrainingError, match=r"none of 1 pictures can be read; the first: a\.png"):
        read_pictures(tmp_path / "empty", 16)


def test_each_round_shows_every_picture_once_in_a_new_order(data: Path) -> None:
    pixels = read_pictures(data, 16).pixels
    batches = Batches(pixels, seed=1, flip=False)
    rounds = [batches.take(10 * number, 10) for number in range(2)]
    expected = sorted(pixels[:, :, :, 0].sum(axis=(1, 2)).tolist())
    for images in rounds:
        shown = ((images + 1) * 127.5).round().numpy()[:, 0].sum(axis=(1, 2))
        assert sorted(shown.tolist()) == expected
    assert not np.array_equal(rounds[0].numpy(), rounds[1].numpy())
    # a batch depends on its place alone
    again = Batches(pixels, seed=1, flip=False).take(7, 6)
    assert np.array_equal(again[:3].numpy(), rounds[0][7:].numpy())
    assert np.array_equal(again[3:].numpy(), rounds[1][:3].numpy())


def test_about_half_of_the_pictures_are_mirrored() -> None:
    pixels = np.zeros((200, 8, 8, 3), np.uint8)
    pixels[:, :, :4] = 255
    images = Batches(pixels, seed=0, flip=True).take(0, 200)
    mirrored = (images[:, 0, 0, 0] < 0).sum()
    assert 80 < mirrored < 120
