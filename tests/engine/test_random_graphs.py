"""Random valid graphs: the two engines and the step interpreter agree, and no row depends on what runs beside it.

The graphs are drawn, compiled and run once, and then checked for one property after the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import pytest

import fgraph
from fgraph._results import Results
from tests.engine.comparing import arrays_of, assert_as_interpreted, assert_equal
from tests.engine.narrowing import narrowed
from tests.examples import assert_often_cut, cut_into, drawn, noting
from tests.features import FEATURES, used
from tests.strategies import graphs, load

EXAMPLES = 300
LEAST = 3  # how often each feature must occur among the examples


class Ran(NamedTuple):
    """A document, its graph, the plan of the graph, and the results of the plan."""

    document: dict[str, Any]
    graph: fgraph.Graph
    plan: fgraph.Plan
    results: Results


def run(document: dict[str, Any]) -> Ran:
    graph = load(document)
    plan = fgraph.compile(graph, device="cpu")
    return Ran(document, graph, plan, fgraph.run(plan))


@cache
def documents() -> list[dict[str, Any]]:
    return drawn(EXAMPLES, graphs())


@cache
def example(number: int) -> Ran:
    return run(documents()[number])


@cache
def reseeded(number: int) -> Ran:
    """Return the example with another seed."""
    return run(documents()[number] | {"seed": 6 + number})


@pytest.fixture(autouse=True, scope="module")
def _forget() -> Iterator[None]:
    """Free the examples at the end of the module."""
    yield
    for known in (documents, example, reseeded):
        known.cache_clear()


@pytest.mark.numeric
def test_engines_and_interpreter_agree_on_graphs_that_use_every_feature() -> None:
    seen: Counter[str] = Counter()
    for number, document in enumerate(documents()):
        seen.update(used(document))
        with noting(document):
            one = example(number)
            assert_equal(one.results, fgraph.run(one.plan, engine="eager"))
            assert_as_interpreted(one.results, one.graph)
    rare = {feature: seen[feature] for feature in FEATURES if seen[feature] < LEAST}
    assert not rare, f"hardly any of {EXAMPLES} examples has these: {rare}"


def test_a_row_is_the_same_alone() -> None:
    for number in range(100):
        row, together = number % 3, example(number)
        with noting(together.document):
            alone = load(narrowed(together.document, together.graph, row))
            for name, result in fgraph.run(alone, device="cpu").items():
                last = len(_first(together.results[name])) - 1
                assert_equal({name: result}, {name: together.results[name]}, min(row, last))


def test_graphs_compiled_together_are_the_same_alone() -> None:
    """Two or three graphs, each with two seeds."""
    for first in range(0, 120, 2):
        apart = [one(number) for number in range(first, first + 2 + first % 4 // 2) for one in (example, reseeded)]
        with noting(*(one.document for one in apart)):
            together = fgraph.run([one.graph for one in apart], device="cpu")
            for result, alone in zip(together, apart, strict=True):
                assert_equal(result, alone.results)
                for name, one in result.items():
                    assert getattr(one, "space", None) == getattr(alone.results[name], "space", None), name


def test_work_cut_into_chunks_makes_the_same() -> None:
    chunks: list[int] = []
    for number in range(100, 160):
        whole = example(number)
        with noting(whole.document):
            cut = cut_into(whole.plan, 2 + number % 5)
            chunks.append(cut.chunks)
            assert cut.options.memory is not None
            assert cut.cost.peak_bytes <= cut.options.memory
            assert_equal(fgraph.run(cut), whole.results)
    assert_often_cut(chunks)


def resown(document: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return the document with another seed, the last one in a list, in its first sample, if it has any."""
    nodes = document["nodes"]
    first = next((name for name, node in nodes.items() if node["op"] == "sample"), None)
    if first is None:
        return document
    own = nodes[first].get("seed")
    other = [*own[:-1], 100 + seed] if isinstance(own, list) else 100 + seed
    return document | {"nodes": nodes | {first: nodes[first] | {"seed": other}}}


def test_a_run_that_builds_on_another_makes_the_same() -> None:
    for number in range(80):
        before = example(number)
        with noting(before.document):
            baseline = fgraph.run(before.plan, keep=True)
            assert_equal(baseline, before.results)
            assert_equal(fgraph.run(before.graph, since=baseline, device="cpu"), before.results)
            for after in (reseeded(number), run(resown(before.document, number % 4)), example(number + 1)):
                assert_equal(fgraph.run(after.plan, since=baseline), after.results)


def _first(result: Any) -> Any:
    return next(iter(arrays_of(result).values()))
