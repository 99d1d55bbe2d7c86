"""Files that a graph names are searched beside the graph file, then in the current directory."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fgraph
from fgraph.cli import main
from tests.paths import GOLDENS

GRAPH = """\
models: {main: model.pt, other: landscape}
noise: {mode: given, file: noise.npz}
nodes:
  code: {op: latent, file: codes.npy}
  mask: {op: mask, kind: image, path: mask.png}
  picture: {op: image, path: [mask.png, sub/second.png]}
  mix: {op: blend, a: code, b: code, mask: mask}
  image: {op: decode, of: mix}
outputs: [image, picture]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a graph with all files that it names, in a folder that is not the current directory."""
    beside, here = tmp_path / "mine" / "graph", tmp_path / "here"
    (beside / "sub").mkdir(parents=True)
    here.mkdir()
    monkeypatch.chdir(here)
    shutil.copy(GOLDENS / "soat64_a.pt", beside / "model.pt")
    np.save(beside / "codes.npy", np.zeros((1, 10, 64), np.float32))
    sides = [4, 8, 8, 16, 16, 32, 32, 64, 64]
    np.savez(beside / "noise.npz", **{f"noise_{i}": np.zeros((1, 1, n, n)) for i, n in enumerate(sides)})
    for name in ("mask.png", "sub/second.png"):
        Image.new("RGB", (8, 8)).save(beside / name)
    (beside / "mine.yaml").write_text(GRAPH)
    return beside


def test_beside_the_graph_file(folder: Path) -> None:
    graph = fgraph.load(folder / "mine.yaml")
    assert graph.spec.models == {"main": str(folder / "model.pt"), "other": "landscape"}
    assert graph.spec.noise.file == str(folder / "noise.npz")
    assert graph.spec.nodes["picture"].path == (str(folder / "mask.png"), str(folder / "sub" / "second.png"))  # type: ignore[attr-defined]
    assert fgraph.run(graph)["image"].array.shape == (1, 3, 64, 64)
    assert fgraph.load(graph.to_yaml()).spec.nodes == graph.spec.nodes


def test_files_beside_the_graph_come_before_the_current_directory(folder: Path) -> None:
    np.save("codes.npy", np.zeros((3, 10, 64), np.float32))
    Image.new("RGB", (8, 8)).save("here.png")
    assert fgraph.load(folder / "mine.yaml").spec.nodes["code"].file == str(folder / "codes.npy")  # type: ignore[attr-defined]
    given = fgraph.load(folder / "mine.yaml", overrides=["nodes.code.file=codes.npy", "nodes.mask.path=here.png"])
    assert given.spec.nodes["code"].file == "codes.npy"  # type: ignore[attr-defined]  # of an override: searched here
    (folder / "codes.npy").unlink()
    found = fgraph.load(folder / "mine.yaml").spec.nodes["code"]
    assert (found.file, len(found.codes().array)) == ("codes.npy", 3)  # type: ignore[attr-defined]


def test_files_of_text_and_mappings_are_searched_in_the_current_directory(folder: Path) -> None:
    faults = fgraph.check(GRAPH)
    assert {fault.where for fault in faults} >= {"models.main"}


def test_on_the_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--config-dir", str(folder.parent), "graph=mine", "mode=check"]
    assert main(arguments) == 0, capsys.readouterr().err
    np.save("wrong.npy", np.zeros((1, 10, 65), np.float32))
    assert main([*arguments, "graph.nodes.code.file=wrong.npy"]) == 2
    assert "shape [10, 65]" in capsys.readouterr().err
