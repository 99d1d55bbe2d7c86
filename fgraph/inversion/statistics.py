"""The moments of the codes of a model over 10,000 seeded samples, cached by the digest of the model.

    w     mean and covariance of w
    p     the same of p = leaky_relu(w, slope 5), which inverts the last activation of the mapping network (Wulff &
          Torralba 2020)

The moments of S follow from the moments of w, since styles are affine in w.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from fgraph._errors import SaveError
from fgraph._log import get_logger
from fgraph.inversion.cache import are_tensors, read_entry, write_entry
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.generators.statistics import sample_w

_LOG = get_logger()
INVERSE_SLOPE = 5.0  # 1 / 0.2
_NAMES = ("w_mean", "w_covariance", "p_mean", "p_covariance")


@dataclass(frozen=True, eq=False)
class Statistics:
    """Means [D] and covariances [D, D] in float64 on the CPU."""

    w_mean: Tensor
    w_covariance: Tensor
    p_mean: Tensor
    p_covariance: Tensor


def read_statistics(generator: Generator, folder: Path | None = None) -> Statistics:
    """Return the statistics of a generator, from the cache in `folder` or from memory, or measured and cached."""
    if folder is None:
        return _in_memory(GeneratorKey(generator))
    path = folder / f"{generator.digest}.safetensors"
    if (cached := _read(path, generator)) is not None:
        return cached
    measured = _in_memory(GeneratorKey(generator))
    try:
        write_entry(path, generator.digest, {name: getattr(measured, name).contiguous() for name in _NAMES}, {})
    except SaveError as error:
        _LOG.warning("%s; the statistics are not cached", error)
    return measured


class GeneratorKey:
    """A generator as a cache key: equal to others of its digest."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GeneratorKey) and other.generator.digest == self.generator.digest

    def __hash__(self) -> int:
        return hash(self.generator.digest)


@lru_cache(maxsize=8)
def _in_memory(key: GeneratorKey) -> Statistics:
    generator = key.generator.to("cpu", torch.float32)
    with torch.inference_mode(False), torch.no_grad():
        w = torch.cat(list(sample_w(generator.table, generator.tensors))).double()
        return Statistics(*_moments(w), *_moments(straighten(w)))


def straighten(w: Tensor) -> Tensor:
    """Return p of w: the input of the last activation of the mapping network, up to a constant factor."""
    return leaky_relu(w, INVERSE_SLOPE)


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    mean = x.mean(dim=0)
    return mean, (x - mean).t() @ (x - mean) / (len(x) - 1)


def _read(path: Path, generator: Generator) -> Statistics | None:
    entry, width = read_entry(path, generator.digest), generator.table.w_dim
    shapes = dict(zip(_NAMES, [(width,), (width, width)] * 2, strict=True))
    if entry is None or not are_tensors(entry.tensors, shapes):
        return None  # they are measured again
    return Statistics(*(entry.tensors[name].double() for name in _NAMES))
