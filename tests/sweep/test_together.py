"""Sweeps on the engine: one plan for all jobs, and the same files as from jobs run one by one."""

import gc
import json
import os
import sys
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import DictConfig

from fgraph._errors import FgraphError, GraphError, MemoryBudgetError, RunError
from fgraph._options import RunOptions
from fgraph.api import pipeline
from fgraph.api.graph_jobs import GraphJob, Outcome, SharedOptions
from fgraph.api.together import compile_together, isolate_failures, run_together
from fgraph.cli import jobs, main
from fgraph.cli.prepared import PreparedJob
from fgraph.plan import Plan
from fgraph.sweep.launcher import FusedLauncher
from tests.engine.comparing import LANDSCAPE_TERMS
from tests.rounding import largest, likely
from tests.sweep.mates import assert_equal_to_jobs_alone, mixed_jobs

CODE = {"op": "sample", "truncation": 0.7}
IMAGE = {"op": "decode", "of": "code"}


def graph_job(seed: int, **fields: Any) -> GraphJob:
    return GraphJob({"seed": seed, "nodes": {"code": CODE, "image": {**IMAGE, **fields}}, "outputs": ["image"]})


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Plan]:
    """The plans that are made, in an empty working directory."""
    made: list[Plan] = []
    compile_graphs = pipeline.compile_with

    def compile_and_keep(*arguments: Any, **options: Any) -> Plan:
        made.append(compile_graphs(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(pipeline, "compile_with", compile_and_keep)
    monkeypatch.chdir(tmp_path)
    return made


def test_a_sweep_keeps_no_configuration_of_its_jobs(plans: list[Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweeper keeps the return value of each job until the end. With configurations in it, a job took 200 KiB."""
    kept: list[Any] = []
    launch = FusedLauncher.launch

    def keep(launcher: FusedLauncher, *arguments: Any, **named: Any) -> Sequence[Any]:
        made = launch(launcher, *arguments, **named)
        kept.extend(made)
        return made

    monkeypatch.setattr(FusedLauncher, "launch", keep)
    assert main(["-m", "graph=walk", "graph.nodes.walk.frames=2", "seed=1,2", "hydra.sweep.dir=out"]) == 0
    assert [(one.cfg, one.hydra_cfg, one.overrides) for one in kept] == [(None, None, None)] * 2
    assert kept[0] is kept[1]


def test_a_batch_leaves_no_configurations(plans: list[Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    before: list[int] = []
    launch = FusedLauncher.launch

    def count(launcher: FusedLauncher, *arguments: Any, **named: Any) -> Sequence[Any]:
        before.append(sum(isinstance(one, DictConfig) for one in gc.get_objects()))
        gc.disable()  # so that only the launcher collects
        made = launch(launcher, *arguments, **named)
        gc.enable()
        return made

    monkeypatch.setattr(FusedLauncher, "launch", count)
    arguments = ["graph=walk", "graph.nodes.walk.frames=2", "seed=range(1,9)", "hydra.sweeper.max_batch_size=2"]
    assert main(["-m", *arguments, "hydra.sweep.dir=out"]) == 0
    assert len(before) == 4
    assert before[3] <= before[1]


def test_a_sweep_drops_results_as_they_are_written(plans: list[Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver holds the results of a batch when it starts to write, and fewer after each job."""
    held: list[int] = []
    written: list[weakref.ref[Any]] = []
    finish = jobs.finish

    def watch(job: PreparedJob, outcome: Any) -> float | None:
        gc.collect()
        held.append(sum(one() is not None for one in written))
        written.append(weakref.ref(outcome["image"].array))
        return finish(job, outcome)

    monkeypatch.setattr(jobs, "finish", watch)
    assert main(["-m", "graph=walk", "graph.nodes.walk.frames=2", "seed=1,2,3", "hydra.sweep.dir=out"]) == 0
    assert held == [0, 0, 0]


def test_fused_equals_job_after_job(plans: list[Plan]) -> None:
    arguments = ["-m", "graph=blend_horizontal,panorama,transfer", "seed=1,2", "output.formats=[npy,png]"]
    assert main([*arguments, "hydra.sweep.dir=fused"]) == 0
    assert len(plans) == 1
    assert main([*arguments, "hydra.sweep.dir=basic", "hydra/launcher=basic"]) == 0
    assert len(plans) == 1 + 6
    files = {path.relative_to("fused") for path in Path("fused").rglob("*") if path.is_file()}
    assert files == {path.relative_to("basic") for path in Path("basic").rglob("*") if path.is_file()}
    assert sum(path.name == "manifest.json" for path in files) == 6
    assert sum(path.name == "overrides.yaml" for path in files) == 6
    for path in files:
        if path.suffix == ".npy":  # a trained network enlarges rounding errors by its own gains
            found, expected = np.load("fused" / path), np.load("basic" / path)
            assert float(np.abs(found - expected).max()) < likely(LANDSCAPE_TERMS, largest(expected)), path
    for number in map(str, range(6)):
        fused, basic = (json.loads((Path(way) / number / "manifest.json").read_text()) for way in ("fused", "basic"))
        assert {**fused, "files": None} == {**basic, "files": None}


def test_shared_prefixes_run_once(plans: list[Plan]) -> None:
    arguments = ["-m", "graph=blend_horizontal", "hydra.sweep.dir=out", "graph.nodes.mix.layers=b32..", "mode=explain"]
    assert main([*arguments, "graph.nodes.fade.start=0,0.1,0.2,0.3"]) == 0
    assert plans[0].raw.graphs == 4
    early = [line for line in plans[0].layers if line.name in ("b4.conv1", "b16.conv1")]
    assert {line.rows for line in early} == {1}  # left's, for all four: the trunk below the blend


def test_different_options_are_different_plans(plans: list[Plan]) -> None:
    assert main(["-m", "graph=blend_horizontal", "precision=float32,float64", "seed=1,2"]) == 0
    assert sorted((plan.options.precision, plan.raw.graphs) for plan in plans) == [("float32", 2), ("float64", 2)]


def test_compiled_jobs_have_a_separate_plan(plans: list[Plan], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-m", "graph=blend_horizontal", "torch_compile=false,true,eager", "seed=1,2", "mode=explain"]) == 0
    assert [(plan.options.torch_compile, plan.raw.graphs) for plan in plans] == [("eager", 2), (False, 2), (True, 2)]
    assert capsys.readouterr().out.count("none with torch_compile") == 2


def test_batches_are_plans(plans: list[Plan]) -> None:
    assert main(["-m", "graph=blend_horizontal", "seed=range(0,5)", "hydra.sweeper.max_batch_size=2"]) == 0
    assert [plan.raw.graphs for plan in plans] == [2, 2, 1]


@pytest.mark.parametrize(
    "bad",
    [
        "graph.nodes.fade.start=0.1,nonsense,0.3",  # a field: found when the graph is read
        "graph.nodes.mix.layers=all,b512,here",  # a layer that the model lacks: found when all are compiled
        "model=landscape,nowhere,avatar",  # no such model
        "precision=float32,float31,float64",
    ],
)
def test_a_bad_graph_fails_alone(plans: list[Plan], capsys: pytest.CaptureFixture[str], bad: str) -> None:
    assert main(["-m", "graph=blend_horizontal", bad, "hydra.sweep.dir=out"]) == 1
    printed = capsys.readouterr()
    assert sorted(path.parent.name for path in Path("out").glob("*/manifest.json")) == ["0", "2"]
    key, _, values = bad.partition("=")
    assert f"job 1 (graph=blend_horizontal, {key}={values.split(',')[1]}): " in printed.err
    assert "job 0" not in printed.err
    assert "Traceback" not in printed.err
    assert len(printed.out.splitlines()) == 1 + 4 + 1  # the jobs, their files, the sheet


def test_a_job_that_cannot_be_written_fails_alone(plans: list[Plan], capsys: pytest.CaptureFixture[str]) -> None:
    Path("out/1").mkdir(parents=True)
    Path("out/1/image.png").mkdir()
    assert main(["-m", "graph=blend_horizontal", "seed=1,2,3", "hydra.sweep.dir=out"]) == 1
    assert "job 1 (graph=blend_horizontal, seed=2): cannot write" in capsys.readouterr().err
    assert sorted(path.parent.name for path in Path("out").glob("*/manifest.json")) == ["0", "2"]


def test_explain_prints_one_plan_and_check_checks_all(plans: list[Plan], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-m", "graph=blend_horizontal", "seed=1,2,3", "mode=explain"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("b64.conv1") == 1
    assert "3 graphs" in printed
    assert main(["-m", "graph=extend,stretch", "mode=check"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ["extend: ok", "stretch: ok"]
    assert main(["-m", "graph=blend_horizontal", "graph.nodes.mix.layers=all,b512", "mode=check"]) == 1
    assert "job 1" in capsys.readouterr().err
    assert not list(Path().rglob(".hydra"))


def test_draw_draws_each(plans: list[Plan]) -> None:
    assert main(["-m", "graph=extend,stretch", "mode=draw", "hydra.sweep.dir=out"]) == 0
    drawings = ["0/extend.plan.svg", "0/extend.svg", "1/stretch.plan.svg", "1/stretch.svg"]
    assert sorted(str(path.relative_to("out")) for path in Path("out").rglob("*.svg")) == drawings
    assert len(plans) == 2  # each draws its own


def test_a_budget_that_all_exceed_is_met_in_parts() -> None:
    def attempt(some: Sequence[GraphJob]) -> list[Outcome]:
        if len(some) > 2:
            raise MemoryBudgetError("too large")
        return [len(some)] * len(some)

    assert isolate_failures([graph_job(seed) for seed in range(5)], attempt) == [2, 2, 1, 2, 2]


@pytest.mark.parametrize("bad", [[], [0], [5], [2, 3], list(range(6))])
def test_a_job_that_fails_at_run_time_fails_alone(bad: list[int], caplog: pytest.LogCaptureFixture) -> None:
    jobs = [graph_job(seed) for seed in range(6)]
    sizes: list[int] = []

    def attempt(some: Sequence[GraphJob]) -> list[Outcome]:
        sizes.append(len(some))
        if any(jobs.index(one) in bad for one in some):
            raise RunError("a step failed")
        return [jobs.index(one) for one in some]

    outcomes = isolate_failures(jobs, attempt)
    for number, outcome in enumerate(outcomes):
        assert isinstance(outcome, RunError) if number in bad else outcome == number
    assert sizes[0] == 6
    assert ("6 jobs failed together (a step failed)" in caplog.text) == bool(bad)
    assert len(sizes) <= 2 * 6 - 1


def test_invalid_options_are_reported_at_once() -> None:
    sizes: list[int] = []

    def attempt(some: Sequence[GraphJob]) -> list[Outcome]:
        sizes.append(len(some))
        return pipeline.run(compile_together(some, SharedOptions(RunOptions(device="nowhere"))))

    assert [type(one) for one in isolate_failures([graph_job(1), graph_job(2), graph_job(3)], attempt)] == [
        FgraphError
    ] * 3
    assert sizes == [3]


def test_faults_need_no_halving() -> None:
    sizes: list[int] = []

    def attempt(some: Sequence[GraphJob]) -> list[Outcome]:
        sizes.append(len(some))
        return pipeline.run(compile_together(some, SharedOptions()))

    outcomes = isolate_failures([graph_job(1), graph_job(2, of="cod"), graph_job(3), graph_job(4, of="cody")], attempt)
    assert [isinstance(one, GraphError) for one in outcomes] == [False, True, False, True]
    assert [len(one.faults) for one in outcomes[1::2]] == [1, 1]
    assert sizes == [4, 2]


def test_without_ray_its_launcher_says_what_to_install(
    plans: list[Plan], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["-m", "graph=blend_horizontal", "seed=1,2", "hydra/launcher=ray"]) == 2
    assert "pip install 'fgraph-gan[ray]'" in capsys.readouterr().err
    assert not plans


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_jobs_beside_failing_jobs_give_the_same_results_as_alone(tmp_path: Path) -> None:
    assert_equal_to_jobs_alone(mixed_jobs(tmp_path), run_together)
