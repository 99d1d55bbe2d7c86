"""The structure of a plan. Plans of equal structure differ only in their host inputs, and share one capture."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from fgraph.plan.contents import PlanContents
from fgraph.plan.gather import Gather
from fgraph.plan.steps import Step, StepResult


def structure_of(plan: PlanContents) -> Hashable:
    """Return a key that is equal for plans that make the same calls with the same models on rows at the same locations.

    Such plans may differ in the parameters of steps without operands (seeds, codes, masks, noise, pictures), in
    parameters that are numbers, and in the names of outputs.
    """
    models = sorted((name, getattr(model, "identity", id(model))) for name, model in plan.models.items())
    shared = (replace(plan.options, memory=None), id(plan.baseline), *models)
    return (shared, *map(step_key, plan.steps), *map(result_key, plan.results))


def step_key(step: Step) -> Hashable:
    """Return a key that is equal for steps that make the same call on rows at the same locations."""
    params = () if step.is_host_input or step.op.takes_numbers else step.params
    regions = None if step.regions is None else step.regions.tobytes()
    return (step.op, step.rows, step.type, step.tile, regions, params, step.last_uses, *map(_gather, step.inputs))


def result_key(result: StepResult) -> Hashable:
    """Return a key that is equal for results of the same rows at the same locations."""
    tensors = [(name, _gather(gather)) for name, gather in result.tensors.items()]
    return (result.place, result.output.kind, result.rows.tobytes(), result.region, result.after, *tensors)


def _gather(gather: Gather) -> Hashable:
    windows = None if gather.windows is None else gather.windows.tobytes()
    locations = gather.locations
    found = (locations.depth, locations.buffers.tobytes(), locations.rows.tobytes(), locations.regions.tobytes())
    return (gather.size, gather.exact, gather.wraps, windows, *found)
