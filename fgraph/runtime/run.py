"""From a plan to what a user gets: models loaded, steps run, tensors turned into results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Literal

import torch
from torch import Tensor

from fgraph import _results as results
from fgraph._errors import FgraphError
from fgraph._ports import Kind
from fgraph.plan import Plan, Step
from fgraph.runtime.eager import run_eagerly
from fgraph.runtime.execute import execute
from fgraph.runtime.kernels import KernelContext
from fgraph.stylegan.checkpoint import load_generator
from fgraph.stylegan.generator import Generator
from fgraph.stylegan.header import ModelHeader

_KEPT = 4  # generators kept loaded between runs


def run_plan(
    plan: Plan, engine: Literal["batched", "eager"] = "batched", on_step: Callable[[Step], None] | None = None
) -> list[dict[str, results.Result]]:
    """Run a plan; for each graph, name -> result. `on_step` is called after each batched step.

    Raises:
        ModelError: a model's file cannot be read.
        RunError: a step failed.
    """
    context = make_context(plan.models, plan.device, plan.precision)
    if engine == "eager":
        tensors = run_eagerly(plan.raw, context)
        outputs: Any = plan.raw.outputs
    else:
        tensors, outputs = execute(plan, context, on_step), plan.results
    found: list[dict[str, results.Result]] = [{} for _ in range(plan.raw.graphs)]
    for output, made in zip(outputs, tensors, strict=True):
        found[output.graph][output.name] = _result(output, made)
    return found


def make_context(models: Mapping[str, Any], device: str, precision: str) -> KernelContext:
    """The generators of a run, on its device and in its precision."""
    place = pick_device(device)
    dtype = {"float32": torch.float32, "float64": torch.float64}[precision]
    generators = {
        name: _load(model, place, dtype) if isinstance(model, ModelHeader) else model.to(place, dtype)
        for name, model in models.items()
    }
    return KernelContext(generators, place, dtype)


def pick_device(name: str) -> torch.device:
    """The device of this name; `auto` is CUDA where there is one, else MPS, else the CPU.

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
def _load_cached(identity: str, path: str, device: torch.device, dtype: torch.dtype) -> Generator:
    return load_generator(path, device=device, dtype=dtype)


def _load(header: ModelHeader, device: torch.device, dtype: torch.dtype) -> Generator:
    return _load_cached(header.identity, str(header.path), device, dtype)


def _result(output: Any, tensors: Mapping[str, Tensor]) -> results.Result:
    arrays = {name: tensor.detach().float().cpu().contiguous().numpy() for name, tensor in tensors.items()}
    if output.kind is Kind.IMAGE:
        return results.Image(arrays["pixels"])
    if output.kind is Kind.MASK:
        return results.MaskImage(arrays["mask"])
    if output.kind is Kind.LATENT:
        return results.Latents(arrays["code"], output.space, output.model)
    return results.FeatureMaps(arrays)
