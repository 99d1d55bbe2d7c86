"""Shards: complete, balanced, and cut where jobs share little."""

import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fgraph.api.graph_jobs import GraphJob
from fgraph.declare.config_source import BUNDLED
from fgraph.declare.document import parse
from fgraph.sweep.shards import JobFingerprint, cut, fingerprint

LIKENESSES = st.lists(
    st.builds(JobFingerprint, st.lists(st.sampled_from("abcd"), max_size=3).map(tuple), st.floats(1, 9)), min_size=1
)


def graph_job(name: str, seed: int, **fields: Any) -> GraphJob:
    text = (BUNDLED / "graph" / f"{name}.yaml").read_text()
    document = parse(text).data
    document["nodes"]["fade"] |= fields
    return GraphJob({**document, "seed": seed})


@given(LIKENESSES, st.integers(1, 9))
def test_every_job_is_in_one_shard(fingerprints: list[JobFingerprint], count: int) -> None:
    shards = cut(fingerprints, count)
    assert sorted(number for shard in shards for number in shard) == list(range(len(fingerprints)))
    assert len(shards) == min(count, len(fingerprints))
    assert all(shards)


@given(st.integers(1, 60), st.integers(1, 9))
def test_equal_jobs_make_equal_shards(jobs: int, count: int) -> None:
    sizes = [len(shard) for shard in cut([JobFingerprint(("a",))] * jobs, count)]
    assert max(sizes) - min(sizes) <= 1


def test_jobs_that_share_stay_together() -> None:
    jobs = [(seed, start) for start in (0.1, 0.2, 0.3) for seed in (1, 2, 3, 4)]
    shards = cut([fingerprint(graph_job("blend_horizontal", seed, start=start)) for seed, start in jobs], 2)
    seeds = [{jobs[number][0] for number in shard} for shard in shards]
    assert not seeds[0] & seeds[1]
    assert [len(shard) for shard in shards] == [6, 6]


def test_a_cut_moves_to_where_less_is_shared() -> None:
    jobs = [1] * 5 + [2] * 3
    shards = cut(
        [fingerprint(graph_job("blend_horizontal", seed, start=number / 20)) for number, seed in enumerate(jobs)], 2
    )
    assert sorted(map(len, shards)) == [3, 5]


def test_fingerprints_compare_computations() -> None:
    one, other = (
        fingerprint(graph_job("blend_horizontal", 1, start=0.1)),
        fingerprint(graph_job("blend_horizontal", 1, start=0.2)),
    )
    assert one.common(other) == 2  # left and right; the mask and what follows differ
    assert one.common(fingerprint(graph_job("blend_horizontal", 2, start=0.1))) == 1  # the mask
    assert fingerprint(GraphJob({"nodes": {"a": {"op": "nope"}}, "outputs": ["a"]})) == JobFingerprint()
    assert fingerprint(GraphJob({"nodes": {"a": {"op": "decode", "of": "b"}}, "outputs": ["a"]})) == JobFingerprint()


@pytest.mark.parametrize("path", sorted((BUNDLED / "graph").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_bundled_graph_has_a_fingerprint(path: Path) -> None:
    document = parse(path.read_text())
    if not document.interpolates and "defaults" not in document.data:
        assert fingerprint(GraphJob(document.data)).digests


def test_jobs_are_pickled_without_their_parsed_graph() -> None:
    sent = graph_job("blend_horizontal", 3)
    assert sent.graph.spec.seed == 3
    assert "graph" not in vars(pickle.loads(pickle.dumps(sent)))
    assert pickle.loads(pickle.dumps(sent)).graph.spec == sent.graph.spec
