"""The Plan: everything that will run, printable and costed without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fgraph._errors import MemoryBudgetError
from fgraph.ir.program import Program
from fgraph.plan.build import build_steps
from fgraph.plan.cost import Cost, LayerCost, layer_table, measure
from fgraph.plan.steps import Result, Step


@dataclass(frozen=True, eq=False)
class Plan:
    """A compiled graph, or many compiled together.

    `str(plan)` is the table that `explain` prints. `cost` holds the totals, `layers` the lines of the table.
    """

    raw: Program  # as lowered: what the graphs mean
    program: Program  # after the passes
    steps: tuple[Step, ...]
    results: tuple[Result, ...]
    models: Mapping[str, Any]  # model -> its header, or a loaded generator
    single: bool  # whether one graph was given, rather than a list
    device: str = "auto"
    precision: str = "float32"

    @cached_property
    def cost(self) -> Cost:
        """Calls, FLOPs and peak bytes, and what running row by row would have cost."""
        return measure(self.steps, self.raw)

    @cached_property
    def layers(self) -> list[LayerCost]:
        """The cost by layer and size."""
        return layer_table(self.steps, self.raw)

    def __str__(self) -> str:
        from fgraph.plan.text import to_table

        return to_table(self)


def make_plan(
    raw: Program,
    program: Program,
    models: Mapping[str, Any],
    *,
    single: bool = False,
    device: str = "auto",
    precision: str = "float32",
    memory: int | None = None,
) -> Plan:
    """Batch a program into steps.

    Raises:
        MemoryBudgetError: the peak is over `memory` bytes.
    """
    steps, results = build_steps(program)
    plan = Plan(raw, program, steps, results, models, single, device, precision)
    if memory is not None and plan.cost.peak_bytes > memory:
        raise MemoryBudgetError(
            f"the plan needs {plan.cost.peak_bytes / 2**20:.1f} MiB at its peak, over the {memory / 2**20:.1f} MiB; "
            "compile fewer graphs or rows together, or raise memory"
        )
    return plan
