"""The command line from arguments to exit code, with jobs that compile nothing."""

import errno
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra._internal.hydra import Hydra
from hydra.core import utils

from fgraph._options import RunOptions
from fgraph.cli import main
from fgraph.cli.settings import SETTINGS
from fgraph.declare import document, graph_file
from fgraph.declare.config_source import BUNDLED
from fgraph.declare.document import Document
from tests.cli.conftest import FakeJobs


def test_default_job(jobs: FakeJobs) -> None:
    assert main([]) == 0
    (settings,) = jobs.settings
    assert (settings.mode, settings.name, settings.formats) == ("run", "panorama", ("png",))
    assert settings.options == RunOptions()
    assert settings.source.file == str(BUNDLED / "graph" / "panorama.yaml")
    assert settings.directory.relative_to(Path.cwd()).parts[:2] == ("outputs", "panorama")
    assert (settings.directory / "done").is_file()


def test_settings_reach_the_graph(jobs: FakeJobs) -> None:
    assert main(["model=landscape", "seed=7", "device=cpu", "graph=translate"]) == 0
    assert jobs.graphs[0]["seed"] == 7
    assert jobs.graphs[0]["models"] == {"main": "landscape", "toon": "toon"}
    assert jobs.settings[0].options.device == "cpu"


def test_any_field_opens_without_plus(jobs: FakeJobs) -> None:
    arguments = [
        "graph.nodes.extra.op=shift",
        "graph.nodes.extra.dx=0.25",
        "graph.params.width=2",
        "graph.noise.mode=none",
    ]
    assert main(arguments) == 0
    graph = jobs.graphs[0]
    assert graph["nodes"]["extra"] == {"op": "shift", "dx": 0.25}
    assert graph["params"] == {"width": 2}
    assert graph["noise"] == {"mode": "none"}


def test_empty_params_are_left_out(jobs: FakeJobs) -> None:
    main([])
    assert "params" not in jobs.graphs[0]


@pytest.mark.parametrize("mode", ["explain", "check"])
def test_reading_modes_leave_no_files(jobs: FakeJobs, mode: str) -> None:
    assert main([f"mode={mode}"]) == 0
    assert not [path for path in Path().rglob("*") if path.is_file()]
    assert not Path("outputs/panorama").exists()


def test_user_graphs_by_config_dir(jobs: FakeJobs, tmp_path: Path) -> None:
    folder = tmp_path / "my graphs" / "graph"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("version: 1\nnodes:\n  s: {op: sample}\noutputs: [s]\n")
    assert main(["--config-dir", str(folder.parent), "graph=mine"]) == 0
    assert jobs.graphs[0]["nodes"] == {"s": {"op": "sample"}}
    assert jobs.settings[0].source.place("nodes", "s") == (str(folder / "mine.yaml"), 3)


