"""Random valid graphs of StyleGAN3: both engines and the step interpreter agree, whatever runs beside a row."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgraph
from fgraph.ir.ops import Filtered, Fourier
from tests.engine import comparing
from tests.engine.comparing import STYLEGAN3_TERMS, arrays_of, assert_as_interpreted
from tests.engine.narrowing import narrowed
from tests.examples import assert_often_cut, cut_into, thoroughly
from tests.strategies import graphs, load
from tests.strategies_stylegan3 import stylegan3_graphs

EXAMPLES, LEAST = 45, 1
assert_equal = partial(comparing.assert_equal, terms=STYLEGAN3_TERMS)


@pytest.mark.numeric
def test_engines_and_interpreter_agree() -> None:
    seen: Counter[str] = Counter()

    @thoroughly(EXAMPLES)
    @given(stylegan3_graphs())
    def agree(document: dict[str, Any]) -> None:
        graph = load(document)
        plan = fgraph.compile(graph, device="cpu")
        seen.update({node["op"] for node in document["nodes"].values()})
        seen[document["models"]["main"]] += 1
        for op in (Fourier, Filtered):
            seen[f"tiles of {op.name}"] += any(isinstance(step.op, op) and step.tile for step in plan.steps)
        batched = fgraph.run(plan)
        assert_equal(batched, fgraph.run(plan, engine="eager"))
        assert_as_interpreted(batched, graph, terms=STYLEGAN3_TERMS)

    agree()
    expected = (
        "t", "r", "tiles of fourier", "tiles of filtered",
        "blend", "mosaic", "pad", "resize", "crop", "shift", "flip", "transform", "concat", "restyle", "tap", "rows",
        "bend", "direction", "truncate", "walk",
    )  # fmt: skip
    rare = {name: seen[name] for name in expected if seen[name] < LEAST}
    assert not rare, f"hardly any of {EXAMPLES} examples has these: {rare}"


@thoroughly(15)
@given(stylegan3_graphs(), st.integers(0, 2))
def test_a_row_is_the_same_alone(document: dict[str, Any], row: int) -> None:
    graph = load(document)
    together = fgraph.run(graph, device="cpu")
    for name, result in fgraph.run(load(narrowed(document, graph, row)), device="cpu").items():
        rows = next(iter(arrays_of(together[name]).values()))
        assert_equal({name: result}, {name: together[name]}, min(row, len(rows) - 1))


@thoroughly(8)
@given(stylegan3_graphs(), graphs(), st.integers(0, 99))
def test_graphs_compiled_together_are_the_same_alone(own: dict[str, Any], other: dict[str, Any], seed: int) -> None:
    varied = [load(own), load(other), load(own | {"seed": seed})]
    for graph, result in zip(varied, fgraph.run(varied, device="cpu"), strict=True):
        assert_equal(result, fgraph.run(graph, device="cpu"))


def test_work_cut_into_chunks_makes_the_same() -> None:
    chunks: list[int] = []

    @thoroughly(12)
    @given(stylegan3_graphs(), st.integers(2, 6))
    def agree(document: dict[str, Any], parts: int) -> None:
        plan = fgraph.compile(load(document), device="cpu")
        cut = cut_into(plan, parts)
        chunks.append(cut.chunks)
        assert_equal(fgraph.run(cut), fgraph.run(plan))

    agree()
    assert_often_cut(chunks)


@thoroughly(10)
@given(stylegan3_graphs(), st.integers(0, 3))
def test_a_run_that_builds_on_another_makes_the_same(document: dict[str, Any], seed: int) -> None:
    baseline = fgraph.run(load(document), keep=True, device="cpu")
    for one in (document, document | {"seed": seed}):
        plan = fgraph.compile(load(one), device="cpu")
        assert_equal(fgraph.run(plan, since=baseline), fgraph.run(plan))
