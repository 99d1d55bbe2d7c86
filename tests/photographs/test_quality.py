"""The report of inversions: known numbers, in the manifest and as a table."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import fgraph
from fgraph._imaging.similarity import gradient_distance, psnr
from fgraph.faces import detection
from fgraph.inversion.priors import make_prior
from fgraph.inversion.statistics import read_statistics
from fgraph.photographs import Pasting, PhotoCrop, Photographs
from fgraph.save import save_results
from fgraph.save.quality import CropQuality, rate_crops, show_table
from tests.photographs.drawn import graph, scene
from tests.rounding import decibels, worst

pytestmark = pytest.mark.numeric

POINTS = np.array([[20, 30], [44, 30], [32, 40], [24, 50], [40, 50]], float)


def test_psnr_follows_its_formula() -> None:
    black = np.full((3, 8, 8), -1, np.float32)
    assert psnr(black, black + 0.2) == pytest.approx(20, abs=decibels(worst(2), 20))  # 10 log10(4 / 0.04)
    assert psnr(black, black) == pytest.approx(10 * np.log10(4e12))


def test_gradients_of_equal_images_have_no_distance() -> None:
    image = scene(64, 48).transpose(2, 0, 1) / np.float32(127.5) - 1
    assert gradient_distance(image, image) == 0
    blurred = np.stack([(one[:, :-2] + one[:, 1:-1] + one[:, 2:]) / 3 for one in image])
    noise = np.random.default_rng(0).normal(0, 0.2, image.shape).astype(np.float32)
    assert gradient_distance(image[:, :, 1:-1], blurred) < gradient_distance(image, image + noise)


def test_a_run_rates_each_crop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = POINTS + np.array([2.4, 0])
    calls: list[int] = []

    def found(pixels: np.ndarray) -> list[tuple[float, np.ndarray]]:
        calls.append(len(pixels))
        return [(1.0, (POINTS if len(calls) % 2 else moved) * (pixels.shape[0] / 64))]

    monkeypatch.setattr(detection, "_mtcnn", found)
    Image.fromarray(scene(64, 64)).save(tmp_path / "a.png")
    text = graph(tmp_path / "a.png", ", code: code").replace("align: corners", "align: ffhq")
    text = text[: text.index(", points:")] + text[text.index("}", text.index(", points:")) :]
    results = fgraph.run(text)
    (rated,) = rate_crops(results["pasted"])
    facts = results["pasted"].facts
    assert rated.psnr == psnr(facts["crop"][0], facts["inverted"][0])
    assert rated.landmarks == pytest.approx(0.1)  # 2.4 of 24 pixels
    avatar = fgraph.load_generator("avatar")
    prior = make_prior("wulff", avatar, read_statistics(avatar))
    assert prior is not None
    code = torch.from_numpy(fgraph.run(text.replace("[pasted]", "[code]"))["code"].array)
    w = avatar.map(code)
    assert rated.distance == pytest.approx(float(prior.distance(w, w)[0]), rel=1e-3)
    manifest = save_results(results, tmp_path / "out")
    (entry,) = json.loads((tmp_path / "out" / "manifest.json").read_text())["quality"]["pasted"]
    assert entry["psnr"] == round(rated.psnr, 4)
    assert [one.file for one in manifest.files] == ["pasted.png", "pasted.csv"]
    with (tmp_path / "out" / "pasted.csv").open() as file:
        (line,) = csv.DictReader(file)
    assert line["photograph"] == "a.png"
    assert line["landmarks"] == "0.1"


def test_faces_of_one_photograph_have_numbers() -> None:
    left, right = (((at, 0.0), (at, 9.0), (at + 9, 9.0), (at + 9, 0.0)) for at in (0.0, 20.0))
    crops = (PhotoCrop("a.png", left), PhotoCrop("a.png", right), PhotoCrop("b.png", left))
    images = np.zeros((3, 3, 8, 8), np.float32)
    made = Photographs(
        np.zeros((3, 4, 8, 8), np.float32), Pasting("replace", crops), {"crop": images, "inverted": images}
    )
    assert [one.photograph for one in rate_crops(made)] == ["a.png, face 0", "a.png, face 1", "b.png"]


def test_a_table_ends_with_the_mean_of_the_known_values() -> None:
    lines = show_table([CropQuality("a.jpg", 0, 20, 0.1, None, 0.2), CropQuality("long.jpg", 1, 30, 0.3, None, None)])
    assert lines[-1].split() == ["mean", "25.00", "0.200", "-", "0.200"]
    assert len({len(line) for line in lines}) == 1


def test_without_the_crop_before_the_edit_nothing_is_rated(tmp_path: Path) -> None:
    Image.fromarray(scene(64, 64)).save(tmp_path / "a.png")
    results = fgraph.run(
        fgraph.load(graph(tmp_path / "a.png"), ["~nodes.pasted.inverted", "nodes.pasted.blend=replace"])
    )
    assert rate_crops(results["pasted"]) == []
    save_results(results, tmp_path / "out")
    assert "quality" not in json.loads((tmp_path / "out" / "manifest.json").read_text())
