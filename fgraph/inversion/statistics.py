"""The moments of a model's codes over 10,000 seeded samples, kept by the model's digest.

    w     mean and covariance of w
    p     the same of p = leaky_relu(w, slope 5), which undoes the mapping's last activation (Wulff & Torralba 2020)

Moments of S follow from those of w, since styles are affine in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from fgraph._atomic import write_atomic
from fgraph._errors import FgraphError
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.generators.statistics import sample_w

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
    """The statistics of a generator: those kept in `folder` or in memory, else measured, and kept.

    Raises:
        SaveError: `folder` cannot be written.
    """
    if folder is None:
        return _in_memory(_Measured(generator))
    path = folder / f"{generator.digest}.safetensors"
    if (kept := _read(path, generator.table.w_dim)) is not None:
        return kept
    from safetensors.torch import save

    measured = _in_memory(_Measured(generator))
    write_atomic(path, save({name: getattr(measured, name).contiguous() for name in _NAMES}))
    return measured


class _Measured:
    """A generator that is equal to others of its digest."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Measured) and other.generator.digest == self.generator.digest

    def __hash__(self) -> int:
        return hash(self.generator.digest)


@lru_cache(maxsize=8)
def _in_memory(of: _Measured) -> Statistics:
    generator = of.generator.to("cpu", torch.float32)
    with torch.inference_mode(False), torch.no_grad():
        w = torch.cat(list(sample_w(generator.table, generator.tensors))).double()
        return Statistics(*_moments(w), *_moments(straighten(w)))


def straighten(w: Tensor) -> Tensor:
    """P of W: what the mapping made before its last activation, but for a constant factor."""
    return leaky_relu(w, INVERSE_SLOPE)


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    mean = x.mean(dim=0)
    return mean, (x - mean).t() @ (x - mean) / (len(x) - 1)


def _read(path: Path, width: int) -> Statistics | None:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        found = load(path.read_bytes())
    except (OSError, SafetensorError, FgraphError):
        return None  # measured anew
    shapes = [(width,), (width, width)] * 2
    good = [name in found and tuple(found[name].shape) == shape for name, shape in zip(_NAMES, shapes, strict=True)]
    return Statistics(*(found[name] for name in _NAMES)) if all(good) else None
