"""The Plan: everything that will run, printable and costed without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from fgraph._errors import MemoryBudgetError
from fgraph.analysis import without_differences
from fgraph.ir.baseline import Baseline
from fgraph.ir.program import Program
from fgraph.ir.verify import verify
from fgraph.passes import find_differences, reuse
from fgraph.plan.chunked_steps import BaselineValue, ChunkedSteps, build_baseline
from fgraph.plan.chunks import split_into_chunks
from fgraph.plan.cost import Cost, LayerCost, layer_table, measure
from fgraph.plan.steps import Result, Step

WORKING_SET = 1 << 30  # bytes: the working set that a run on a CPU keeps to where it can
_REPEATED = 1.03  # the share of FLOPs that chunks of that size may have


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
    torch_compile: bool | str = False  # whether layers go through torch.compile, or by which backend
    memory: int | None = None  # bytes it was cut to fit; None: what the device has free when it runs
    chunks: int = 1
    retained_bytes: int = 0  # of maps, at most, that one chunk leaves for later ones
    repeated_flops: float = 0.0  # of what several chunks make of the same pixels
    baseline_values: tuple[BaselineValue, ...] = ()  # where values stand at the end, of a plan that keeps them
    baseline: Baseline | None = None  # the run that it builds on

    @cached_property
    def cost(self) -> Cost:
        """Calls, FLOPs and peak bytes, and what running row by row would have cost."""
        return measure(self.steps, self.results, self.raw, self.program)

    @cached_property
    def layers(self) -> list[LayerCost]:
        """The cost by layer and size."""
        return layer_table(self.steps, self.raw)

    def within(self, memory: int) -> Plan:
        """The same work, cut to fit `memory` bytes.

        Raises:
            MemoryBudgetError: it cannot be cut so small.
        """
        if self.cost.peak_bytes <= memory:
            return replace(self, memory=memory)
        return replace(self, **_parts(split_into_chunks(self.program, memory)), memory=memory)

    @cached_property
    def bounded(self) -> Plan:
        """The same work within `WORKING_SET` bytes, if that repeats next to nothing; else as it is.

        It is for a CPU, which gains little from batches so large and pays for each page of memory that it has not
        touched yet.
        """
        if self.cost.peak_bytes <= WORKING_SET:
            return self
        try:
            cut = self.within(WORKING_SET)
        except MemoryBudgetError:
            return self
        return cut if cut.cost.flops <= _REPEATED * self.cost.flops else self

    def as_baseline(self) -> Plan:
        """The same work with every value made whole and kept, for later runs to build on.

        Raises:
            MemoryBudgetError: all values together need more than the plan's memory.
        """
        program = without_differences(self.program)
        work, values = build_baseline(program, self.memory)
        return replace(self, **_parts(work), program=program, baseline_values=values)

    def since(self, baseline: Baseline) -> Plan:
        """The same work, computing only what differs from a run before; all of it, if that ran other models.

        Raises:
            MemoryBudgetError: it cannot be cut to the plan's memory.
        """
        if not baseline.serves(self.models, self.precision):
            return self
        program = find_differences(verify(reuse(without_differences(self.program), baseline)), baseline)
        return replace(
            self, **_parts(split_into_chunks(verify(program), self.memory)), program=program, baseline=baseline
        )

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
    torch_compile: bool | str = False,
    memory: int | None = None,
    baseline: Baseline | None = None,
) -> Plan:
    """Batch a program into steps, in as few chunks as fit `memory` bytes; with `baseline`, as `Plan.since` does.

    Raises:
        MemoryBudgetError: it cannot be cut so small.
    """
    plan = Plan(raw, program, (), (), models, single, device, precision, torch_compile, memory)
    if baseline is not None and baseline.serves(models, precision):
        return plan.since(baseline)
    return replace(plan, **_parts(split_into_chunks(program, memory)))


def _parts(work: ChunkedSteps) -> dict[str, Any]:
    """The fields of a plan that say what runs."""
    return {
        "steps": work.steps,
        "results": work.results,
        "chunks": work.chunks,
        "retained_bytes": work.retained_bytes,
        "repeated_flops": work.repeated_flops,
    }
