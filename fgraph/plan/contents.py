"""Contents of a plan: the steps that will run, for which program, with their cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fgraph._options import DEFAULT_OPTIONS, RunOptions
from fgraph.ir.baseline import Baseline
from fgraph.ir.costs import DEFAULT_COSTS, CostModel, DeviceProfile
from fgraph.ir.program import Program
from fgraph.plan.chunked_steps import BaselineValue
from fgraph.plan.cost import Cost, LayerCost, layer_table, measure
from fgraph.plan.steps import Result, Step


@dataclass(frozen=True, eq=False)
class PlanContents:
    """Everything that will run, costed without torch."""

    raw: Program  # as lowered: what the graphs mean
    program: Program  # after the passes
    steps: tuple[Step, ...]
    results: tuple[Result, ...]
    models: Mapping[str, Any]  # model -> its header, or a loaded generator
    single: bool  # whether one graph was given, rather than a list
    options: RunOptions = DEFAULT_OPTIONS
    profile: DeviceProfile | None = None  # what was measured of the device; None: nothing
    cost_model: CostModel = DEFAULT_COSTS
    chunks: int = 1
    retained_bytes: int = 0  # of maps, at most, that one chunk leaves for later ones
    repeated_flops: float = 0.0  # of pixels that several chunks compute
    baseline_values: tuple[BaselineValue, ...] = ()  # where values are at the end, of a plan that keeps them
    baseline: Baseline | None = None  # the run that it builds on

    @cached_property
    def cost(self) -> Cost:
        """Calls, FLOPs and peak bytes, and those of running row by row."""
        return measure(self.steps, self.results, self.raw, self.program)

    @cached_property
    def layers(self) -> list[LayerCost]:
        """The cost by layer and size."""
        return layer_table(self.steps, self.raw)
