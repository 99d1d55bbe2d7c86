"""Contents of a plan: a program, the steps that run it, and their cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fgraph._cached import cached_property
from fgraph._options import DEFAULT_OPTIONS, RunOptions
from fgraph.ir.baseline import Baseline
from fgraph.ir.costs import DEFAULT_COSTS, CostModel, DeviceProfile
from fgraph.ir.program import Program
from fgraph.plan.chunked_steps import BaselineValue
from fgraph.plan.cost import Cost, LayerCost, layer_table, measure
from fgraph.plan.steps import Step, StepResult
from fgraph.plan.transfers import Transfers, count_transfers


@dataclass(frozen=True, eq=False)
class PlanContents:
    """Everything that a run needs; its cost is known without torch."""

    raw: Program  # the program as lowered from the graphs
    program: Program  # after the passes
    steps: tuple[Step, ...]
    results: tuple[StepResult, ...]
    models: Mapping[str, Any]  # model -> its header, or a loaded generator
    single: bool  # whether one graph was given, rather than a list
    options: RunOptions = DEFAULT_OPTIONS
    profile: DeviceProfile | None = None  # None: the device is not calibrated
    cost_model: CostModel = DEFAULT_COSTS
    chunks: int = 1
    retained_bytes: int = 0  # the most bytes of maps that one chunk leaves for later chunks
    repeated_flops: float = 0.0  # FLOPs of pixels that earlier chunks also compute
    baseline_values: tuple[BaselineValue, ...] = ()  # locations of the values that a baseline plan keeps
    baseline: Baseline | None = None  # the earlier run that it builds on

    @cached_property
    def cost(self) -> Cost:
        """Calls, FLOPs and peak bytes of the plan, and of running row by row."""
        return measure(self.steps, self.results, self.raw, self.program)

    @cached_property
    def result_shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shape of the result of each step."""
        return tuple((step.rows, *step.row_type.shape) for step in self.steps)

    @cached_property
    def results_by_step(self) -> Mapping[int, Sequence[StepResult]]:
        """The results that are complete after each step; -1: before the first."""
        found: dict[int, list[StepResult]] = {}
        for result in self.results:
            found.setdefault(result.after, []).append(result)
        return found

    @cached_property
    def transfers(self) -> Transfers:
        """The copies between host and device."""
        return count_transfers(self.steps, self.results, self.program)

    @cached_property
    def layers(self) -> list[LayerCost]:
        """The cost by layer and size."""
        return layer_table(self.steps, self.raw)
