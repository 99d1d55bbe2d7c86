"""Written files are whole, and failures to write are reported."""

import errno
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from safetensors.numpy import load_file

from fgraph._errors import FgraphError, SaveError
from fgraph._results import FeatureMaps, Image, Latents, MaskImage, Result
from fgraph.save import ModelRecord, PictureOptions, Record, read_record, save_results

RECORD = Record(
    version="1.2.3",
    graph="version: 1\nnodes:\n  näher: {op: sample}  # ψ\n",
    seeds={"z": [1, 2], "s": 3},
    models={"main": ModelRecord("landscape", "sha256:00ff")},
)
GENERATOR = np.random.default_rng(0)


def random_image(rows: int = 1) -> Image:
    return Image(GENERATOR.uniform(-1.2, 1.2, (rows, 3, 4, 6)).astype(np.float32))


def everything() -> dict[str, Result]:
    return {
        "view": random_image(2),
        "one": random_image(),
        "mask": MaskImage(np.linspace(0, 1, 24, dtype=np.float32).reshape(1, 1, 4, 6)),
        "code": Latents(np.ones((2, 5), np.float32), "w", "main"),
        "maps": FeatureMaps(
            {"activation": np.ones((1, 8, 4, 6), np.float32), "skip": np.ones((1, 3, 2, 3), np.float32)}
        ),
    }


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_files_of_each_kind_of_result(tmp_path: Path) -> None:
    results = everything()
    manifest = save_results(results, tmp_path / "new" / "out", ("png", "npy"), RECORD)
    expected = {
        "view_000.png", "view_001.png", "view.npy", "one.png", "one.npy", "mask.png", "mask.npy",
        "code.safetensors", "maps.npz", "maps.png", "manifest.json",
    }  # fmt: skip
    assert names(tmp_path / "new" / "out") == expected == {path.name for path in manifest.paths}
    np.testing.assert_array_equal(np.load(manifest.directory / "view.npy"), results["view"].array)  # type: ignore[union-attr]
    np.testing.assert_array_equal(load_file(manifest.directory / "code.safetensors")["latent"], np.ones((2, 5)))
    with np.load(manifest.directory / "maps.npz") as maps:
        assert set(maps) == {"activation", "skip"}


