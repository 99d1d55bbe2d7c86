"""Capture of a plan: inputs from the host go into fixed buffers, everything else is captured once and replayed.

On CUDA a capture is a CUDA graph, which launches all kernels in one call. Only `capture_cuda` depends on CUDA;
splitting a plan, filling its input buffers and replaying it are the same for every capturer. It is not measured on a
GPU.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace

import torch
from torch import Tensor

from fgraph import _results as results
from fgraph._errors import FgraphError, MemoryBudgetError
from fgraph._log import get_logger
from fgraph.ir import ops
from fgraph.ir.ops import Op
from fgraph.plan import Plan, StepResult, structure_of
from fgraph.runtime.collect import Collector
from fgraph.runtime.execute import execute, host_input
from fgraph.runtime.kernels import KernelContext
from fgraph.runtime.memory import free_bytes
from fgraph.runtime.run import make_context

Made = dict[StepResult, dict[str, Tensor]]
Replay = Callable[[], Made]
Capturer = Callable[[Callable[[], Made], torch.device], Replay]

# Operations whose kernels run on the device alone: they read no tensor back, and apart from their numbers need only
# constants that follow from the structure of the plan. A plan with any other operation, apart from host inputs, is not
# captured.
CAPTURABLE: tuple[type[Op], ...] = (
    ops.MapZ, ops.Truncate, ops.Repeat, ops.Affine, ops.Lerp, ops.Splice, ops.Own, ops.DragPart, ops.Encode,
    ops.Distance,
    ops.InDeviations, ops.MapLevels, ops.Slope, ops.Move, ops.MoveTo, ops.TruncateStyles, ops.Slerp, ops.Combine,
    ops.Const, ops.Conv, ops.ToRGB, ops.Upsample, ops.Mix, ops.Fourier, ops.Filtered,
    ops.Pad, ops.Resize, ops.Shift, ops.Crop, ops.Flip, ops.Concat, ops.BendChannels, ops.Patch, ops.Arrows,
    ops.Clamp, ops.Spill,
)  # fmt: skip
_BESIDE = 2  # a plan gets 1 / this of the free memory; the rest is for its fixed buffers and its results
_LOG = get_logger()


def capture_cuda(run: Callable[[], Made], device: torch.device) -> Replay:
    """Capture `run` as a CUDA graph with its own memory pool."""
    with torch.cuda.device(device):
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            run()  # sends constants and lets libraries choose kernels, which may not happen in a capture
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            made = run()

    def replay() -> Made:
        with torch.cuda.device(device):
            graph.replay()
        return made

    return replay


CAPTURERS: dict[str, Capturer] = {"cuda": capture_cuda}  # capturers by the type of device


def capture_plan(plan: Plan) -> CapturedPlan | None:
    """Capture a plan. Return None and log the reason if that is impossible; the plan then runs as usual.

    Raises:
        FgraphError: this machine has no such device.
        ModelError: a model's file cannot be read.
    """
    context = make_context(plan.models, plan.options)
    capturer = CAPTURERS.get(context.device.type)
    unfit = [step for step in plan.steps if not (step.is_host_input or type(step.op) in CAPTURABLE)]
    if capturer is None:
        reason = f"only on CUDA, and this is {context.device.type}"
    elif unfit:
        reason = f"{unfit[0].op}, for {plan.raw.source_locations[int(unfit[0].source_locations[0])]}, may ask the host"
    else:
        try:
            return CapturedPlan(plan, context, capturer)
        except (FgraphError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
    _LOG.warning("the plan is not captured, and runs as usual: %s", reason)
    return None


class CapturedPlan:
    """A captured plan, which also runs other plans of equal structure, one at a time."""

    def __init__(self, plan: Plan, context: KernelContext, capturer: Capturer) -> None:
        self._budget = None if plan.options.memory is not None else free_bytes(context.device) // _BESIDE
        self._plan = self._cut(plan)
        self._context = replace(context, constants={}, is_captured=True)
        self._structure = structure_of(self._plan)
        self._params: dict[int, Hashable] = {}  # parameters of the host inputs in the buffers
        self._host_inputs: dict[int, Tensor] = {}
        with torch.inference_mode():
            self._feed(self._plan)
            self._replay = capturer(self._run, context.device)

    def run(self, plan: Plan) -> list[results.Results] | None:
        """Run a plan of the same structure; return name -> result for each graph, or None if the structure differs.

        Raises:
            RunError: a step failed.
        """
        try:
            plan = self._cut(plan)
        except MemoryBudgetError:  # less memory is free than at the time of the capture
            return None
        if structure_of(plan) != self._structure:
            return None
        collector = Collector(plan.program)
        with torch.inference_mode():
            self._feed(plan)
            made = self._replay()
            for captured, result in zip(self._plan.results, plan.results, strict=True):
                collector.take(result, {name: tensor.clone() for name, tensor in made[captured].items()})
        return collector.finish()

    def _cut(self, plan: Plan) -> Plan:
        return plan if self._budget is None or plan.options.memory is not None else plan.within(self._budget)

    def _feed(self, plan: Plan) -> None:
        """Copy the host inputs that differ from the last run, and always those that are not fixed, such as files."""
        for number, step in enumerate(plan.steps):
            if step.op.is_fixed and self._params.get(number) == step.params:
                continue
            handed = host_input(plan, number, self._context)
            if handed is None:
                continue
            if number in self._host_inputs:
                self._host_inputs[number].copy_(handed)
            else:
                self._host_inputs[number] = handed.clone()
            self._params[number] = step.params

    def _run(self) -> Made:
        made: Made = {}
        execute(self._plan, self._context, made.__setitem__, host_inputs=self._host_inputs)
        return made
