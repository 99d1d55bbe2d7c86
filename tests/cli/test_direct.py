"""Runs without Hydra mean the same as with it."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core import utils
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from fgraph.cli import direct, main
from fgraph.cli.arguments import GRAPHS, read_arguments
from fgraph.cli.direct import NotPlain, read_job, read_value
from fgraph.cli.hydra_files import replacing_links
from fgraph.sweep.launcher import FusedLauncher
from tests.cli.conftest import FakeJobs

OWN = """\
params: {width: 2}
models: {main: avatar}
nodes:
  a: {op: sample, truncation: 0.7}
  b: {op: resize, of: a, width: "${...params.width}", note: "${nodes.a.op}"}
outputs: [b]
"""
PLAIN = [
    [],
    ["seed=7", "model=avatar", "device=cpu", "precision=float64"],
    ["mode=check", "output.formats=[png,webp]", "output.labels=[a,b]", "output.strip=x", "output.grid=null"],
    ["mode=explain", "memory=2GiB", "offline=true", "cache=some/folder"],
    ["graph.nodes.extra.op=flip", "graph.nodes.extra.of=a", "graph.seed=3", "graph.params.new=[1, 2.5, x]"],
    ["output.fps=12.5", "output.formats=[gif]", "output.pingpong=true", "picture_limit=1GiB"],
    ["mode=ir", "listing=diff", "inversion.steps=3"],
]
NOT_PLAIN = [
    ["-m", "seed=1,2"],
    ["seed=1,2"],
    ["graph.nodes.a.seed=range(3)"],
    ["transfer"],  # has a defaults list
    ["~graph.nodes.a"],
    ["+graph.nodes.new.op=flip"],
    ["sead=3"],
    ["graph=walk", "graph=bend"],
    ["output={strip: x}"],
    ["graph.nodes.a.x=${seed}"],
    ["graph.nodes.a.x=it's"],
    ["hydra.job.chdir=true"],
    ["mode=invert", "photos"],
    ["mode=nonsense"],
    ["from=out/image.png"],
    ["--cfg", "job"],
]


def settings_of(jobs: FakeJobs, arguments: list[str]) -> Any:
    assert main(arguments) == 0
    return replace(jobs.settings[-1], directory=Path())


@pytest.mark.parametrize("graph", ["own.yaml", *sorted(path.stem for path in GRAPHS.glob("*.yaml"))])
def test_settings_equal_those_of_hydra(jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch, graph: str) -> None:
    Path("own.yaml").write_text(OWN)
    choices = PLAIN if graph == "own.yaml" else PLAIN[1:2]
    own = [settings_of(jobs, [f"graph={graph}", *arguments]) for arguments in choices]
    monkeypatch.setattr(direct, "read_job", refuse)
    assert own == [settings_of(jobs, [f"graph={graph}", *arguments]) for arguments in choices]


def refuse(*_: object) -> None:
    raise NotPlain


@pytest.mark.parametrize("arguments", PLAIN)
def test_plain_arguments_need_no_hydra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(OWN)
    read_job(read_arguments(["own.yaml", *arguments]))


@pytest.mark.parametrize("arguments", NOT_PLAIN)
def test_other_arguments_go_to_hydra(arguments: list[str]) -> None:
    with pytest.raises(NotPlain):
        read_job(read_arguments(arguments))


@pytest.mark.parametrize(
    "text", ["nodes: {a: {op: sample}\n", "- a\n", "defaults: [base]\nnodes: {}\n", "hydra: {}\nnodes: {}\n"]
)
def test_other_files_go_to_hydra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(text)
    with pytest.raises(NotPlain):
        read_job(read_arguments(["own.yaml"]))


ATOMS = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.floats(-1e6, 1e6).map(str),
    st.sampled_from(
        ["null", "TRUE", "false", "nan", "b8..b32", "./a/b.png", "/a", "x-y", "a.5", "1.png", "007", "", " "]
    ),
    st.text("ab01._-/+~$[]{}()'\",: ", max_size=6),
)


@given(st.one_of(ATOMS, st.lists(ATOMS, max_size=3).map(lambda items: f"[{','.join(items)}]")))
def test_values_equal_those_of_hydra(text: str) -> None:
    try:
        value = read_value(text)
    except NotPlain:
        return
    (override,) = OverridesParser.create().parse_overrides([f"key={text}"])
    expected = override.value()
    assert value == expected
    assert repr(value) == repr(expected)


def test_the_arguments_are_kept_beside_the_results(jobs: FakeJobs) -> None:
    Path("own.yaml").write_text(OWN)
    assert main(["own.yaml", "seed=3", "hydra.run.dir=out"]) == 0
    assert Path("out/.hydra/overrides.yaml").read_text() == "- graph=own\n- seed=3\n- hydra.run.dir=out\n"
    assert "seed: 3" in Path("out/.hydra/config.yaml").read_text()


@pytest.mark.parametrize(
    "more", [[], ["-m", "seed=1,2,3", "hydra.sweep.dir=out", "hydra.sweep.subdir=job${hydra:job.num}"]]
)
def test_links_in_a_directory_of_results_are_replaced_and_not_followed(
    jobs: FakeJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("mine")
    for job in ("job0", "job1"):
        (tmp_path / "out" / job / ".hydra").mkdir(parents=True)
        (tmp_path / "out" / job / ".hydra" / "config.yaml").symlink_to(tmp_path / "mine.yaml")
        (tmp_path / "out" / job / ".hydra" / "overrides.yaml").hardlink_to(tmp_path / "mine.yaml")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "config.yaml").write_text("mine")
    (tmp_path / "out" / "job2").mkdir()
    (tmp_path / "out" / "job2" / ".hydra").symlink_to(tmp_path / "elsewhere")
    for arguments in [more] if more else [["hydra.run.dir=out/job0"], ["hydra.run.dir=out/job2"]]:
        assert main(arguments) == 0
    assert (tmp_path / "mine.yaml").read_text() == "mine"
    assert [path.read_text() for path in (tmp_path / "elsewhere").iterdir()] == ["mine"]
    assert not (tmp_path / "out" / "job2" / ".hydra").is_symlink()
    assert "graph" in (tmp_path / "out" / "job0" / ".hydra" / "config.yaml").read_text()


FLAG = "hydra.job.name=own"  # with an override of Hydra, Hydra starts the run
BASIC = ["-m", "hydra/launcher=basic", "seed=1,2", "hydra.sweep.dir=out", "hydra.sweep.subdir=job${hydra:job.num}"]


@pytest.mark.parametrize("arguments", [["hydra.run.dir=out/job0", FLAG], BASIC], ids=["single", "sweep"])
@pytest.mark.parametrize("subfolder", [".hydra", "some/settings", "."])
def test_hydra_replaces_links_in_a_directory_of_results(
    jobs: FakeJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], subfolder: str
) -> None:
    monkeypatch.chdir(tmp_path)
    mine, settings = tmp_path / "mine.yaml", tmp_path / "out" / "job0" / subfolder
    mine.write_text("mine")
    settings.mkdir(parents=True)
    (settings / "config.yaml").symlink_to(mine)
    (settings / "hydra.yaml").symlink_to(mine)
    (settings / "overrides.yaml").hardlink_to(mine)
    assert main([*arguments, f"hydra.output_subdir={subfolder}"]) == 0
    assert mine.read_text() == "mine"
    assert "graph:" in (settings / "config.yaml").read_text()
    assert not any(path.is_symlink() for path in settings.iterdir())


@pytest.mark.parametrize("arguments", [["hydra.run.dir=out/job0", FLAG], BASIC], ids=["single", "sweep"])
def test_hydra_replaces_a_folder_of_settings_that_is_a_link(
    jobs: FakeJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "job0").mkdir(parents=True)
    (tmp_path / "out" / "job0" / ".hydra").symlink_to(tmp_path / "elsewhere")
    assert main(arguments) == 0
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert (tmp_path / "out" / "job0" / ".hydra" / "config.yaml").is_file()
    assert not (tmp_path / "out" / "job0" / ".hydra").is_symlink()


@pytest.mark.parametrize("launcher", ["basic", "fused"])
def test_a_sweep_replaces_a_link_to_its_settings(
    jobs: FakeJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, launcher: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "multirun.yaml").symlink_to(tmp_path / "mine.yaml")
    assert main(["-m", f"hydra/launcher={launcher}", "seed=1,2", "hydra.sweep.dir=out"]) == 0
    assert (tmp_path / "mine.yaml").read_text() == "mine"
    assert "graph:" in (tmp_path / "out" / "multirun.yaml").read_text()


@pytest.mark.parametrize("arguments", [["hydra.run.dir=out"], ["hydra.run.dir=out", FLAG]], ids=["plain", "hydra"])
def test_a_directory_of_results_that_is_a_link_stays_one(
    jobs: FakeJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    assert main([*arguments, "hydra.output_subdir=."] if FLAG in arguments else arguments) == 0
    assert (tmp_path / "out").is_symlink()
    assert any((tmp_path / "disk").rglob("config.yaml"))


def test_hydra_has_the_functions_that_are_replaced() -> None:
    before = utils._save_config, OmegaConf.save
    assert list(inspect.signature(before[0]).parameters) == ["cfg", "filename", "output_dir"]
    assert "_save_config(" in inspect.getsource(utils.run_job)
    assert "OmegaConf.save(" in inspect.getsource(BasicSweeper.sweep)
    with replacing_links():
        assert utils._save_config is not before[0]
        assert OmegaConf.save is not before[1]
    assert (utils._save_config, OmegaConf.save) == before


def test_a_config_that_hydra_cannot_write_leaves_the_earlier_file(tmp_path: Path) -> None:
    (tmp_path / "multirun.yaml").write_text("mine")
    with replacing_links(), pytest.raises(OmegaConfBaseException):
        OmegaConf.save(OmegaConf.create({"seed": "${nothing}"}), tmp_path / "multirun.yaml", resolve=True)
    assert (tmp_path / "multirun.yaml").read_text() == "mine"


def test_a_sweep_that_is_interrupted_leaves_the_settings_of_an_earlier_one(
    jobs: FakeJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    sweep = ["-m", "seed=1,2", "hydra.sweep.dir=out"]
    assert main(sweep) == 0
    before = {path: path.read_text() for path in (tmp_path / "out").rglob("overrides.yaml")}
    assert len(before) == 2
    monkeypatch.setattr(FusedLauncher, "_run_many", stop)
    assert main([*sweep, "mode=run"]) == 130
    assert {path: path.read_text() for path in (tmp_path / "out").rglob("overrides.yaml")} == before


def test_a_sweep_that_writes_nothing_leaves_the_settings_of_an_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in (0, 1):
        (tmp_path / "out" / str(number) / ".hydra").mkdir(parents=True)
        (tmp_path / "out" / str(number) / ".hydra" / "config.yaml").write_text("mine")
    assert main(["-m", "mode=check", "seed=1,2", "hydra.sweep.dir=out"]) == 0
    assert [path.read_text() for path in sorted((tmp_path / "out").rglob("config.yaml"))] == ["mine", "mine"]


def test_a_current_directory_that_is_gone_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert main(["graph=blend"]) == 2
    assert "the current directory cannot be used" in capsys.readouterr().err
