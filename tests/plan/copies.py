"""Plans that retain as many values as they can, and the content of plans, to compare them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from fgraph.ir.costs import CostModel
from fgraph.plan import Plan
from fgraph.plan.chunked_steps import ChunkedSteps
from fgraph.plan.cost import bytes_in_use
from fgraph.plan.structures import result_key, step_key


def free_copies(plan: Plan) -> Plan:
    """Return a plan whose copies cost nothing, so that it retains as much as possible even in tiny networks."""
    return replace(plan, cost_model=CostModel(copy_call=0, copied_byte=0))


def contents_of(work: ChunkedSteps | Plan) -> list[Hashable]:
    """Return everything that a run and the cost of a plan depend on."""
    steps = [
        (step_key(step), step.key, step.params, step.source_locations.tobytes(), step.workspace, step.flops)
        for step in work.steps
    ]
    copies = [
        tuple(gather.copies if gather.way == "tiles" else tuple(gather.sources) for gather in one.inputs)
        for one in work.steps
    ]
    used = bytes_in_use(work.steps, work.results)
    return [*steps, *copies, *map(result_key, work.results), work.chunks, work.retained_bytes, *used]
