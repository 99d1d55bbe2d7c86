"""Sweeps in Ray actors on this machine: equal results, separate faults, replaced actors."""

import importlib.util
from collections.abc import Iterator
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
from fgraph.sweep.shards import cut, fingerprint
from fgraph.sweep.workers import Failure
from tests.engine.comparing import LANDSCAPE_TERMS, assert_close
from tests.sweep.mates import assert_equal_to_jobs_alone, mixed_jobs
from tests.sweep.mortal import LETHAL, Mortal

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Ray's warnings


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


def test_a_missing_gpu_is_an_error_at_once(cluster: None) -> None:
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


def test_more_workers_than_room_keep_faults_apart(launcher: RayLauncher, tmp_path: Path) -> None:
    launcher.workers = 3
    jobs = mixed_jobs(tmp_path)
    assert len(cut([fingerprint(job) for job in jobs], 3)) == 3
    outcomes = launcher.make_engine()(jobs, SharedOptions())
    assert_equal_to_jobs_alone(jobs, lambda works, options: outcomes)
    for outcome, expected in zip(outcomes, run_together(jobs, SharedOptions()), strict=True):
        assert type(outcome) is type(expected)
        if isinstance(outcome, FgraphError):
            assert str(outcome) == str(expected)
        if isinstance(outcome, GraphError):
            assert outcome.faults == expected.faults


def test_lost_actors_are_replaced_and_a_job_that_kills_its_actors_fails_alone(
    launcher: RayLauncher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "Worker", Mortal)
    jobs = [graph_job(seed) for seed in (0, 1, LETHAL, 3)]
    shards = cut([fingerprint(job) for job in jobs], 2)
    assert not any({1, 2} <= set(numbers) for numbers in shards)  # jobs 1 and 2 kill different actors
    outcomes = launcher.make_engine()(jobs, SharedOptions())
    assert Path("died").exists()
    assert isinstance(outcomes[2], RunError)
    assert "its worker was lost 2 times" in str(outcomes[2])
    for number in (0, 1, 3):
        assert_equal(outcomes[number], run_together([jobs[number]], SharedOptions())[0])


def test_failures_can_be_pickled() -> None:
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
