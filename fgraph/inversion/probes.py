"""Probes of a model: gradients along white noise at seeded samples. They estimate Jᵀ J for a derivative J."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from fgraph._errors import SaveError
from fgraph._log import get_logger
from fgraph.inversion.cache import are_tensors, read_entry, write_entry
from fgraph.inversion.losses import at_most
from fgraph.inversion.priors import CodePrior
from fgraph.inversion.settings import InversionSettings, Space
from fgraph.inversion.spaces import code_of_w, code_shape, styles_of
from fgraph.inversion.statistics import GeneratorKey
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.generators.statistics import sample_w

_LOG = get_logger()
_LEAST, _MOST = 64, 512  # probes
_FLOPS = 1e12  # FLOPs of all probes, within these bounds
_TOGETHER = 16  # probes in a batch
_SEED = 7


def probe_count(generator: Generator) -> int:
    """Return the number of probes of a generator, fewer for a large one."""
    return min(_MOST, max(_LEAST, int(_FLOPS / (3 * generator.table.forward_flops))))


def read_probes(generator: Generator, space: Space, folder: Path | None = None) -> Tensor:
    """Return probes of the image by the code, [probes, D], each divided by the root of the image's size.

    The probes come from the cache in `folder`, or from memory. Otherwise, they are measured and cached.
    """
    if folder is None:
        return _in_memory(GeneratorKey(generator), space)
    path = folder / f"{generator.digest}.probes.{space}.safetensors"
    shape = probe_count(generator), torch.Size(code_shape(generator, space)).numel()
    entry = read_entry(path, generator.digest)
    if entry is not None and are_tensors(entry.tensors, {"probes": shape}):
        return entry.tensors["probes"]
    measured = _in_memory(GeneratorKey(generator), space)
    try:
        write_entry(path, generator.digest, {"probes": measured}, {})
    except SaveError as error:
        _LOG.warning("%s; the probes are not cached", error)
    return measured


@lru_cache(maxsize=8)
def _in_memory(key: GeneratorKey, space: Space) -> Tensor:
    return measure_probes(key.generator, space)


def measure_probes(generator: Generator, space: Space) -> Tensor:
    """Measure the probes of `read_probes`."""
    generator = generator.to(dtype=torch.float32)

    def image(code: Tensor) -> Tensor:
        seen = at_most(generator.synthesise(styles_of(generator, space, code), "const"))
        scaled: Tensor = seen / seen[0].numel() ** 0.5
        return scaled

    return _probe(generator, space, image, probe_count(generator))


def probe_prior(generator: Generator, settings: InversionSettings, prior: CodePrior, count: int) -> Tensor:
    """Return probes of the whitened code, [count, D], whose mean square is the curvature of the prior in a loss."""

    def whitened(code: Tensor) -> Tensor:
        found, expected = prior.whitened(code, styles_of(generator, settings.space, code))
        scale = settings.prior_weight if settings.prior_sum else settings.prior_weight / expected
        scaled: Tensor = found * scale**0.5
        return scaled

    return _probe(generator, settings.space, whitened, count)


def _probe(generator: Generator, space: Space, of: Callable[[Tensor], Tensor], count: int) -> Tensor:
    """Return gradients of `of(codes)` along white noise, [count, D], on the CPU."""
    found = []
    noise = torch.Generator().manual_seed(_SEED)
    with torch.inference_mode(False):
        samples = next(iter(sample_w(generator.table, generator.tensors)))
        for start in range(0, count, _TOGETHER):
            rows = torch.arange(start, min(start + _TOGETHER, count)) % len(samples)
            with torch.enable_grad():
                code = code_of_w(generator, space, samples[rows]).detach().clone().requires_grad_()
                made = of(code)
                along = torch.randn(made.shape, generator=noise).to(made)
                (gradient,) = torch.autograd.grad((made * along).sum(), code)
            found.append(gradient.detach().flatten(1).cpu())
    return torch.cat(found)
