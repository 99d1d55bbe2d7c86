"""An image made in pieces equals the image made at once, and the memory does not grow with its length."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

import fgraph
from fgraph.api import pipeline
from fgraph.cli import main
from fgraph.declare.config_source import BUNDLED
from fgraph.save import read_record
from tests.rounding import PROMISED

pytestmark = pytest.mark.numeric

PANORAMA = ("graph=panorama", "graph.models.main=landscape", "output.piece=100")  # three pieces of 64 pixels height


def bundled(name: str, *overrides: str) -> fgraph.Graph:
    return fgraph.load(BUNDLED / "graph" / f"{name}.yaml", overrides)


@pytest.mark.parametrize(
    ("name", "overrides", "piece"),
    [
        ("panorama", (), 100),
        ("panorama_vertical", (), 77),
        ("panorama_loop", ("nodes.z.count=3", "nodes.ring.grid=[1,3]"), 64),
        ("extend", (), 50),
        ("blend_horizontal", (), 1000),
    ],
)
def test_pieces_equal_the_whole(tmp_path: Path, name: str, overrides: tuple[str, ...], piece: int) -> None:
    graph = bundled(name, *overrides)
    (path,) = fgraph.save_large(graph, tmp_path / "a.tif", piece=piece)
    whole = next(iter(fgraph.run(graph).values())).pixels(0)
    made = tifffile.imread(path, key=0)
    assert made.shape == whole.shape
    assert np.abs(made.astype(int) - whole).max() <= 1  # sums are taken in another order in another batch
    assert (made != whole).mean() < 2 * 127.5 * PROMISED  # the share of numbers that are so near to half a level
    assert "op: sample" in read_record(path).graph


def test_no_run_makes_more_than_its_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    peaks = {}
    real = pipeline.run
    for count in (12, 24):  # both have pieces in the middle, with neighbours on two sides
        seen: list[int] = []

        def run(graph: fgraph.Graph, seen: list[int] = seen, **options: object) -> object:
            plan = fgraph.compile(graph)
            seen.append(plan.cost.peak_bytes)
            assert plan.raw.outputs[0].tensors["pixels"].rows == 1
            return real(plan)

        monkeypatch.setattr(pipeline, "run", run)
        fgraph.save_large(
            bundled("panorama", "models.main=landscape", f"nodes.z.count={count}"), tmp_path / "a.tif", piece=256
        )
        peaks[count] = max(seen)
    assert len(seen) == 6
    assert peaks[24] < 1.1 * peaks[12]


def test_rows_are_numbered_and_inversion_is_done_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = bundled(
        "invert", "nodes.code.steps=2", "outputs=[image]", "nodes.target.path=[landscape.png,landscape.png]"
    )
    calls = []
    real = pipeline.run
    monkeypatch.setattr(pipeline, "run", lambda graph, **given: (calls.append(graph), real(graph, **given))[1])  # type: ignore[func-returns-value]
    paths = fgraph.save_large(graph, tmp_path / "a.dzi", piece=32, tiles="png")
    assert [path.name for path in paths] == ["a_000.dzi", "a_000.html", "a_001.dzi", "a_001.html"]
    assert sum("invert" in {node.op for node in one.spec.nodes.values()} for one in calls) == 1
    assert len(calls) == 1 + 2 * 2


def test_formats_and_outputs_share_one_inversion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inverted: list[bool] = []
    real = pipeline.run

    def run(graph: fgraph.Graph, **options: Any) -> Any:
        inverted.append(any(node.op == "invert" for node in graph.spec.nodes.values()))
        return real(graph, **options)

    monkeypatch.setattr(pipeline, "run", run)
    words = ["graph=invert", "graph.nodes.code.steps=2", "graph.outputs=[image,target]"]
    assert main([*words, "output.formats=[tiff,dzi]", "hydra.run.dir=out"]) == 0
    assert inverted == [True, False, False, False, False]
    assert {path.name for path in Path("out").iterdir()} >= {"image.tif", "image.dzi", "target.tif", "target.dzi"}


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.png", {}, "must end in .tif or .dzi"),
        ("a.tif", {"output": "imgae"}, "there is no image 'imgae' among the outputs: image"),
        ("a.tif", {"piece": 0}, "output.piece is 0: expected a number of pixels"),
    ],
)
def test_mistakes(tmp_path: Path, name: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(fgraph.FgraphError, match=message):
        fgraph.save_large(bundled("blend_horizontal"), tmp_path / name, **options)
    assert not list(tmp_path.iterdir())


def test_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*PANORAMA, "output.formats=[tiff,dzi]", "hydra.run.dir=out"]) == 0
    printed = [Path(line).name for line in capsys.readouterr().out.split()]
    assert printed == ["panorama.tif", "panorama.dzi", "panorama.html", "manifest.json"]
    files = json.loads(Path("out/manifest.json").read_text("utf-8"))["files"]
    tiles = {path.as_posix() for path in Path("out").rglob("*_*.jpg")}
    assert [one["file"] for one in files if "/" not in one["file"]] == printed[:-1]
    assert {f"out/{one['file']}" for one in files if "/" in one["file"]} == tiles
    assert "round: false" in Path("out/panorama.html").read_text("utf-8")
    assert main(["from=out/panorama.tif", "hydra.run.dir=two"]) == 0
    assert Path("two/panorama.png").is_file()
    monkeypatch.setattr(pipeline, "run", None)  # formats and outputs are checked before anything runs
    for formats, expected in (("[tiff,png]", "png needs images in memory"), ("[dzi]", "output 'code' is Latent")):
        assert main(["graph=invert", f"output.formats={formats}", "hydra.run.dir=no"]) == 2
        assert expected in capsys.readouterr().err


def test_a_ring_continues_in_the_page(tmp_path: Path) -> None:
    fgraph.save_large(bundled("panorama_loop", "nodes.z.count=2", "nodes.ring.grid=[1,2]"), tmp_path / "a.dzi")
    assert "round: true" in (tmp_path / "a.html").read_text("utf-8")


def listed(directory: Path) -> dict[str, str]:
    """Return the digest of each file in the manifest."""
    return {one["file"]: one["sha256"] for one in json.loads((directory / "manifest.json").read_bytes())["files"]}


def check_manifest(directory: Path) -> None:
    for file, digest in listed(directory).items():
        assert hashlib.sha256((directory / file).read_bytes()).hexdigest() == digest, file


def contents(directory: Path) -> dict[Path, bytes]:
    files = [path for path in directory.rglob("*") if path.is_file() and ".hydra" not in path.parts]
    return {path: path.read_bytes() for path in files}


def command(seed: int, kind: str) -> list[str]:
    return [*PANORAMA, f"output.formats=[{kind}]", "hydra.run.dir=out", f"seed={seed}"]


@pytest.mark.parametrize("at", ["tiles", "page", "rename"])
def test_deep_zoom_over_an_earlier_one_that_stops_half_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(command(1, "dzi")) == 0
    before = contents(Path("out"))
    name = {"tiles": "encode_picture", "page": "_DZI", "rename": ""}[at]
    if name:
        monkeypatch.setattr(f"fgraph.save.tiled.{name}", None)
    else:
        monkeypatch.setattr("fgraph._atomic.Staging.commit", lambda *_, **__: 1 / 0)
    assert main(command(2, "dzi")) == 1
    assert contents(Path("out")) == before
    check_manifest(Path("out"))


def test_tiff_that_stops_before_its_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(command(1, "tiff")) == 0
    check_manifest(Path("out"))
    monkeypatch.setattr("fgraph.api.large.list_files", lambda *_: 1 / 0)
    assert main(command(2, "tiff")) == 1
    assert not Path("out/manifest.json").exists()


def test_deep_zoom_does_not_write_through_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    Path("elsewhere").mkdir()
    Path("out/panorama_files").symlink_to(tmp_path / "elsewhere")
    assert main(command(1, "dzi")) == 0
    assert not Path("out/panorama_files").is_symlink()
    assert list(Path("elsewhere").iterdir()) == []
    check_manifest(Path("out"))