def test_a_graph_file_is_parsed_once(jobs: FakeJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All jobs of a sweep share one parse, for the content and the lines. Each job can change its own copy."""
    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / "mine.yaml").write_text("nodes:\n  once: {op: sample}\noutputs: [once]\n")
    parsed: list[str] = []

    def parse(text: str, file: str | None = None) -> Document:
        parsed.append(text)
        return document.parse(text, file)

    monkeypatch.setattr(graph_file, "parse", parse)
    arguments = ["--config-dir", str(tmp_path), "graph=mine", "graph.nodes.once.seed=1,2", "hydra.sweep.dir=out"]
    assert main(["-m", *arguments]) == 0
    assert sum("once" in text for text in parsed) == 1
    assert [one["nodes"]["once"]["seed"] for one in jobs.graphs] == [1, 2]


def test_places_name_sub_graphs_and_overrides(jobs: FakeJobs) -> None:
    assert main(["graph=transfer", "model=landscape", "graph.nodes.region.feather=0"]) == 0
    places = jobs.settings[0].source
    graph, subgraph = BUNDLED / "graph" / "transfer.yaml", BUNDLED / "subgraph" / "pose_align.yaml"
    lines = subgraph.read_text().splitlines()
    inner = 1 + next(number for number, line in enumerate(lines) if line.lstrip().startswith("align:"))
    assert places.place("nodes", "mix")[0] == str(graph)
    assert places.place("nodes", "posed", "nodes", "align") == (str(subgraph), inner)
    assert places.place("models", "main")[0] == "override 'model=landscape'"
    assert places.place("nodes", "region", "feather") == ("override 'graph.nodes.region.feather=0'", None)


def test_deleting_a_node(jobs: FakeJobs) -> None:
    assert main(["~graph.nodes.panorama"]) == 0
    assert "panorama" not in jobs.graphs[0]["nodes"]


def test_broken_yaml_names_file_and_line(jobs: FakeJobs, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / "broken.yaml").write_text("nodes:\n  s: {op: sample\noutputs: [s]\n")
    assert main(["--config-dir", str(tmp_path), "graph=broken"]) == 2
    printed = capsys.readouterr().err
    assert "broken.yaml:3: this is not YAML" in printed
    assert "HYDRA_FULL_ERROR" not in printed


def test_interpolation_is_resolved(jobs: FakeJobs) -> None:
    assert main(["graph.params.w=3", "graph.nodes.extra.op=resize", "graph.nodes.extra.width=${graph.params.w}"]) == 0
    assert jobs.graphs[0]["nodes"]["extra"]["width"] == 3


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["graph=panorma"], "panorama"),  # Hydra's own list of options
        (["sead=3"], "unknown setting 'sead': did you mean 'seed'?"),
        (["output.format=npy"], "did you mean 'output.formats'?"),
        (["seed=[1"], "seed=[1"),
        (["mode=exlpain"], "did you mean 'explain'?"),
        (["graph.nodes.extra.op=nope"], "override 'graph.nodes.extra.op=nope': nodes.extra.op: unknown op 'nope'"),
        (
            ["graph.nodes.extra.width=${nowhere}"],
            "cannot be resolved: there is no 'nowhere'",
        ),
        (["--config-dir", "nowhere"], "nowhere"),
        (["--resolve"], "--resolve"),
    ],
)
def test_mistakes_end_in_2_without_traceback(
    jobs: FakeJobs, capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr().err
    assert expected in printed
    assert "Traceback" not in printed


def test_settings_match_the_configuration_file() -> None:
    config = yaml.safe_load((BUNDLED / "config.yaml").read_text())
    assert {setting.split(".")[0] for setting in SETTINGS} == {*config, "graph"} - {"defaults", "hydra"}


def test_place_that_cannot_be_written(jobs: FakeJobs, capsys: pytest.CaptureFixture[str]) -> None:
    Path("taken").write_text("")
    assert main(["hydra.run.dir=taken/out"]) == 2
    assert "cannot write taken/out" in capsys.readouterr().err.replace(f"{Path.cwd()}/", "")


def test_a_full_disk_for_files_of_hydra(
    jobs: FakeJobs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error of a write names no file, unlike the error of an open."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(utils, "_save_config", full)
    assert main(["hydra.run.dir=out", "hydra.verbose=false"]) == 2
    assert "cannot write the files of the run: the disk is full: free some space" in capsys.readouterr().err


def test_bug_ends_in_1_with_traceback(jobs: FakeJobs, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph.nodes.extra.op=bug"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 80 bytes")],
    ids=["of Python", "of torch"],
)
@pytest.mark.parametrize(
    "place", ["fgraph.cli.jobs.finish", "fgraph.cli.direct.read_job", "fgraph.cli.running.compose_and_run"]
)
def test_a_lack_of_memory_is_not_a_bug(
    jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, place: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(place, fail)
    assert main(["hydra.verbose=false"] if "running" in place else []) == 2
    printed = capsys.readouterr().err
    assert "no memory left" in printed
    assert "memory=" in printed
    assert "Traceback" not in printed


def test_interrupt(jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "run_many", stop)
    assert main([]) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "composed"), [([], 0), (["~graph.nodes.panorama"], 1), (["hydra.mode=RUN"], 2)])
def test_the_configuration_is_composed_at_most_once_unless_it_may_set_the_mode(
    jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch, arguments: list[str], composed: int
) -> None:
    calls = []
    compose = Hydra.compose_config

    def counting(self: Hydra, *given: Any, **named: Any) -> Any:
        calls.append(given)
        return compose(self, *given, **named)

    monkeypatch.setattr(Hydra, "compose_config", counting)
    assert main([*arguments, "hydra.run.dir=out"]) == 0
    assert len(calls) == composed
    assert len(jobs.settings) == 1


def test_a_mode_among_the_overrides_makes_a_sweep(jobs: FakeJobs) -> None:
    assert main(["hydra.mode=MULTIRUN", "seed=1,2", "hydra.sweep.dir=out"]) == 0
    assert [graph["seed"] for graph in jobs.graphs] == [1, 2]
