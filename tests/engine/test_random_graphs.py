"""Random valid graphs: the two engines and the step interpreter agree, and no row depends on what runs beside it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgraph
from tests.engine.comparing import arrays_of, assert_as_interpreted, assert_equal
from tests.engine.narrowing import narrowed
from tests.examples import assert_often_cut, cut_into, thoroughly
from tests.features import FEATURES, used
from tests.strategies import graphs, load

EXAMPLES = 300
LEAST = 3  # how often each feature must occur among the examples


@pytest.mark.numeric
def test_engines_and_interpreter_agree_on_graphs_that_use_every_feature() -> None:
    seen: Counter[str] = Counter()

    @thoroughly(EXAMPLES)
    @given(graphs())
    def agree(document: dict[str, Any]) -> None:
        seen.update(used(document))
        graph = load(document)
        plan = fgraph.compile(graph, device="cpu")
        batched = fgraph.run(plan)
        assert_equal(batched, fgraph.run(plan, engine="eager"))
        assert_as_interpreted(batched, graph)

    agree()
    rare = {feature: seen[feature] for feature in FEATURES if seen[feature] < LEAST}
    assert not rare, f"hardly any of {EXAMPLES} examples has these: {rare}"


@thoroughly(100)
@given(graphs(), st.integers(0, 2))
def test_a_row_is_the_same_alone(document: dict[str, Any], row: int) -> None:
    graph = load(document)
    alone = load(narrowed(document, graph, row))
    together = fgraph.run(graph, device="cpu")
    rows = {name: min(row, len(_first(result)) - 1) for name, result in together.items()}
    for name, result in fgraph.run(alone, device="cpu").items():
        assert_equal({name: result}, {name: together[name]}, rows[name])


@thoroughly(60)
@given(st.lists(graphs(), min_size=2, max_size=3), st.lists(st.integers(0, 99), min_size=1, max_size=3))
def test_graphs_compiled_together_are_the_same_alone(documents: list[dict[str, Any]], seeds: list[int]) -> None:
    varied = [load(document | {"seed": seed}) for document in documents for seed in seeds]
    for graph, result in zip(varied, fgraph.run(varied, device="cpu"), strict=True):
        alone = fgraph.run(graph, device="cpu")
        assert_equal(result, alone)
        for name, one in result.items():
            assert getattr(one, "space", None) == getattr(alone[name], "space", None), name


def test_work_cut_into_chunks_makes_the_same() -> None:
    chunks: list[int] = []

    @thoroughly(60)
    @given(graphs(), st.integers(2, 6))
    def agree(document: dict[str, Any], parts: int) -> None:
        plan = fgraph.compile(load(document), device="cpu")
        cut = cut_into(plan, parts)
        chunks.append(cut.chunks)
        assert cut.options.memory is not None
        assert cut.cost.peak_bytes <= cut.options.memory
        assert_equal(fgraph.run(cut), fgraph.run(plan))

    agree()
    assert_often_cut(chunks)


def resown(document: dict[str, Any], seed: int) -> dict[str, Any]:
    """The document with another seed in its first sample, if it has any: of several, the last."""
    nodes = document["nodes"]
    first = next((name for name, node in nodes.items() if node["op"] == "sample"), None)
    if first is None:
        return document
    own = nodes[first].get("seed")
    other = [*own[:-1], 100 + seed] if isinstance(own, list) else 100 + seed
    return document | {"nodes": nodes | {first: nodes[first] | {"seed": other}}}


@thoroughly(80)
@given(st.lists(graphs(), min_size=2, max_size=2), st.integers(0, 3))
def test_a_run_that_builds_on_another_makes_the_same(documents: list[dict[str, Any]], seed: int) -> None:
    before = fgraph.compile(load(documents[0]), device="cpu")
    baseline = fgraph.run(before, keep=True)
    plain = fgraph.run(before)
    assert_equal(baseline, plain)
    assert_equal(fgraph.run(load(documents[0]), since=baseline, device="cpu"), plain)
    for document in (documents[0] | {"seed": seed}, resown(documents[0], seed), documents[1]):
        plan = fgraph.compile(load(document), device="cpu")
        assert_equal(fgraph.run(plan, since=baseline), fgraph.run(plan))


def _first(result: Any) -> np.ndarray:
    return next(iter(arrays_of(result).values()))
