"""Adam, with its moments by the name of the tensor, so that they survive growing and go into snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from fgraph.training.state import Moments

_EPSILON = 1e-8


def make_adam(
    trained: Mapping[str, Tensor],
    moments: Moments,
    rate: float,
    every: int | None = None,
    *,
    mapping_rate: float = 1.0,
    momentum: float = 0.0,
) -> torch.optim.Adam:
    """Return Adam (β `momentum`, 0.99) over tensors, which continues from their moments.

    Args:
        trained: the tensors by name.
        moments: the moments at the last step.
        rate: the learning rate.
        every: the number of steps after which a penalty takes a step of its own; None: never. Rate and β are corrected
            for that, as in Karras et al. 2020 (StyleGAN2, appendix B).
        mapping_rate: the rate of the mapping network, as a multiple of `rate`.
        momentum: β of the first moment.
    """
    ratio = 1.0 if every is None else every / (every + 1)
    mapping = [value for name, value in trained.items() if name.startswith("mapping.")]
    others = [value for name, value in trained.items() if not name.startswith("mapping.")]
    groups = [
        {"params": values, "lr": rate * ratio * times}
        for values, times in ((mapping, mapping_rate), (others, 1.0))
        if values
    ]
    adam = torch.optim.Adam(groups or [{"params": []}], lr=rate * ratio, betas=(momentum, 0.99**ratio), eps=_EPSILON)
    for name, value in trained.items():
        if name in moments.steps:
            adam.state[value] = {
                "step": torch.tensor(float(moments.steps[name])),
                "exp_avg": _like(moments.first[name], value),
                "exp_avg_sq": _like(moments.second[name], value),
            }
    return adam


def read_moments(adam: torch.optim.Adam, trained: Mapping[str, Tensor]) -> Moments:
    """Return the state of Adam after the last step."""
    moments = Moments()
    for name, value in trained.items():
        kept: dict[str, Any] = adam.state.get(value, {})
        if kept:
            moments.first[name], moments.second[name] = kept["exp_avg"], kept["exp_avg_sq"]
            moments.steps[name] = int(kept["step"])
    return moments


@torch.no_grad()
def move_average(averaged: Mapping[str, Tensor], trained: Mapping[str, Tensor], rows: int, half_life: float) -> None:
    """Move averages towards tensors after a step of `rows` rows; after `half_life` rows, an old value weighs half."""
    weight = 1.0 - 0.5 ** (rows / max(half_life, 1e-8))
    names = list(trained)
    torch._foreach_lerp_([averaged[name] for name in names], [trained[name] for name in names], weight)


def _like(moment: Tensor, value: Tensor) -> Tensor:
    """Return a copy of a moment with the device and memory layout of its tensor."""
    return torch.empty_like(value.detach()).copy_(moment)
