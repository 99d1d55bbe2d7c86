"""Sweeps in Ray actors on this machine: equal results, faults apart, lost actors made up for."""

import importlib.util
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fgraph._errors import FgraphError, GraphError, RunError
from fgraph.api.graph_jobs import GraphJob, SharedOptions
from fgraph.api.together import run_together
from fgraph.cli import main
from fgraph.sweep.ray_launcher import RayLauncher

if importlib.util.find_spec("ray") is None:
    pytest.skip("needs the extra [ray]", allow_module_level=True)

from fgraph.sweep import workers
from fgraph.sweep.workers import Failure
from tests.engine.comparing import LANDSCAPE_TERMS, assert_close
from tests.sweep.mates import assert_mates_are_as_alone, mixed_jobs

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # those of Ray

LETHAL = 666  # a seed whose job kills its worker, every time


class Mortal(workers.Worker):
    """Dies by the kernel's hand: once, while it works on the shard that holds seed 1, or whenever it meets LETHAL."""

    def run(self, jobs: Sequence[GraphJob], options: SharedOptions) -> list[Any]:
        seeds = [job.document.get("seed") for job in jobs]
        died = Path("died")
        if LETHAL in seeds or (1 in seeds and not died.exists()):
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().run(jobs, options)


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """Ray with two cores, as the launcher starts it."""
    import ray

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")
        RayLauncher(num_cpus=2)._connect()
        yield
        ray.shutdown()


@pytest.fixture
def launcher(cluster: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RayLauncher:
    monkeypatch.chdir(tmp_path)
    return RayLauncher(cores=1, losses=1)


def test_a_gpu_that_is_not_there_is_not_waited_for(cluster: None) -> None:
    with pytest.raises(FgraphError, match=r"hydra.launcher.gpus=3: this machine has \d GPUs"):
        RayLauncher(cores=1, gpus=3)._survey()


def graph_job(seed: int, **fields: Any) -> GraphJob:
    nodes = {"code": {"op": "sample"}, "image": {"op": "decode", "of": "code", **fields}}
    return GraphJob({"seed": seed, "nodes": nodes, "outputs": ["image"]})


def assert_equal(outcome: Any, expected: Any) -> None:
    assert_close(outcome["image"].array, expected["image"].array, "image", LANDSCAPE_TERMS)


def test_command(launcher: RayLauncher, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["-m", "graph=blend_horizontal,panorama", "seed=1,2,3", "output.formats=[npy]"]
    ray = ["hydra/launcher=ray", "hydra.launcher.cores=1", "hydra.sweep.dir=ray"]
    assert main([*arguments, *ray]) == 0
    assert "6 jobs in 2 shards" in capsys.readouterr().out
    assert main([*arguments, "hydra.sweep.dir=fused"]) == 0
    files = {path.relative_to("fused") for path in Path("fused").rglob("*") if path.is_file()}
    assert files == {path.relative_to("ray") for path in Path("ray").rglob("*") if path.is_file()}
    for path in files:
        if path.suffix == ".npy":
            assert_close(np.load("fused" / path), np.load("ray" / path), str(path), LANDSCAPE_TERMS)


def test_faults_stay_apart(launcher: RayLauncher) -> None:
    jobs = [graph_job(1), graph_job(2, of="cod"), graph_job(3), graph_job(4)]
    outcomes = launcher.make_engine()(jobs, SharedOptions())
    assert isinstance(outcomes[1], GraphError)
    assert outcomes[1].faults == run_together(jobs, SharedOptions())[1].faults
    for number in (0, 2, 3):
        assert_equal(outcomes[number], run_together([jobs[number]], SharedOptions())[0])


def test_mates_are_as_they_are_alone(launcher: RayLauncher, tmp_path: Path) -> None:
    assert_mates_are_as_alone(mixed_jobs(tmp_path), launcher.make_engine())


def test_lost_actor_is_made_up_for(launcher: RayLauncher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "Worker", Mortal)
    jobs = [graph_job(seed) for seed in range(4)]
    outcomes = launcher.make_engine()(jobs, SharedOptions())
    assert Path("died").exists()
    for outcome, expected in zip(outcomes, run_together(jobs, SharedOptions()), strict=True):
        assert_equal(outcome, expected)


def test_a_job_that_kills_its_actors_fails_alone(launcher: RayLauncher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "Worker", Mortal)
    jobs = [graph_job(seed) for seed in (2, LETHAL, 3)]
    outcomes = launcher.make_engine()(jobs, SharedOptions())
    assert isinstance(outcomes[1], RunError)
    assert "its worker was lost 2 times" in str(outcomes[1])
    for number in (0, 2):
        assert_equal(outcomes[number], run_together([jobs[number]], SharedOptions())[0])


def test_more_workers_than_room(launcher: RayLauncher) -> None:
    launcher.workers = 3
    jobs = [graph_job(seed) for seed in range(3)]
    for outcome, expected in zip(
        launcher.make_engine()(jobs, SharedOptions()), run_together(jobs, SharedOptions()), strict=True
    ):
        assert_equal(outcome, expected)


def test_failures_travel() -> None:
    assert str(Failure.of(RunError("no")).to_error()) == "no"
    bug = Failure.of(ValueError("odd")).to_error()
    assert isinstance(bug, RuntimeError)
    assert "ValueError: odd" in str(bug)


def test_no_cluster(cluster: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    def refuse(**settings: Any) -> None:
        assert settings["address"] == "auto"
        raise ConnectionError("there is none")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", refuse)
    with pytest.raises(FgraphError, match=r"hydra\.launcher\.address=auto: there is none"):
        RayLauncher(address="auto")._connect()


def test_ray_that_does_not_start(cluster: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    def time_out(**_: Any) -> None:
        raise Exception("The current node timed out during startup.")  # as Ray does

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", time_out)
    with pytest.raises(FgraphError, match="Ray does not start: The current node timed out"):
        RayLauncher()._connect()
