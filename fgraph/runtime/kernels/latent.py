"""Kernels of operations on codes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from fgraph._cache import cache_folder
from fgraph._errors import SaveError
from fgraph.inversion.priors import CodePrior, make_prior
from fgraph.inversion.settings import Prior
from fgraph.inversion.statistics import read_statistics
from fgraph.ir.ops import Affine, Distance, Draw, Given, Lerp, MapZ, Repeat, Splice, Truncate
from fgraph.runtime.kernels import weighting
from fgraph.runtime.kernels.context import KernelContext, Params
from fgraph.runtime.kernels.seeds import draw_codes
from fgraph.stylegan.generators.base import Generator


def draw(op: Draw, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return z [rows, width] from seeds. With classes, a row ends with its class, as a one-hot vector or a mixture."""

    def drawn(param: Any) -> NDArray[np.float32]:
        code = draw_codes(*param[:4], op.width - op.classes)[param[4]]
        return np.concatenate([code, _label(op.classes, param[5])]) if op.classes else code

    return context.rows(params, drawn)


def _label(count: int, found: int | Sequence[tuple[int, float]]) -> NDArray[np.float32]:
    """Return a class, or pairs of class and weight, as numbers [count]."""
    label = np.zeros(count, np.float32)
    for number, weight in [(found, 1.0)] if isinstance(found, int) else found:
        label[number] += weight
    return label


def given(op: Given, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return codes that are given as arrays."""
    return context.rows(params, lambda param: param[0].array[param[1]])


def map_z(op: MapZ, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Map z to w, [rows, w_dim]."""
    return context.generators[op.model].map(inputs[0])


def truncate(op: Truncate, inputs: Sequence[Tensor], psi: Tensor, context: KernelContext) -> Tensor:
    """Truncate codes towards the mean of w, or of their classes, by ψ, one ψ a row."""
    generator = context.generators[op.model]
    classes = inputs[1][:, generator.table.z_dim :] if len(inputs) > 1 else None
    return generator.truncate(inputs[0], psi, op.cutoff, classes)


def repeat(op: Repeat, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Repeat w to W+, [rows, num_ws, w_dim]."""
    return inputs[0][:, None].expand(-1, op.count, -1)


def affine(op: Affine, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Apply the affine layers to w or W+: S, [rows, length]."""
    return context.generators[op.model].affine(inputs[0])


def lerp(op: Lerp, inputs: Sequence[Tensor], t: Tensor, context: KernelContext) -> Tensor:
    """Return a + t (b - a), one t a row."""
    return weighting.lerp(inputs[0], inputs[1], t.view(-1, *[1] * (inputs[0].ndim - 1)), context)


def splice(op: Splice, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return the first code with some ranges of the second."""
    result = inputs[0].clone()
    for start, stop in op.ranges:
        result[:, start:stop] = inputs[1][:, start:stop]
    return result


def distance(op: Distance, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return the Mahalanobis distance of codes, [rows, 1, 1, 1]."""
    prior = _prior(context.generators[op.model], "gaussian-full" if op.space == "s" else "wulff")
    return prior.distance(inputs[0], inputs[0])[:, None, None, None]


@lru_cache(maxsize=4)
def _prior(generator: Generator, kind: Prior) -> CodePrior:
    try:
        statistics = read_statistics(generator, cache_folder() / "inversions" / "statistics")
    except SaveError:  # it is only a cache
        statistics = read_statistics(generator)
    prior = make_prior(kind, generator, statistics)
    assert prior is not None
    return prior
