"""Sweeps: each job in turn, separate failures, and a warning about identical jobs."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra.core import utils
from hydra.experimental.callback import Callback

from fgraph.cli import main
from fgraph.cli.sweeps import SweepRun, reads_seed
from tests.cli.conftest import FakeJobs

LAUNCHERS = pytest.mark.parametrize("launcher", ["fused", "basic"])


def test_flag_anywhere(jobs: FakeJobs) -> None:
    assert main(["graph=panorama", "-m", "seed=range(0,3)", "hydra.sweep.dir=swept"]) == 0
    assert [graph["seed"] for graph in jobs.graphs] == [0, 1, 2]
    assert jobs.batches == [3]
    assert sorted(path.parent.name for path in Path("swept").rglob("done")) == ["0", "1", "2"]


def test_only_a_contact_sheet_needs_the_overrides_of_jobs(jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[list[Any]] = []
    monkeypatch.setattr(SweepRun, "write_sheet", lambda run: kept.append(run._cells))
    for sheet in ("true", "false"):
        assert main(["-m", "graph=panorama", "seed=1,2", f"output.sheet={sheet}", f"hydra.sweep.dir={sheet}"]) == 0
    shown, hidden = kept
    assert ["seed=1" in shown[0][0], "seed=2" in shown[1][0]] == [True, True]
    assert hidden == [((), None)] * 2


@LAUNCHERS
@pytest.mark.parametrize("subdir", ["${hydra:job.num}", "job_${hydra:job.num}_${seed}"])
def test_directories_by_interpolation(jobs: FakeJobs, launcher: str, subdir: str) -> None:
    arguments = [
        "-m",
        f"hydra/launcher={launcher}",
        "seed=5,7",
        "hydra.sweep.dir=swept",
        f"hydra.sweep.subdir={subdir}",
    ]
    assert main(arguments) == 0
    expected = ["0", "1"] if "seed" not in subdir else ["job_0_5", "job_1_7"]
    assert sorted(path.parent.name for path in Path("swept").rglob("done")) == expected


@LAUNCHERS
def test_failing_job_is_named_and_the_others_run(
    jobs: FakeJobs, capsys: pytest.CaptureFixture[str], launcher: str
) -> None:
    arguments = ["-m", f"hydra/launcher={launcher}", "graph.nodes.extra.op=shift,nope,crop", "hydra.sweep.dir=swept"]
    assert main(arguments) == 1
    printed = capsys.readouterr().err
    assert printed.count("job 1 (graph.nodes.extra.op=nope): ") == 1
    assert "Traceback" not in printed
    assert sorted(path.parent.name for path in Path("swept").rglob("done")) == ["0", "2"]


@LAUNCHERS
def test_bug_in_one_job_lets_the_others_run(jobs: FakeJobs, capsys: pytest.CaptureFixture[str], launcher: str) -> None:
    arguments = ["-m", f"hydra/launcher={launcher}", "graph.nodes.extra.op=bug,nope,crop", "hydra.sweep.dir=swept"]
    assert main(arguments) == 1
    printed = capsys.readouterr().err
    assert "job 0 (graph.nodes.extra.op=bug): failed by a bug" in printed
    assert "job 1 (graph.nodes.extra.op=nope): " in printed
    assert printed.count("Traceback") == 1
    assert len(list(Path("swept").rglob("done"))) == 1


def test_a_job_whose_directory_is_a_file_fails_alone(jobs: FakeJobs, capsys: pytest.CaptureFixture[str]) -> None:
    Path("swept").mkdir()
    Path("swept/1").write_text("mine")
    assert main(["-m", "seed=range(0,3)", "hydra.sweep.dir=swept"]) == 1
    assert "job 1 (seed=1): cannot write " in capsys.readouterr().err
    assert Path("swept/1").read_text() == "mine"
    assert jobs.batches == [2]
    assert sorted(path.parent.name for path in Path("swept").rglob("done")) == ["0", "2"]


def test_a_job_for_which_hydra_finds_a_full_disk_fails_alone(
    jobs: FakeJobs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = utils._save_config

    def full(config: Any, name: str, folder: Path) -> None:
        if folder.parent.name == "1":
            raise OSError(errno.ENOSPC, "No space left on device")
        write(config, name, folder)

    monkeypatch.setattr(utils, "_save_config", full)
    assert main(["-m", "seed=range(0,3)", "hydra.sweep.dir=swept"]) == 1
    printed = capsys.readouterr().err
    assert f"job 1 (seed=1): cannot write {Path('swept/1').resolve()}: the disk is full: free some space" in printed
    assert jobs.batches == [3]
    assert sorted(path.parent.name for path in Path("swept").rglob("done")) == ["0", "2"]


def test_pictures_of_an_earlier_run_beside_a_failed_job_give_a_warning(
    jobs: FakeJobs, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (0, 1):
        Path(f"swept/{number}").mkdir(parents=True)
        Path(f"swept/{number}/manifest.json").write_text("{}")
    assert main(["-m", "graph.nodes.extra.op=shift,nope", "hydra.sweep.dir=swept"]) == 1
    printed = [line for line in capsys.readouterr().err.splitlines() if "still holds what an earlier run wrote" in line]
    assert printed == [
        f"job 1 (graph.nodes.extra.op=nope): {Path('swept/1').resolve()} still holds what an earlier run wrote"
    ]


@pytest.mark.parametrize("size", [0, -1])
def test_empty_batches_are_refused(jobs: FakeJobs, capsys: pytest.CaptureFixture[str], size: int) -> None:
    assert main(["-m", "seed=1,2", f"hydra.sweeper.max_batch_size={size}"]) == 2
    assert f"hydra.sweeper.max_batch_size={size}: a batch has at least 1 job" in capsys.readouterr().err


def test_batches_are_bounded_and_a_failure_does_not_stop_the_next(jobs: FakeJobs) -> None:
    arguments = ["-m", "graph.nodes.extra.op=nope,shift,crop,flip,pad", "hydra.sweeper.max_batch_size=2"]
    assert main([*arguments, "hydra.sweep.dir=swept"]) == 1
    assert jobs.batches == [1, 2, 1]
    assert sorted(path.parent.name for path in Path("swept").rglob("done")) == ["1", "2", "3", "4"]


def test_every_job_gets_the_files_of_hydra(jobs: FakeJobs) -> None:
    arguments = ["-m", "seed=4,5", "graph.nodes.extra.op=shift,nope", "hydra/job_logging=default"]
    assert main([*arguments, "hydra.sweep.dir=swept"]) == 1
    for number in range(4):
        record = Path("swept") / str(number) / ".hydra"
        assert {path.name for path in record.iterdir()} == {"config.yaml", "hydra.yaml", "overrides.yaml"}
        assert (record.parent / "fgraph.log").is_file()
        overrides = yaml.safe_load((record / "overrides.yaml").read_text())
        assert overrides == [f"seed={4 + number // 2}", f"graph.nodes.extra.op={['shift', 'nope'][number % 2]}"]
        config = yaml.safe_load((record / "config.yaml").read_text())
        assert config["seed"] == 4 + number // 2
        hydra = yaml.safe_load((record / "hydra.yaml").read_text())["hydra"]
        assert hydra["job"]["num"] == number
        assert hydra["overrides"]["task"] == overrides


def test_jobs_of_one_directory_are_refused(jobs: FakeJobs, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-m", "seed=4,5", "hydra.sweep.subdir=same"]) == 2
    assert "jobs 0 and 1 would both write into" in capsys.readouterr().err
    assert not jobs.batches


def test_callbacks_run_once_a_job(jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for name in ("on_job_start", "on_job_end", "on_multirun_end"):
        monkeypatch.setattr(Callback, name, lambda *_, event=name, **__: calls.append(event))
    callback = "+hydra.callbacks.mine={_target_: hydra.experimental.callback.Callback}"
    assert main(["-m", "seed=4,5", callback]) == 0
    assert calls == [*["on_job_start", "on_job_end"] * 2, "on_multirun_end"]


def test_environment_and_folder_of_a_job(jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def finish(job: Any, outcome: None) -> None:
        seen.append((os.environ["SHADE"], Path.cwd().name))

    monkeypatch.setattr(jobs, "finish", finish)
    assert main(["-m", "seed=4,5", "hydra.job.chdir=true", "+hydra.job.env_set={SHADE: 'dark'}"]) == 0
    assert seen == [("dark", "0"), ("dark", "1")]
    assert "SHADE" not in os.environ


def test_unknown_graph_in_a_sweep(jobs: FakeJobs, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-m", "graph=panorama,nope"]) == 2
    assert "panorama" in capsys.readouterr().err
    assert not jobs.graphs


@pytest.mark.parametrize(("overrides", "warns"), [([], False), (["graph.nodes.z.seed=1"], True)])
def test_identical_jobs_give_a_warning(
    jobs: FakeJobs, capsys: pytest.CaptureFixture[str], overrides: list[str], warns: bool
) -> None:
    assert main(["-m", "seed=1,2", *overrides]) == 0
    assert ("identical" in capsys.readouterr().err) == warns


@pytest.mark.parametrize(
    ("graph", "reads"),
    [
        ({"nodes": {"a": {"op": "sample"}}}, True),
        ({"nodes": {"a": {"op": "sample", "seed": 3}}}, False),
        ({"nodes": {"a": {"op": "sample", "seed": [1, 2]}}}, False),
        ({"nodes": {"a": {"op": "subgraph", "nodes": {"b": {"op": "sample"}}}}}, True),
        ({"noise": {"mode": "random"}, "nodes": {"a": {"op": "sample", "seed": 3}}}, True),
        ({"noise": {"mode": "random", "seed": 1}, "nodes": {"a": {"op": "sample", "seed": 3}}}, False),
        ({"nodes": {"a": {"op": "sample", "seed": 3}, "t": {"op": "tap", "noise": {"mode": "random"}}}}, True),
    ],
)
def test_reads_seed(jobs: FakeJobs, graph: dict[str, object], reads: bool) -> None:
    assert reads_seed(graph) is reads
