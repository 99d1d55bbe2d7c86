"""Adam (Kingma & Ba 2015) for rows that are independent problems, and for the tensors of a network.

`torch.optim.Adam` computes the same, but imports torch's compiler, which takes about as long as torch itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_BETAS, _EPSILON = (0.9, 0.999), 1e-8


def descend(value: Tensor, moment: Tensor, energy: Tensor, gradient: Tensor, *, done: int, rates: Tensor) -> None:
    """Do a step, in place, with a learning rate for each row.

    Args:
        value: [rows, ...]; it changes, and so do its moments.
        moment: the first moment, of the same shape.
        energy: the second moment.
        gradient: the gradient of the value.
        done: the steps done before this one.
        rates: [rows].
    """
    first, second = _BETAS
    moment.lerp_(gradient, 1 - first)
    energy.mul_(second).addcmul_(gradient, gradient, value=1 - second)
    scale = rates / (1 - first ** (done + 1))
    spread = (energy.sqrt() / math.sqrt(1 - second ** (done + 1))).add_(_EPSILON)
    value.sub_(scale.view(-1, *[1] * (value.ndim - 1)) * moment / spread)


class NetworkAdam:
    """Adam for the tensors of a network.

    Attributes:
        rate: the learning rate.
        first: the first moments of the tensors that have been updated, by name.
        second: the second moments.
        steps: the number of updates of each tensor.
    """

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        rate: float,
        betas: tuple[float, float] = _BETAS,
        factors: Mapping[str, float] | None = None,
    ) -> None:
        """Take the tensors, which `step` changes in place.

        Args:
            tensors: the tensors by name; they require gradients.
            rate: the learning rate.
            betas: the decay of the first and of the second moment.
            factors: the rates of tensors as multiples of `rate`, by name; 1 if missing.
        """
        self.rate = rate
        self.first: dict[str, Tensor] = {}
        self.second: dict[str, Tensor] = {}
        self.steps: dict[str, int] = {}
        self._tensors, self._betas, self._factors = dict(tensors), betas, factors or {}

    def zero_grad(self) -> None:
        """Drop the gradients."""
        for value in self._tensors.values():
            value.grad = None

    def step(self) -> None:
        """Update each tensor that has a gradient."""
        import torch

        moved = {name: value.grad for name, value in self._tensors.items() if value.grad is not None}
        if not moved:
            return
        for name in moved:
            if name not in self.steps:
                self.first[name] = torch.zeros_like(self._tensors[name])
                self.second[name] = torch.zeros_like(self._tensors[name])
            self.steps[name] = self.steps.get(name, 0) + 1
        (one, two), gradients = self._betas, list(moved.values())
        first, second = [self.first[name] for name in moved], [self.second[name] for name in moved]
        with torch.no_grad():
            torch._foreach_lerp_(first, gradients, 1 - one)
            torch._foreach_mul_(second, two)
            torch._foreach_addcmul_(second, gradients, gradients, 1 - two)
            spread = torch._foreach_sqrt(second)
            torch._foreach_div_(spread, [(1 - two ** self.steps[name]) ** 0.5 for name in moved])
            torch._foreach_add_(spread, _EPSILON)
            rates = [self.rate * self._factors.get(name, 1.0) / (1 - one ** self.steps[name]) for name in moved]
            torch._foreach_addcdiv_([self._tensors[name] for name in moved], first, spread, [-rate for rate in rates])
