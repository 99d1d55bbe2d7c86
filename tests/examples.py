"""Tests on random graphs: settings of Hypothesis, and plans cut to a budget that they can meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

import fgraph


def thoroughly(examples: int) -> Callable[[Any], Any]:
    """Return the settings of a test on random graphs: the same examples on every machine."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),  # shrinking a graph takes minutes: add Phase.shrink to look closer
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )


def drawn(count: int, strategy: SearchStrategy[Any]) -> list[Any]:
    """Draw examples that several tests share, the same ones each time."""
    found: list[Any] = []

    @thoroughly(count)
    @given(strategy)
    def draw(one: Any) -> None:
        found.append(one)

    draw()
    return found


@contextmanager
def noting(*parts: object) -> Iterator[None]:
    """Add the parts of an example, such as its documents, to an error within the block."""
    try:
        yield
    except Exception as error:
        error.add_note("\n".join(map(repr, parts)))
        raise


def cut_into(plan: fgraph.Plan, parts: int, then: Callable[[fgraph.Plan], object] = lambda plan: None) -> fgraph.Plan:
    """Cut a plan to 1/parts of its peak memory, or to a larger fraction that it can meet.

    `then` is called with the cut plan; if it raises a budget error, a larger fraction is tried. A budget of the whole
    peak is always met, so every example ends in a comparison. Then `assert_often_cut` checks how many were cut.
    """
    needed = 0
    for fraction in dict.fromkeys((1 / parts, 1 / 2, 7 / 8, 1)):
        budget = max(1, int(fraction * plan.cost.peak_bytes))
        if budget < needed:
            continue
        try:
            cut = plan.within(budget)
            then(cut)
        except fgraph.MemoryBudgetError as error:
            needed = error.needed or 0
            continue
        return cut
    raise AssertionError("a plan does not fit into its own peak memory")


def assert_often_cut(chunks: Sequence[int]) -> None:
    """Assert that a quarter of the examples had several chunks: most random graphs end in codes and masks only."""
    cut = sum(count > 1 for count in chunks)
    assert cut >= len(chunks) / 4, f"only {cut} of {len(chunks)} plans were cut"
