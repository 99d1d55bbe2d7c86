"""Adam (Kingma & Ba 2015) for rows that are independent problems, and for the tensors of a network.

The class `torch.optim.Adam` imports torch's compiler, which takes about as long as torch itself. The function `adam` of
the same module does not.
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
        from torch.optim.adam import adam

        moved = {name: value.grad for name, value in self._tensors.items() if value.grad is not None}
        for name in filter(lambda name: name not in self.steps, moved):
            self.steps[name] = 0
            self.first[name] = torch.zeros_like(self._tensors[name])
            self.second[name] = torch.zeros_like(self._tensors[name])
        for factor in {self._factors.get(name, 1.0) for name in moved}:
            names = [name for name in moved if self._factors.get(name, 1.0) == factor]
            with torch.no_grad():
                adam(
                    [self._tensors[name] for name in names],
                    [moved[name] for name in names],
                    [self.first[name] for name in names],
                    [self.second[name] for name in names],
                    [],
                    [torch.tensor(float(self.steps[name])) for name in names],
                    foreach=True,
                    amsgrad=False,
                    beta1=self._betas[0],
                    beta2=self._betas[1],
                    lr=self.rate * factor,
                    weight_decay=0.0,
                    eps=_EPSILON,
                    maximize=False,
                )
        for name in moved:
            self.steps[name] += 1
