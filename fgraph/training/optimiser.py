"""Adam, with its moments by the name of the tensor, so that they survive growing and go into snapshots."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from fgraph._adam import NetworkAdam
from fgraph.training.state import Moments


def make_adam(
    trained: Mapping[str, Tensor],
    moments: Moments,
    rate: float,
    every: int | None = None,
    *,
    mapping_rate: float = 1.0,
    momentum: float = 0.0,
) -> NetworkAdam:
    """Return Adam (β `momentum`, 0.99) over tensors, which continues from their moments.

    Args:
        trained: the tensors by name.
        moments: the moments at the last step.
        rate: the learning rate.
        every: the number of ordinary steps between two steps for a regularisation term alone, or None without such a
            term. It scales the learning rate and the exponent of the second β, as in Karras et al. 2020 (StyleGAN2,
            appendix B).
        mapping_rate: the rate of the mapping network, as a multiple of `rate`.
        momentum: β of the first moment.
    """
    ratio = 1.0 if every is None else every / (every + 1)
    factors = {name: mapping_rate for name in trained if name.startswith("mapping.")}
    adam = NetworkAdam(trained, rate * ratio, (momentum, 0.99**ratio), factors)
    for name in filter(moments.steps.__contains__, trained):
        adam.steps[name] = moments.steps[name]
        adam.first[name] = _like(moments.first[name], trained[name])
        adam.second[name] = _like(moments.second[name], trained[name])
    return adam


def read_moments(adam: NetworkAdam) -> Moments:
    """Return the state of Adam after the last step."""
    return Moments(dict(adam.first), dict(adam.second), dict(adam.steps))


@torch.no_grad()
def move_average(averaged: Mapping[str, Tensor], trained: Mapping[str, Tensor], rows: int, half_life: float) -> None:
    """Move averages towards tensors after a step of `rows` rows; after `half_life` rows, an old value weighs half."""
    weight = 1.0 - 0.5 ** (rows / max(half_life, 1e-8))
    names = list(trained)
    torch._foreach_lerp_([averaged[name] for name in names], [trained[name] for name in names], weight)


def _like(moment: Tensor, value: Tensor) -> Tensor:
    """Return a copy of a moment with the device and memory layout of its tensor."""
    return torch.empty_like(value.detach()).copy_(moment)
