"""The memory of plans: measured peaks, and random graphs under budgets just below their prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import given
from torch.profiler import profile

import fgraph
from fgraph.stylegan.tables.base import Table
from tests.examples import thoroughly
from tests.networks import roomy
from tests.strategies import GraphBuilder, graphs

MARGIN = 1.15  # a measured peak is at most this many times the predicted one


def measured_peak(plan: fgraph.Plan) -> int:
    """Return the most bytes that torch had allocated at once while a plan ran again."""
    fgraph.run(plan)  # creates the tensors that a generator caches
    return peak_of_a_run(plan)


def peak_of_a_run(plan: fgraph.Plan) -> int:
    """Return the most bytes that torch had allocated at once while a plan ran."""
    with profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profiler:
        fgraph.run(plan)
    events = profiler.profiler.kineto_results.events()
    changes = sorted((event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]")
    alive = peak = 0
    for _, change in changes:
        alive += change
        peak = max(peak, alive)
    return peak


class RoomyBuilder(GraphBuilder):
    """A builder for a generator whose maps have many channels.

    Torch convolves small maps through a copy of nine times their size, and draws with buffers of constant size. In
    graphs on tiny generators, these are larger than all maps together.
    """

    def models(self) -> tuple[str, Table]:
        return "roomy", roomy(0).table


@dataclass(frozen=True)
class Budget:
    """The memory of one graph."""

    predicted: int
    measured: int
    refused: bool  # whether a budget of one byte less than predicted is refused
    cut_to: int  # the predicted peak under that budget; 0: it is refused

    @property
    def faults(self) -> list[str]:
        """Descriptions of what is wrong."""
        found = []
        if self.measured > MARGIN * self.predicted:
            found.append(f"{self.predicted} bytes were predicted, and {self.measured} measured")
        if self.cut_to >= self.predicted:
            found.append(f"a budget of {self.predicted - 1} bytes was neither refused nor met: {self.cut_to}")
        return found


def random_budgets(count: int) -> list[Budget]:
    """Return the memory of `count` random graphs, the same ones each time."""
    budgets: list[Budget] = []

    @thoroughly(count)
    @given(graphs(RoomyBuilder))
    def measure(document: dict[str, Any]) -> None:
        graph = fgraph.load(document | {"models": {"main": roomy(0), "toon": roomy(1)}})
        plan = fgraph.compile(graph, device="cpu")
        predicted = plan.cost.peak_bytes
        try:
            cut_to = plan.within(predicted - 1).cost.peak_bytes
        except fgraph.MemoryBudgetError:
            cut_to = 0
        measured = peak_of_a_run(plan)
        if measured > MARGIN * predicted:  # perhaps by the tensors that a generator caches, which it now has
            measured = peak_of_a_run(plan)
        budgets.append(Budget(predicted, measured, not cut_to, cut_to))

    measure()
    return budgets
