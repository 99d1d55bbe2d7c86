"""The modes, with the engine behind them."""

import json
import sys
from pathlib import Path

import pytest

from fgraph.cli import main
from fgraph.declare.config_source import BUNDLED
from fgraph.save import read_record

NAMES = sorted(path.stem for path in (BUNDLED / "graph").glob("*.yaml"))


@pytest.fixture(autouse=True)
def _empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_run_prints_what_it_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph=blend_horizontal", "seed=3", "output.formats=[png,npy]", "hydra.run.dir=out"]) == 0
    printed = [Path(line) for line in capsys.readouterr().out.split()]
    assert [path.name for path in printed] == ["image.png", "image.npy", "manifest.json"]
    assert {path.name for path in Path("out").iterdir()} == {".hydra", *(path.name for path in printed)}
    manifest = json.loads(printed[-1].read_text("utf-8"))
    assert manifest["models"]["main"]["source"] == "landscape"


def test_a_picture_can_be_made_again_from_its_record() -> None:
    assert main(["graph=blend_horizontal", "seed=3", "hydra.run.dir=first"]) == 0
    record = read_record("first/image.png")
    assert set(record.seeds) == {"left", "right"}
    Path("graph").mkdir()
    Path("graph/again.yaml").write_text(record.graph, "utf-8")
    assert main(["--config-dir", ".", "graph=again", "hydra.run.dir=second"]) == 0
    assert Path("first/image.png").read_bytes() == Path("second/image.png").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_every_bundled_graph_passes_the_check(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main([f"graph={name}", "mode=check"]) == 0, capsys.readouterr().err
    assert capsys.readouterr().out == f"{name}: ok\n"


def test_explain_prints_the_plan(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mode=explain"]) == 0
    assert "b64.conv1" in capsys.readouterr().out


def test_draw_writes_the_drawing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mode=draw", "hydra.run.dir=here"]) == 0
    assert "<svg" in Path("here/panorama.svg").read_text("utf-8")
    assert "b64.conv1" in Path("here/panorama.plan.svg").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["output.formats=[bmp]"], "unknown format 'bmp'"),
        (["graph.nodes.fade.strat=0.4"], "override 'graph.nodes.fade.strat=0.4': nodes.fade.strat"),
        (["graph.nodes.fade.strat=0.4"], "did you mean 'start'?"),
        (["model=lanscape"], "did you mean 'landscape'?"),
        (["device=nowhere"], "nowhere"),
    ],
)
def test_mistakes(capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str) -> None:
    assert main(["graph=blend_horizontal", *arguments]) == 2
    printed = capsys.readouterr().err
    assert expected in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("mode", ["run", "check"])
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["output.formats=[bmp]"], "unknown format 'bmp'"),
        (["output.formats=[png,tiff]"], "png needs images in memory"),
        (["output.formats=[gif]", "output.fps=60"], "a GIF shows at most 50 frames per second"),
        (["output.formats=[mp4]"], "mp4 is written by PyAV"),
        (["output.compare=[imag]"], "there is no image 'imag'; did you mean 'image'?"),
    ],
)
def test_outputs_that_cannot_be_written_are_refused_before_anything_runs(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    expected: str,
    mode: str,
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr("fgraph.cli.jobs.run_many", lambda *_: pytest.fail("it ran"))
    assert main(["graph=blend_horizontal", f"mode={mode}", *arguments]) == 2
    assert expected in capsys.readouterr().err


def test_sources_of_a_graph_can_be_compared_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph=blend_horizontal", "mode=check", "output.compare=[left,image]"]) == 0


def test_sweep_over_literal_seeds_warns(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["-m", "graph=blend_horizontal", "mode=check", "seed=1,2"]
    assert main(arguments) == 0
    assert "identical" not in capsys.readouterr().err
    assert main([*arguments, "graph.nodes.left.seed=1", "graph.nodes.right.seed=2"]) == 0
    assert "all 2 jobs of this sweep were identical" in capsys.readouterr().err


@pytest.mark.parametrize(("first", "second", "left"), [("png", "tiff", "image.png"), ("tiff", "dzi", "image.tif")])
def test_a_second_run_of_large_images_names_files_no_longer_listed(
    first: str, second: str, left: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["blend_horizontal", "hydra.run.dir=out", f"output.formats=[{first}]"]) == 0
    assert main(["blend_horizontal", "hydra.run.dir=out", f"output.formats=[{second}]"]) == 0
    printed = capsys.readouterr().err
    assert f"out also holds files of an earlier run, which manifest.json no longer lists: {left}" in printed
    assert main(["blend_horizontal", "hydra.run.dir=out", f"output.formats=[{second}]"]) == 0
    assert "earlier run" not in capsys.readouterr().err  # the same files are replaced


def test_a_second_run_into_a_directory_names_files_no_longer_listed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["blend_horizontal", "hydra.run.dir=out"]) == 0
    assert "earlier run" not in capsys.readouterr().err
    assert main(["blend_horizontal", "hydra.run.dir=out", "output.formats=[webp]"]) == 0
    printed = capsys.readouterr().err
    assert "out also holds files of an earlier run, which manifest.json no longer lists: image.png" in printed
