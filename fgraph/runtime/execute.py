"""Running a plan: each step one call over all its rows."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fgraph._errors import FgraphError, RunError
from fgraph.plan import Gather, Plan, Step
from fgraph.runtime.kernels import KERNELS, KernelContext
from fgraph.runtime.progress import progress

OnStep = Callable[[Step], None]


def execute(plan: Plan, context: KernelContext, on_step: OnStep | None = None) -> list[dict[str, Tensor]]:
    """Run every step; for each of `plan.results`, its tensors by name.

    Raises:
        RunError: a step failed; the message names the operation and the nodes it was made for.
    """
    buffers: dict[int, Tensor] = {}
    with torch.inference_mode(), progress(len(plan.steps), "running") as job:
        for number, step in enumerate(plan.steps):
            buffers[number] = _run_step(plan, step, buffers, context)
            if on_step:
                on_step(step)
            for buffer in step.frees:
                del buffers[buffer]
            job.advance()
        return [{name: read(buffers, one) for name, one in result.tensors.items()} for result in plan.results]


def _run_step(plan: Plan, step: Step, buffers: dict[int, Tensor], context: KernelContext) -> Tensor:
    try:
        inputs = [read(buffers, gather) for gather in step.inputs]
        made = KERNELS[type(step.op)](step.op, inputs, step.params, context)
        if made.shape != (step.rows, *step.type.shape):
            raise ValueError(f"made a tensor {list(made.shape)}, the plan expects {[step.rows, *step.type.shape]}")
        return made
    except FgraphError:
        raise
    except Exception as error:
        nodes = ", ".join(dict.fromkeys(str(plan.raw.origins[origin]) for origin in step.origins[:3].tolist()))
        raise RunError(f"{step.op} failed on {step.rows} rows, for {nodes}: {error}") from error


def read(buffers: dict[int, Tensor], gather: Gather) -> Tensor:
    """Rows of buffers: a view where they stand together, else a copy."""
    way = gather.way
    if way == "pieces":
        return torch.cat([_rows(buffers[buffer], rows) for buffer, rows in gather.pieces()])
    source = buffers[int(gather.buffers[0])]
    start = int(gather.rows[0])
    if way == "view":
        return source if gather.count == len(source) else source[start : start + gather.count]
    if way == "same":
        return source[start : start + 1].expand(gather.count, *source.shape[1:])
    return source.index_select(0, torch.tensor(gather.rows, device=source.device))


def _rows(source: Tensor, gather: Gather) -> Tensor:
    return read({int(gather.buffers[0]): source}, gather)
