"""Measurements of the steps of a training: on the device until they are read, many steps in one copy."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from fgraph.training.settings import TrainingError

CHECKED = 10  # steps between two readings from a device; on a CPU each is read
Measured = dict[str, float]


class Readings:
    """Losses and other numbers of steps, in their order.

    Args:
        device: the device of the training.
        advice: the end of the message if a number is not finite.
    """

    def __init__(self, device: torch.device, advice: str) -> None:
        self._every = 1 if device.type == "cpu" else CHECKED
        self._advice = advice
        self._unread: list[tuple[int, Mapping[str, Tensor | float]]] = []

    @property
    def are_due(self) -> bool:
        """True if enough steps are unread for a reading."""
        return len(self._unread) >= self._every

    def add(self, step: int, measured: Mapping[str, Tensor | float]) -> None:
        """Add the measurements of a step: tensors of one number, or numbers."""
        self._unread.append((step, measured))

    def read(self) -> list[Measured]:
        """Return the measurements of each step since the last reading.

        Raises:
            TrainingError: a number is not finite.
        """
        unread, self._unread = self._unread, []
        if not unread:
            return []
        every = [value for _, measured in unread for value in measured.values()]
        numbers = iter(torch.stack([one.detach().float() for one in every if isinstance(one, Tensor)]).tolist())
        found = [
            {name: next(numbers) if isinstance(one, Tensor) else one for name, one in measured.items()}
            for _, measured in unread
        ]
        for (step, _), measured in zip(unread, found, strict=True):
            if not all(map(math.isfinite, measured.values())):
                raise TrainingError(f"a loss is not finite at step {step} ({measured}): {self._advice}")
        return found
