"""Planning: turns a Program into steps that each run a batch of rows, with the cost known before the run."""

from fgraph.plan.cost import Cost, LayerCost
from fgraph.plan.gather import Copy, Gather
from fgraph.plan.locations import baseline_buffer
from fgraph.plan.plan import Plan, make_plan
from fgraph.plan.steps import Step, StepResult
from fgraph.plan.structures import structure_of

__all__ = [
    "Copy",
    "Cost",
    "Gather",
    "LayerCost",
    "Plan",
    "Step",
    "StepResult",
    "baseline_buffer",
    "make_plan",
    "structure_of",
]
