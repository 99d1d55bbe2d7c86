"""Positional arguments: modes, graphs, files at any path, and mistakes."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from fgraph._errors import FgraphError
from fgraph.cli import main
from fgraph.cli.arguments import read_arguments
from fgraph.cli.modes import COMMANDS, MODES
from fgraph.declare.config_source import BUNDLED
from tests.cli.conftest import FakeJobs

ONE = "nodes:\n  only: {op: sample, seed: 1}\noutputs: [only]\n"
TWO = "nodes:\n  other: {op: sample, seed: 2}\noutputs: [other]\n"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["panorama", "seed=1"], ["graph=panorama", "seed=1"]),
        (["explain", "panorama"], ["mode=explain", "graph=panorama"]),
        (["seed=1", "panorama", "-m"], ["-m", "graph=panorama", "seed=1"]),
        (["--config-dir", "mine", "own_graph"], ["--config-dir", "mine", "graph=own_graph"]),
        (["invert", "my photos"], ["mode=invert", "images='my photos'"]),
        (["mode=invert", "photos"], ["images=photos", "mode=invert"]),
        (["convert", "a.pt", "b.safetensors"], ["mode=convert", "model=a.pt", "target=b.safetensors"]),
        (["train", "null"], ["mode=train", "data='null'"]),
        (["out/image.png"], ["from=out/image.png"]),
        (["it's (a).png"], ["from=it's (a).png"]),  # quoted for Hydra once it is read
        (["out/sheet.png#3"], ["from=out/sheet.png#3"]),
        (["~graph.nodes.a", "+graph.nodes.b.op=flip"], ["~graph.nodes.a", "+graph.nodes.b.op=flip"]),
        (["--info", "all"], ["--info", "all"]),
    ],
)
def test_positional_arguments_become_overrides(given: list[str], expected: list[str]) -> None:
    assert read_arguments(given).hydra == expected


@pytest.mark.parametrize("given", [["mine.yaml"], ["graph=mine.yaml"], ["graph=./mine.yaml"], ["from='mine.yaml'"]])
def test_a_file_runs_at_any_path(jobs: FakeJobs, given: list[str]) -> None:
    Path("mine.yaml").write_text(ONE)
    assert main([*given, "graph.nodes.only.truncation=0.5", "seed=7"]) == 0
    (settings,) = jobs.settings
    assert settings.graph == {
        "nodes": {"only": {"op": "sample", "seed": 1, "truncation": 0.5}},
        "outputs": ["only"],
        "seed": 7,
    }
    assert settings.name == "mine"
    assert settings.source.place("nodes", "only") == (
        given[0].partition("=")[2].strip("'").removeprefix("./") or "mine.yaml",
        2,
    )
    assert settings.directory.relative_to(Path.cwd()).parts[:2] == ("outputs", "mine")


def test_a_sweep_over_files_and_bundled_graphs(jobs: FakeJobs) -> None:
    for folder, text in (("a", ONE), ("b", TWO)):
        Path(folder).mkdir()
        Path(folder, "mine.yaml").write_text(text)
    assert main(["-m", "graph=a/mine.yaml,b/mine.yaml,walk", "seed=1,2", "hydra.sweep.dir=out"]) == 0
    assert [next(iter(one["nodes"])) for one in jobs.graphs] == ["only"] * 2 + ["other"] * 2 + ["keys"] * 2
    assert [one["seed"] for one in jobs.graphs] == [1, 2] * 3
    assert [settings.source.file for settings in jobs.settings[::2]] == [
        "a/mine.yaml",
        "b/mine.yaml",
        str(BUNDLED / "graph" / "walk.yaml"),
    ]


def test_a_file_with_the_name_of_a_bundled_graph_runs(jobs: FakeJobs) -> None:
    Path("panorama.yaml").write_text(ONE)
    assert main(["panorama.yaml"]) == 0
    assert main(["panorama"]) == 0
    assert ["only" in one["nodes"] for one in jobs.graphs] == [True, False]


def test_a_file_finds_the_files_that_it_composes(jobs: FakeJobs) -> None:
    """Files beside it and below it, and bundled sub-graphs."""
    Path("sub/subgraph").mkdir(parents=True)
    Path("sub/base.yaml").write_text(ONE)
    Path("sub/subgraph/inner.yaml").write_text("nodes:\n  deep: {op: flip}\noutput: deep\n")
    lines = [
        "defaults:",
        "  - base",
        "  - /subgraph@nodes.posed: pose_align",
        "  - /subgraph@nodes.mine: inner",
        "  - _self_",
        "",
    ]
    Path("sub/mine.yaml").write_text("\n".join(lines) + TWO)
    given = ["graph.nodes.posed.inputs={of: only, to: other}"]
    assert main(["sub/mine.yaml", "graph.nodes.mine.nodes.deep.axis=y", *given]) == 0
    nodes = jobs.graphs[0]["nodes"]
    assert {"only", "other", "posed", "mine"} <= set(nodes)
    assert nodes["mine"]["nodes"]["deep"] == {"op": "flip", "axis": "y"}
    assert jobs.settings[0].source.place("nodes", "mine", "nodes", "deep") == (
        str(Path("sub/subgraph/inner.yaml").absolute()),
        2,
    )


@pytest.mark.parametrize(
    "text",
    [
        "hydra: {job: {name: x}}\n",
        "# @package _global_\nmode: train\n",
        "defaults: [../../etc]\n",
        "a: ${oc.env:HOME}\n",
    ],
)
def test_a_file_sets_the_graph_only(jobs: FakeJobs, capsys: pytest.CaptureFixture[str], text: str) -> None:
    Path("mine.yaml").write_text(text + ONE)
    assert main(["mine.yaml"]) == 2
    assert jobs.settings == []
    assert "mine.yaml:1" in capsys.readouterr().err


def test_a_folder_of_files_configures_nothing_else(jobs: FakeJobs) -> None:
    """Its other files are not configurations of trainings or of Hydra."""
    for folder in ("training", "hydra/launcher"):
        Path(folder).mkdir(parents=True)
    Path("training/default.yaml").write_text("images: 3\n")
    Path("config.yaml").write_text("mode: train\n")
    Path("mine.yaml").write_text(ONE)
    assert main(["mine.yaml"]) == 0
    assert jobs.settings[0].mode == "run"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["blnd.yaml"], "there is no graph file 'blnd.yaml' (did you mean 'blend.yaml'?)"),
        (["wathc"], "there is no command or graph 'wathc' (did you mean 'watch'?)"),
        (["panorma"], "did you mean 'panorama'?"),
        (["blend.yaml", "walk"], "found 'walk' after the value of graph="),
        (["inspect", "a", "b"], "found 'b' after the value of model="),
    ],
)
def test_mistakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str], expected: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("blend.yaml").write_text(ONE)
    with pytest.raises(FgraphError) as error:
        read_arguments(given)
    assert expected in str(error.value)


def test_no_name_means_two_things() -> None:
    graphs = {path.stem for path in (BUNDLED / "graph").glob("*.yaml")}
    assert not set(COMMANDS) & set(MODES)
    assert (set(COMMANDS) | set(MODES)) & graphs == {"invert"}  # `fgraph invert` inverts pictures


@pytest.mark.parametrize("value", ["фото", "~/p.png", "pics(1)", "it's", "a&b", "a#b", "https://host/x?id=1"])
def test_a_value_that_hydra_refuses_is_shown_quoted(
    jobs: FakeJobs, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    """The suggested line works when a shell reads it."""
    assert main([f"graph.params.name={value}"]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("write it as ")]
    assert main(shlex.split(line.removeprefix("write it as "))) == 0
    assert jobs.graphs[-1]["params"]["name"] == value
