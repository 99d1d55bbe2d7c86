"""The optimisers of a search: from the losses and gradients of rows to the values that are evaluated next.

Their state is a dictionary of tensors with a row for each row of the search, so that rows can leave and a search can
resume.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from fgraph._adam import descend
from fgraph.inversion.lbfgs import lbfgs_shapes, lbfgs_start, lbfgs_step
from fgraph.inversion.metric import Metric

State = dict[str, Tensor]
Shapes = Mapping[str, tuple[int, ...]]


class Evaluation(NamedTuple):
    """The losses, gradients and rates at the values of a step."""

    loss: Tensor  # [rows]
    gradients: Sequence[Tensor]  # gradients of the sum of the losses, one for each value
    rates: Tensor  # [rows], the learning rates
    done: int  # the steps before this one


class Step(NamedTuple):
    """The outcome of a step."""

    values: list[Tensor]  # values to evaluate next
    state: State
    accepted: Tensor | None = None  # [rows]: whether a row took the evaluated values; None: all did


class Optimiser(Protocol):
    """An optimiser of values [rows, ...]."""

    def shapes(self, values: Sequence[tuple[int, ...]]) -> Shapes:
        """Return the shapes of the state for values of these shapes."""

    def start(self, values: Sequence[Tensor]) -> State:
        """Return the state before the first step."""

    def step(self, values: Sequence[Tensor], state: State, seen: Evaluation) -> Step:
        """Do a step from an evaluation."""

    def reached(self, values: Sequence[Tensor], state: State) -> Sequence[Tensor]:
        """Return the values that rows have reached."""


class Adam:
    """Adam (Kingma & Ba 2015), which scales every number separately."""

    def shapes(self, values: Sequence[tuple[int, ...]]) -> Shapes:
        """Return the shapes of both moments."""
        return {f"{kind}.{at}": shape for kind in ("first", "second") for at, shape in enumerate(values)}

    def start(self, values: Sequence[Tensor]) -> State:
        """Return moments of 0."""
        return {
            f"{kind}.{at}": torch.zeros_like(value) for kind in ("first", "second") for at, value in enumerate(values)
        }

    def step(self, values: Sequence[Tensor], state: State, seen: Evaluation) -> Step:
        """Do a step, which changes the values and the state in place."""
        for at, (value, gradient) in enumerate(zip(values, seen.gradients, strict=True)):
            descend(value, state[f"first.{at}"], state[f"second.{at}"], gradient, done=seen.done, rates=seen.rates)
        return Step(list(values), state)

    def reached(self, values: Sequence[Tensor], state: State) -> Sequence[Tensor]:
        """Return the values."""
        return values


class Lbfgs:
    """L-BFGS of a single value; its first directions follow the covariance of samples."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def shapes(self, values: Sequence[tuple[int, ...]]) -> Shapes:
        """Return the shapes of the state."""
        rows, *shape = values[0]
        return lbfgs_shapes(rows, torch.Size(shape).numel())

    def start(self, values: Sequence[Tensor]) -> State:
        """Return a state without a history."""
        return lbfgs_start(values[0])

    def step(self, values: Sequence[Tensor], state: State, seen: Evaluation) -> Step:
        """Do a step; there is no learning rate."""
        made, ahead, accepted = lbfgs_step(
            state, values[0], seen.loss, seen.gradients[0], self._metric, first=seen.done == 0
        )
        return Step([ahead], made, accepted)

    def reached(self, values: Sequence[Tensor], state: State) -> Sequence[Tensor]:
        """Return the values with the least loss so far."""
        return [state["base"].view_as(values[0])]
