"""Run of a plan: loads models, runs steps, and turns tensors into results."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import torch

from fgraph import _results as results
from fgraph._errors import FgraphError
from fgraph._log import get_logger
from fgraph._options import RunOptions
from fgraph.ir.baseline import Baseline
from fgraph.ir.program import as_index
from fgraph.plan import Plan, Step, StepResult
from fgraph.runtime.collect import Collector
from fgraph.runtime.eager import run_eagerly
from fgraph.runtime.execute import execute
from fgraph.runtime.kernels import KernelContext
from fgraph.runtime.memory import free_bytes, keep_freed_memory, trim_memory
from fgraph.runtime.progress import OnSearch
from fgraph.stylegan.checkpoints.header import ModelHeader
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.generators.stylegan3 import StyleGAN3Generator
from fgraph.stylegan.loading import load_generator
from fgraph.stylegan.nn.half import DTYPES

_LOG = get_logger()
_KEPT = 4  # generators that stay loaded between runs
_CONSTANTS: WeakKeyDictionary[Plan, dict[torch.dtype, dict[Hashable, torch.Tensor]]] = WeakKeyDictionary()


def run_plan(
    plan: Plan,
    engine: Literal["batched", "eager"] = "batched",
    on_step: Callable[[Step], None] | None = None,
    on_search: OnSearch = lambda step: None,
) -> list[results.Results]:
    """Run a plan; return name -> result for each graph.

    Args:
        plan: the plan.
        engine: the engine.
        on_step: called after each batched step; may raise to cancel the run.
        on_search: called after each iteration of a search, which is part of a step; may raise to cancel the run.

    Raises:
        ModelError: a model's file cannot be read.
        MemoryBudgetError: the free memory of the device does not suffice for the narrowest chunks.
        RunError: a step failed.
    """
    if engine == "eager":
        context = make_context(plan.models, replace(plan.options, torch_compile=False))
        return _run_eagerly(plan, replace(context, keeps=False))
    context = make_context(plan.models, plan.options)
    constants = _CONSTANTS.setdefault(plan, {}).setdefault(context.dtype, {})
    context = replace(context, constants=constants, on_search=on_search)
    on_freed = None
    if context.device.type == "cpu":
        keep_freed_memory(plan.options.memory is None)
        if plan.options.memory is not None:
            on_freed = trim_memory
            trim_memory()
    if plan.options.memory is None and not plan.baseline_values:
        free = free_bytes(context.device)
        plan = plan.bounded if context.device.type == "cpu" else plan
        plan = plan.within(free // 2 if context.dtype == torch.float64 else free)  # plans count in fp32
    collector = Collector(plan.program)
    tensors = execute(plan, context, collector.take, on_step=on_step, on_freed=on_freed)
    found = collector.finish()
    if plan.baseline_values or plan.baseline:
        baseline = (
            Baseline(plan.program, tensors, plan.models, plan.options.precision)
            if plan.baseline_values
            else plan.baseline
        )
        for one in found:
            one.baseline = baseline
    return found


def _run_eagerly(plan: Plan, context: KernelContext) -> list[results.Results]:
    collector = Collector(plan.raw)
    for place, made in enumerate(run_eagerly(plan.raw, context)):
        output = plan.raw.outputs[place]
        rows = as_index(np.arange(next(iter(output.tensors.values())).rows))
        collector.take(StepResult(place, output, rows, None, {}, 0), made)
    return collector.finish()


class _LoadedAs(NamedTuple):
    """The device, types and backend that generators are loaded with."""

    device: torch.device
    dtype: torch.dtype
    half: torch.dtype | None
    backend: str | None  # backend of torch.compile

    def convert(self, generator: Generator) -> Generator:
        """Return a generator on this device, of these types, with this backend."""
        return generator.to(self.device, self.dtype).with_half(self.half).with_compiled(self.backend)


def make_context(models: Mapping[str, Any], options: RunOptions) -> KernelContext:
    """Return the generators of a run, on its device, in its precision, with compiled layers if the options say so.

    Raises:
        FgraphError: this machine has no such device, or torch no such backend.
        ModelError: a model's file cannot be read.
    """
    place = pick_device(options.device)
    dtype = torch.float64 if options.precision == "float64" else torch.float32
    backend = "inductor" if options.torch_compile is True else options.torch_compile or None
    loaded_as = _LoadedAs(place, dtype, DTYPES.get(options.precision), backend)
    generators = {
        name: _load_cached(model.identity, str(model.path), model.source, loaded_as)
        if isinstance(model, ModelHeader)
        else loaded_as.convert(model)
        for name, model in models.items()
    }
    if backend is not None:
        _warn_uncompiled(tuple(name for name, one in generators.items() if isinstance(one, StyleGAN3Generator)))
    return KernelContext(generators, place, dtype, loaded_as.half)


@lru_cache
def _warn_uncompiled(models: tuple[str, ...]) -> None:
    if models:
        _LOG.warning("torch_compile: layers of StyleGAN3 are not compiled (%s)", ", ".join(models))


def pick_device(name: str) -> torch.device:
    """Return the device of a name; `auto` is CUDA if there is one, otherwise MPS, otherwise the CPU.

    Raises:
        FgraphError: torch knows no such device, or this machine has none.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise FgraphError(f"device '{name}' cannot be used here: {reason}; try device=cpu") from error
    return device


@lru_cache(maxsize=_KEPT)
def _load_cached(identity: str, path: str, source: str, loaded_as: _LoadedAs) -> Generator:
    found = path if Path(path).exists() else source  # evicted from the cache meanwhile: the source is downloaded again
    return loaded_as.convert(load_generator(found, dtype=loaded_as.dtype))
