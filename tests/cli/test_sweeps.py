"""Sweeps: job after job, failures apart, identical jobs said."""

from pathlib import Path

import pytest

from fgraph.cli import main
from fgraph.cli.sweeps import reads_seed
from tests.cli.conftest import FakeJobs


def test_flag_anywhere(jobs: FakeJobs) -> None:
    assert main(["graph=panorama", "-m", "seed=range(0,3)", "hydra.sweep.dir=swept"]) == 0
    assert [graph["seed"] for graph in jobs.graphs] == [0, 1, 2]
    assert sorted(path.parent.name for path in Path("swept").rglob("done")) == ["0", "1", "2"]


def test_failing_job_is_named_and_the_others_run(jobs: FakeJobs, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-m", "graph.nodes.extra.op=shift,nope,crop", "hydra.sweep.dir=swept"]) == 2
    printed = capsys.readouterr().err
    assert "job 1 (graph.nodes.extra.op=nope): " in printed
    assert "Traceback" not in printed
    assert len(list(Path("swept").rglob("done"))) == 2


def test_bug_in_one_job_lets_the_others_run(jobs: FakeJobs, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-m", "graph.nodes.extra.op=bug,nope,crop", "hydra.sweep.dir=swept"]) == 1
    printed = capsys.readouterr().err
    assert "job 0" in printed
    assert "job 1" in printed
    assert "Traceback" in printed
    assert len(list(Path("swept").rglob("done"))) == 1


def test_unknown_graph_in_a_sweep(jobs: FakeJobs, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-m", "graph=panorama,nope"]) == 2
    assert "panorama" in capsys.readouterr().err
    assert not jobs.graphs


@pytest.mark.parametrize(("overrides", "warns"), [([], False), (["graph.nodes.z.seed=1"], True)])
def test_identical_jobs_are_said(
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
