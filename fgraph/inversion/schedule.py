"""The learning rate of a row: it ramps up, stays, and ramps down. This module does not import torch.

The ramps are the same as in the StyleGAN2 projector (Karras et al. 2020, appendix D): linearly up over the first 5% of
the steps, down along a cosine over the last 25%. A row that makes no progress starts to ramp down early.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from fgraph.inversion.settings import InversionSettings

_UP, _DOWN = 0.05, 0.25  # shares of all steps
PROGRESS = 0.99  # a loss below this multiple of the best one is progress


@dataclass
class RowSchedule:
    """The schedule of one row; its three numbers are part of snapshots."""

    settings: InversionSettings
    falls: int  # the step at which its learning rate begins to fall
    best: float = math.inf  # the last loss that was progress
    best_step: int = 0

    @classmethod
    def start(cls, settings: InversionSettings) -> RowSchedule:
        """Make the schedule of a new row."""
        return cls(settings, settings.steps - fall_steps(settings))

    @property
    def end(self) -> int:
        """The total number of steps."""
        return self.falls + fall_steps(self.settings)

    def rate(self, step: int) -> float:
        """Return the learning rate of a step; the first step is 0.

        >>> one = RowSchedule.start(InversionSettings(steps=400))
        >>> [round(one.rate(step), 4) for step in (0, 10, 20, 200, 350, 399)]
        [0.0, 0.025, 0.05, 0.05, 0.025, 0.0]
        """
        if not fall_steps(self.settings):
            return self.settings.learning_rate
        up = min(1.0, step / max(1.0, _UP * self.settings.steps))
        remaining = min(1.0, (self.end - step) / fall_steps(self.settings))
        return self.settings.learning_rate * up * (0.5 - 0.5 * math.cos(remaining * math.pi))

    def note(self, step: int, loss: float) -> None:
        """Record the loss of a step, and start to ramp down after `patience` steps without progress."""
        if loss < self.best * PROGRESS:
            self.best, self.best_step = loss, step
        elif self.settings.patience and step - self.best_step >= self.settings.patience:
            self.falls = min(self.falls, step + 1)


def fall_steps(settings: InversionSettings) -> int:
    """Return the number of steps over which the learning rate of Adam falls."""
    if settings.optimiser != "adam" or settings.schedule == "constant":
        return 0
    return max(1, round(_DOWN * settings.steps))
