"""Plans run many times: what the host hands in goes into fixed buffers, all else is recorded once and replayed.

On CUDA the record is a graph of CUDA, which launches everything in one call. How a plan is split, fed and replayed is
the same for every recorder; only `record_cuda` knows CUDA. It is not measured on a GPU.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from dataclasses import replace

import torch
from torch import Tensor

from fgraph import _results as results
from fgraph._errors import FgraphError, MemoryBudgetError
from fgraph.ir import ops
from fgraph.ir.ops import Op
from fgraph.plan import Plan, Result, structure_of
from fgraph.runtime.collect import Collector
from fgraph.runtime.execute import execute, from_host
from fgraph.runtime.kernels import KernelContext
from fgraph.runtime.memory import free_bytes
from fgraph.runtime.run import make_context

Made = dict[Result, dict[str, Tensor]]
Replay = Callable[[], Made]
Recorder = Callable[[Callable[[], Made], torch.device], Replay]

# Operations whose kernels work on the device alone: no tensor is read back, and what they need of the host beside their
# numbers follows from the structure of the plan. Those that are not here, and read others, are not recorded.
RECORDED: tuple[type[Op], ...] = (
    ops.MapZ, ops.Truncate, ops.Repeat, ops.Affine, ops.Lerp, ops.Splice,
    ops.Slope, ops.Move, ops.TruncateStyles, ops.Slerp, ops.Combine,
    ops.Const, ops.Conv, ops.ToRGB, ops.Upsample, ops.Mix,
    ops.Pad, ops.Resize, ops.Shift, ops.Crop, ops.Flip, ops.Concat, ops.BendChannels, ops.Clamp, ops.Spill,
)  # fmt: skip
_BESIDE = 2  # a plan is cut to 1 / this of what is free: its fixed buffers, and all its results, stand beside it
_LOG = logging.getLogger("fgraph")


def record_cuda(run: Callable[[], Made], device: torch.device) -> Replay:
    """Capture what `run` does as a graph of CUDA, with memory of its own."""
    with torch.cuda.device(device):
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            run()  # constants come from the host, libraries choose their ways: neither may happen in a capture
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            made = run()

    def replay() -> Made:
        with torch.cuda.device(device):
            graph.replay()
        return made

    return replay


RECORDERS: dict[str, Recorder] = {"cuda": record_cuda}  # by the type of device


def record(plan: Plan) -> Recording | None:
    """Record a plan; None, and a line in the log, where that cannot be: it is then to be run as usual.

    Raises:
        FgraphError: this machine has no such device.
        ModelError: a model's file cannot be read.
    """
    context = make_context(plan.models, plan.device, plan.precision, plan.torch_compile)
    recorder = RECORDERS.get(context.device.type)
    unfit = [step for step in plan.steps if not (step.is_fed or isinstance(step.op, RECORDED))]
    if recorder is None:
        reason = f"only on CUDA, and this is {context.device.type}"
    elif unfit:
        reason = f"{unfit[0].op}, for {plan.raw.source_locations[int(unfit[0].source_locations[0])]}, may ask the host"
    else:
        try:
            return Recording(plan, context, recorder)
        except (FgraphError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
    _LOG.warning("the plan is not captured, and runs as usual: %s", reason)
    return None


class Recording:
    """A plan that was recorded, for itself and for others of equal structure; one at a time."""

    def __init__(self, plan: Plan, context: KernelContext, recorder: Recorder) -> None:
        self._budget = None if plan.memory is not None else free_bytes(context.device) // _BESIDE
        self._plan = self._cut(plan)
        self._context = replace(context, constants={})
        self._structure = structure_of(self._plan)
        self._params: dict[int, Hashable] = {}  # what was handed in last
        self._fed: dict[int, Tensor] = {}
        with torch.inference_mode():
            self._feed(self._plan)
            self._replay = recorder(self._run, context.device)

    def run(self, plan: Plan) -> list[results.Results] | None:
        """Run a plan; for each graph, name -> result. None: its structure is another.

        Raises:
            RunError: a step failed.
        """
        try:
            plan = self._cut(plan)
        except MemoryBudgetError:  # as much is free no more than when this was recorded; it may be now
            return None
        if structure_of(plan) != self._structure:
            return None
        collector = Collector(plan.program)
        with torch.inference_mode():
            self._feed(plan)
            made = self._replay()
            for own, result in zip(self._plan.results, plan.results, strict=True):
                collector.take(result, {name: tensor.clone() for name, tensor in made[own].items()})
        return collector.finish()

    def _cut(self, plan: Plan) -> Plan:
        return plan if self._budget is None or plan.memory is not None else plan.within(self._budget)

    def _feed(self, plan: Plan) -> None:
        """Hand in what differs from last time; a picture's file may have changed in any case."""
        for number, step in enumerate(plan.steps):
            if self._params.get(number) == step.params and not isinstance(step.op, ops.Picture):
                continue
            handed = from_host(plan, step, self._context)
            if handed is None:
                continue
            if number in self._fed:
                self._fed[number].copy_(handed)
            else:
                self._fed[number] = handed.clone()
            self._params[number] = step.params

    def _run(self) -> Made:
        made: Made = {}
        execute(self._plan, self._context, made.__setitem__, fed=self._fed)
        return made
