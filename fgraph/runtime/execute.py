"""Execution of a plan: each step is one call over all its rows, and each result is passed on when it is complete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from fgraph._errors import FgraphError, RunError
from fgraph.ir.ops import StyleGAN2Op
from fgraph.plan import Plan, Step, StepResult, baseline_buffer
from fgraph.runtime.kernels import KERNELS, KernelContext
from fgraph.runtime.layers import run_layer
from fgraph.runtime.progress import progress
from fgraph.runtime.read import read
from fgraph.runtime.tiles import run_tiles

OnStep = Callable[[Step], None]
OnResult = Callable[[StepResult, dict[str, Tensor]], None]
OnFreed = Callable[[int], None]
HostInputs = Mapping[int, Tensor]  # step -> the result of `host_input`
NOTHING: HostInputs = MappingProxyType({})


def execute(
    plan: Plan,
    context: KernelContext,
    on_result: OnResult,
    *,
    on_step: OnStep | None = None,
    on_freed: OnFreed | None = None,
    host_inputs: HostInputs = NOTHING,
) -> dict[int, Tensor]:
    """Run every step of a plan, and pass each of `plan.results` with its tensors by name to `on_result`.

    Args:
        plan: the plan.
        context: the generators, device and type.
        on_result: called with each result when it is complete.
        on_step: called after each step.
        on_freed: called after each step with the number of bytes that it freed.
        host_inputs: host inputs that are already on the device, by step.

    Returns:
        The values that a baseline plan keeps, by number.

    Raises:
        RunError: a step failed; the message names the operation and its nodes.
    """
    ready = plan.results_by_step
    buffers: dict[int, Tensor] = {}
    if plan.baseline is not None:
        buffers |= {baseline_buffer(slot): tensor for slot, tensor in plan.baseline.tensors.items()}

    def hand_over(number: int) -> None:
        for result in ready.get(number, ()):
            on_result(result, {name: read(buffers, gather, context) for name, gather in result.tensors.items()})

    with torch.inference_mode(), progress(len(plan.steps), "running") as job:
        hand_over(-1)  # results of a baseline need no step
        for number, step in enumerate(plan.steps):
            made = host_inputs.get(number)
            if made is None or step.op.takes_numbers:
                made = _run_step(plan, number, buffers, context, made)
            buffers[number] = made
            if on_step:
                on_step(step)
            hand_over(number)
            freed = sum(buffers[buffer].nbytes for buffer in step.last_uses) if on_freed else 0
            for buffer in step.last_uses:
                del buffers[buffer]
            if on_freed:
                on_freed(freed)
            job.advance()
    return {one.value: buffers[one.buffer][one.start : one.start + one.rows] for one in plan.baseline_values}


def host_input(plan: Plan, number: int, context: KernelContext) -> Tensor | None:
    """Return the host input of a step: its numbers, or its whole result; None if it has none.

    Raises:
        RunError: the step failed.
    """
    step = plan.steps[number]
    if step.op.takes_numbers:
        return context.numbers(step.params)
    return _run_step(plan, number, {}, context) if step.is_host_input else None


def _run_step(
    plan: Plan, number: int, buffers: dict[int, Tensor], context: KernelContext, numbers: Tensor | None = None
) -> Tensor:
    step = plan.steps[number]
    try:
        if isinstance(step.op, StyleGAN2Op):
            made = run_layer(step.op, step, buffers, context)
        elif step.is_plain:
            inputs = [read(buffers, gather, context) for gather in step.inputs]
            given: Any = step.params
            if step.op.takes_numbers:
                given = context.numbers(step.params) if numbers is None else numbers
            made = KERNELS[type(step.op)](step.op, inputs, given, context)
        else:
            made = run_tiles(step, buffers, context)
        if made.shape != plan.result_shapes[number]:
            raise ValueError(f"made a tensor {list(made.shape)}, the plan expects {list(plan.result_shapes[number])}")
        return made
    except FgraphError:
        raise
    except Exception as error:
        nodes = ", ".join(
            dict.fromkeys(str(plan.raw.source_locations[origin]) for origin in step.source_locations[:3].tolist())
        )
        raise RunError(f"{step.op} failed on {step.rows} rows, for {nodes}: {error}") from error
