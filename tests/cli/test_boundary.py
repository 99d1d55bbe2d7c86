"""`fgraph boundary`: directions fitted to codes and to scores."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file

import fgraph
from fgraph.array_files.directions import read_directions
from fgraph.cli import boundaries, main
from fgraph.inversion import make_settings
from fgraph.stylegan.measured.boundary import fit_boundary
from tests.rounding import assert_rounded

DRAW = np.random.RandomState(4)
NORMAL = DRAW.randn(32)
NORMAL /= np.linalg.norm(NORMAL)


@pytest.fixture(autouse=True)
def _empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def codes(count: int, width: int = 32) -> np.ndarray:
    return np.random.RandomState(count).randn(count, width)


def test_logistic_regression_finds_the_normal() -> None:
    x = codes(400)
    found = fit_boundary(x, (x @ NORMAL > 0).astype(float))
    assert_rounded(np.linalg.norm(found.direction), 1, 2 * 32)  # two norms of 32 numbers
    assert found.direction @ NORMAL > 0.8  # 400 codes in 32 dimensions
    assert found.accuracy > 0.9
    assert (found.explained, found.folds) == (None, 5)


def test_ridge_regression_finds_the_slope() -> None:
    x = codes(400)
    found = fit_boundary(x, 3 * x @ NORMAL + 1)
    assert found.direction @ NORMAL > 0.99  # without noise, only the penalty causes an error
    assert found.accuracy > 0.95
    assert found.explained is not None
    assert found.explained > 0.99


def test_labels_without_meaning_have_no_accuracy() -> None:
    found = fit_boundary(codes(400), np.random.RandomState(9).randint(0, 2, 400).astype(float))
    assert 0.4 < found.accuracy < 0.6  # two standard deviations of 400 throws are 0.05


@pytest.mark.parametrize(
    ("scores", "message"), [([1, 1, 1, 1], "all scores are equal"), ([0, 1, 1, 1], "4 codes are too few")]
)
def test_too_few_codes(scores: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_boundary(codes(4), np.array(scores))


def test_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ValueError, match=r"pip install 'fgraph-gan\[boundary\]'"):
        fit_boundary(codes(4), np.array([0, 0, 1, 1]))


def two_folders(width: int) -> np.ndarray:
    """Write codes of W on both sides of a plane, in the formats of two programs; return the normal of the plane."""
    normal = np.zeros(width, np.float32)
    normal[3] = 1
    for side, name in ((1, "with"), (-1, "without")):
        Path(name).mkdir()
        rows = np.random.RandomState(side + 1).randn(60, width).astype(np.float32)
        rows[:, 3] = side * np.abs(rows[:, 3])
        np.save(f"{name}/first.npy", rows[:40])
        torch.save(
            {f"{number}.png": torch.from_numpy(row[None]) for number, row in enumerate(rows[40:])}, f"{name}/l.pt"
        )
    return normal


@pytest.mark.parametrize("target", ["smile.safetensors", "own/smile.npy"])
def test_two_folders_of_codes(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    table = fgraph.load_generator("landscape").table
    normal = two_folders(table.w_dim)
    assert main(["boundary", "with", "without", "--target", target]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{target}  w, 120 codes: ")
    assert "of held-out codes on the right side (5 folds)" in printed
    found, space = read_directions(target).fitted(table, None)
    assert space == "w"
    assert found.array[0].argmax() == normal.argmax()
    graph = fgraph.Graph(models="landscape")
    moved = graph.direction("file", of=graph.sample(seed=3), file=target, strength=2)
    assert fgraph.run(graph, outputs={"code": moved}, device="cpu")["code"].space == "w"


def test_a_table_of_seeds_and_its_direction_in_s(capsys: pytest.CaptureFixture[str]) -> None:
    generator = fgraph.load_generator("landscape")
    z = torch.cat(
        [torch.randn(1, generator.table.z_dim, generator=torch.Generator().manual_seed(n)) for n in range(80)]
    )
    with torch.no_grad():
        w = generator.map(z).numpy()
    Path("scores.csv").write_text("seed,score\n" + "".join(f"{n},{row[5]}\n" for n, row in enumerate(w)))
    assert main(["boundary", "--scores", "scores.csv", "--target", "own.safetensors", "--space", "w"]) == 0
    assert "R² " in capsys.readouterr().out
    assert abs(load_file("own.safetensors")["direction"][0, 5]) > 0.5
    assert main(["boundary", "--scores", "scores.csv", "--target", "own.safetensors", "--space", "s"]) == 0
    assert load_file("own.safetensors")["direction"].shape == (1, generator.table.style_length)
    capsys.readouterr()
    assert main(["boundary", "--scores", "scores.csv", "--target", "own.npy"]) == 0
    assert capsys.readouterr().out.endswith("; read it with space: z\n")


def test_a_table_of_files() -> None:
    table = fgraph.load_generator("landscape").table
    rows = codes(12, table.w_dim).astype(np.float32)
    Path("codes").mkdir()
    for number, row in enumerate(rows):
        np.save(f"codes/{number}.npy", row)
    lines = "".join(f"codes/{number}.npy,{row[0]}\n" for number, row in enumerate(rows))
    Path("scores.csv").write_text(f"file,score\n{lines}")
    assert main(["boundary", "--scores", "scores.csv", "--target", "own.npy"]) == 0
    assert np.load("own.npy").shape == (1, table.w_dim)


def test_two_folders_of_pictures(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    short = functools.partial(make_settings, steps=20)  # enough steps to separate grey pictures
    monkeypatch.setattr(boundaries, "make_settings", short)
    folders = {"one/faces": 220, "two/faces": 40}  # folders with equal names
    for name, value in folders.items():
        Path(name).mkdir(parents=True)
        for number in range(2):
            Image.new("RGB", (64, 64), (value + number, value, value)).save(f"{name}/{number}.png")
    Path("light_codes/positive").mkdir(parents=True)
    np.save("light_codes/positive/old.npy", np.zeros(3))  # of an earlier run
    assert main(["boundary", *folders, "--target", "light.safetensors", "--device", "cpu"]) == 0
    assert "w, 4 codes: " in capsys.readouterr().out
    assert (Path("light_codes") / "negative" / "0.safetensors").exists()
    lines = "".join(f"{name}/{number}.png,{value}\n" for name, value in folders.items() for number in range(2))
    Path("scores.csv").write_text(f"file,score\n{lines}")
    assert main(["boundary", "--scores", "scores.csv", "--target", "table.npy", "--device", "cpu"]) == 0
    assert "w, 4 codes: " in capsys.readouterr().out
    same = np.load("table.npy")[0] @ load_file("light.safetensors")["direction"][0]
    assert_rounded(same, 1, 64)  # the same codes, from the cache, and the same two classes: 64 products


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["with"], "name two folders"),
        (["with", "without", "--scores", "a.csv"], "name two folders"),
        ([], "name two folders"),
    ],
)
def test_invalid_arguments(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["boundary", *arguments, "--target", "a.npy"]) == 2
    assert message in capsys.readouterr().err


def test_unreadable_input(capsys: pytest.CaptureFixture[str]) -> None:
    Path("with").mkdir()
    Path("scores.csv").write_text("a,b\n1,2\n")
    for arguments, message in (
        (["with", "without", "--target", "a.npy"], "with has neither files of codes"),
        (["none", "with", "--target", "a.npy"], "there is no folder"),
        (["with", "with", "--target", "a.txt"], "ends in .safetensors or .npy"),
        (["--scores", "scores.csv", "--target", "a.npy"], "it has no columns seed and score"),
        (["--scores", "none.csv", "--target", "a.npy"], "No such file"),
    ):
        assert main(["boundary", *arguments]) == 2
        assert message in capsys.readouterr().err