def test_manifest_lists_digests(tmp_path: Path) -> None:
    save_results(everything(), tmp_path, record=RECORD)
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert manifest["graph"] == RECORD.graph
    assert manifest["models"] == {"main": {"source": "landscape", "digest": "sha256:00ff"}}
    assert {entry["file"] for entry in manifest["files"]} | {"manifest.json"} == names(tmp_path)
    for entry in manifest["files"]:
        assert hashlib.sha256((tmp_path / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


def test_pixels_by_the_published_rule(tmp_path: Path) -> None:
    image = random_image()
    save_results({"one": image}, tmp_path)
    pixels = np.asarray(PillowImage.open(tmp_path / "one.png")).transpose(2, 0, 1)
    expected = np.clip(image.array[0] * np.float32(127.5) + np.float32(128), 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(pixels, expected)


def test_record_round_trip(tmp_path: Path) -> None:
    save_results({"view": random_image(2)}, tmp_path, record=RECORD)
    assert read_record(tmp_path / "view_001.png") == RECORD.for_row(1)


def test_no_record(tmp_path: Path) -> None:
    random_image().save(tmp_path / "bare.png")
    with pytest.raises(FgraphError, match="holds no record"):
        read_record(tmp_path / "bare.png")
    with pytest.raises(FgraphError, match="cannot read"):
        read_record(tmp_path / "absent.png")


@pytest.mark.parametrize("failing", range(3))
def test_a_full_disk_leaves_the_earlier_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    save_results({"one": random_image(), "two": random_image()}, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    calls = iter(range(10))
    real = os.fsync

    def sync(handle: int) -> None:
        if next(calls) == failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", sync)
    file = ("one.png", "two.png", "manifest.json")[failing]
    with pytest.raises(SaveError, match=rf"{file}: the disk is full: free some space"):
        save_results({"one": random_image(), "two": random_image()}, tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_failure_between_renames_leaves_no_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_results({"one": random_image(), "two": random_image()}, tmp_path)
    real = os.replace

    def replace(source: Path, target: Path) -> None:
        if Path(target).name == "two.png":
            raise OSError(errno.EIO, "Input/output error")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(SaveError, match=r"two\.png: Input/output error"):
        save_results({"one": random_image(), "two": random_image()}, tmp_path)
    assert names(tmp_path) == {"one.png", "two.png"}


def test_a_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(SaveError, match="cannot write"):
        save_results({"one": random_image()}, tmp_path / "taken" / "out")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_unwritable_directory(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SaveError, match="permission denied"):
        save_results({"one": random_image()}, tmp_path)


def test_permission_denied_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(SaveError, match=r"one\.png: permission denied: choose a directory"):
        save_results({"one": random_image()}, tmp_path)


@pytest.mark.parametrize(("formats", "message"), [(["pgn"], "did you mean 'png'"), ([], "no format given")])
def test_unknown_format(tmp_path: Path, formats: list[str], message: str) -> None:
    with pytest.raises(SaveError, match=message):
        save_results({"one": random_image()}, tmp_path, formats)


def test_outputs_that_would_share_a_file(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match=r"'a' and 'a_000' would both write a_000\.png"):
        save_results({"a": random_image(2), "a_000": random_image()}, tmp_path)
    assert not names(tmp_path)


def test_files_have_the_usual_permissions(tmp_path: Path) -> None:
    reference = tmp_path / "plain"
    reference.write_text("")
    save_results({"one": random_image()}, tmp_path)
    assert (tmp_path / "one.png").stat().st_mode == reference.stat().st_mode


def test_rows_that_are_not_finite_have_no_picture(tmp_path: Path) -> None:
    bad, mask = random_image(3).array.copy(), np.zeros((2, 1, 4, 6), np.float32)
    bad[1, 0, 2, 3], bad[2, 0, 0, 0], mask[0, 0, 1, 1] = np.nan, np.inf, -np.inf
    maps = np.ones((1, 8, 4, 6), np.float32)
    maps[0, 3] = np.inf
    results = {
        "bad": Image(bad),
        "good": random_image(2),
        "mask": MaskImage(mask),
        "maps": FeatureMaps({"activation": maps}),
    }
    options = PictureOptions(strip="x", compare=True)
    manifest = save_results(results, tmp_path, ("png", "npy", "gif"), RECORD, options)
    assert manifest.damaged == {"bad": [1, 2], "mask": [0], "maps": [0]}
    assert names(tmp_path) == {
        "bad_000.png", "bad.npy", "good_000.png", "good_001.png", "good.npy", "good.gif", "good_strip.png",
        "mask_001.png", "mask.npy", "maps.npz", "manifest.json",
    }  # fmt: skip
    with pytest.raises(SaveError, match="row 1 holds NaN or infinite values"):
        results["bad"].save(tmp_path / "again.png")  # type: ignore[attr-defined]


def test_the_manifest_matches_the_files_of_concurrent_runs(tmp_path: Path) -> None:
    def write(seed: int) -> None:
        pixels = np.random.default_rng(seed).uniform(-1, 1, (3, 3, 4, 6)).astype(np.float32)
        for _ in range(10):
            save_results({"view": Image(pixels)}, tmp_path, ("png",), RECORD)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    files = json.loads((tmp_path / "manifest.json").read_bytes())["files"]
    assert {one["file"]: one["sha256"] for one in files} == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.glob("*.png")
    }
    assert names(tmp_path) == {"view_000.png", "view_001.png", "view_002.png", "manifest.json"}


def test_files_of_an_earlier_run_that_are_no_longer_listed_are_named(tmp_path: Path) -> None:
    assert save_results({"a": random_image(2)}, tmp_path).unlisted == ()
    assert save_results({"a": random_image(2)}, tmp_path).unlisted == ()  # all replaced
    assert save_results({"a": random_image()}, tmp_path).unlisted == ("a_000.png", "a_001.png")
    (tmp_path / "a.png").unlink()
    assert save_results({"b": random_image()}, tmp_path).unlisted == ()  # not there any more
    (tmp_path / "manifest.json").write_text('{"files": [{"file": "\\u0000"}, 3]}')
    assert save_results({"b": random_image()}, tmp_path).unlisted == ()  # not a manifest of fgraph


def test_the_later_of_two_concurrent_runs_names_the_files_of_the_earlier(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(save_results, {name: random_image()}, tmp_path) for name in ("a", "b")]
    found = {run.result().files[0].file: run.result().unlisted for run in runs}
    (last,) = [entry["file"] for entry in json.loads((tmp_path / "manifest.json").read_bytes())["files"]]
    (first,) = {"a.png", "b.png"} - {last}
    assert found == {first: (), last: (first,)}
