"""A step of Adam for batches whose rows are independent problems."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_BETAS, _EPSILON = (0.9, 0.999), 1e-8


def descend(value: Tensor, moment: Tensor, energy: Tensor, gradient: Tensor, *, done: int, rates: Tensor) -> None:
    """Do a step of Adam (Kingma & Ba 2015), in place, with a learning rate for each row.

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
