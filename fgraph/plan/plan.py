"""The Plan: a program in steps, which can be split to fit a memory budget, or build on an earlier run."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fgraph._cached import cached_property
from fgraph._errors import MemoryBudgetError
from fgraph._options import DEFAULT_OPTIONS, RunOptions
from fgraph.analysis import without_differences
from fgraph.ir.baseline import Baseline
from fgraph.ir.costs import CostModel
from fgraph.ir.program import Program
from fgraph.ir.verify import verify
from fgraph.passes import find_differences, reuse
from fgraph.plan.chunked_steps import ChunkedSteps, build_baseline
from fgraph.plan.chunks import split_into_chunks
from fgraph.plan.contents import PlanContents
from fgraph.plan.device_profile import find_profile
from fgraph.plan.text import to_line, to_table


@dataclass(frozen=True, eq=False, repr=False)
class Plan(PlanContents):
    """A compiled graph, or several graphs compiled together.

    `str(plan)` is the table that `explain` prints, and `repr(plan)` one line. `cost` holds its totals, `layers` its
    lines.
    """

    def within(self, memory: int) -> Plan:
        """Return the plan in chunks that need at most `memory` bytes.

        Raises:
            MemoryBudgetError: the narrowest chunks need more.
        """
        plan = replace(self, options=replace(self.options, memory=memory))
        peak = self.cost.peak_bytes
        whole = self.options.memory is None and self.chunks == 1
        return plan if peak <= memory else plan._split(self.program, peak if whole else None)

    @cached_property
    def bounded(self) -> Plan:
        """The plan within the working set of the cost model, if that repeats few FLOPs; otherwise the plan itself.

        It suits a CPU, which gains little from larger batches, and spends time on the first touch of each page of
        memory.
        """
        if self.cost.peak_bytes <= self.cost_model.working_set:
            return self
        try:
            cut = self.within(self.cost_model.working_set)
        except MemoryBudgetError:
            return self
        return cut if cut.cost.flops <= self.cost_model.most_repeated * self.cost.flops else self

    def as_baseline(self) -> Plan:
        """Return the plan that computes every value whole and keeps it, for later runs to build on.

        Raises:
            MemoryBudgetError: all values together need more than the memory budget.
        """
        program = without_differences(self.program)
        work, values = build_baseline(program, self.options.memory)
        return replace(self, **_parts(work), program=program, baseline_values=values)

    def since(self, baseline: Baseline) -> Plan:
        """Return the plan of the rows that differ from an earlier run; the plan itself if that run had other models.

        Raises:
            MemoryBudgetError: the narrowest chunks need more than the memory budget.
        """
        if not baseline.serves(self.models, self.options.precision):
            return self
        reused = verify(reuse(without_differences(self.program), baseline))
        program = verify(find_differences(reused, baseline), reused)
        return replace(self._split(program), baseline=baseline)

    def _split(self, program: Program, peak: int | None = None) -> Plan:
        work = split_into_chunks(program, self.options.memory, self.cost_model, peak=peak)
        return replace(self, **_parts(work), program=program)

    def __str__(self) -> str:
        return to_table(self, self.bounded if self.options.memory is None and self.chunks == 1 else self)

    def __repr__(self) -> str:
        return f"Plan({to_line(self)})"

    def _repr_html_(self) -> str:
        """Show the table, for notebooks."""
        return f"<pre>{html.escape(str(self))}</pre>"


def make_plan(
    raw: Program,
    program: Program,
    models: Mapping[str, Any],
    *,
    single: bool = False,
    options: RunOptions = DEFAULT_OPTIONS,
    cost_model: CostModel | None = None,
    baseline: Baseline | None = None,
) -> Plan:
    """Batch a program into steps, in as few chunks as fit the memory budget.

    Args:
        raw: the program as lowered.
        program: the program after the passes.
        models: model -> its header, or a loaded generator.
        single: whether it was lowered from one graph, rather than from a list.
        options: the options of the run.
        cost_model: the costs that decisions compare; None: those of a calibrated device, otherwise the default.
        baseline: an earlier run to build on, as in `Plan.since`.

    Raises:
        MemoryBudgetError: the narrowest chunks need more than the budget.
    """
    profile = find_profile(options.device, options.precision)
    costs = CostModel.of(profile) if cost_model is None else cost_model
    plan = Plan(raw, program, (), (), models, single, options, profile, costs)
    if baseline is not None and baseline.serves(models, options.precision):
        return plan.since(baseline)
    return plan._split(program)


def _parts(work: ChunkedSteps) -> dict[str, Any]:
    """Return the fields of a plan that depend on its chunks."""
    return {
        "steps": work.steps,
        "results": work.results,
        "chunks": work.chunks,
        "retained_bytes": work.retained_bytes,
        "repeated_flops": work.repeated_flops,
    }
