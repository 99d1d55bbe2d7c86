"""The optimisation of one batch of images, all rows at once, with independent rows.

Losses are summed over rows, and an optimiser treats each row alone, so rows don't affect each other. Each row has its
own learning rate, and leaves the batch when it is finished. Only the last bits of a convolution can depend on the
number of rows. On a CPU, losses are read after each step. Another device would have to wait for each reading, so there
losses are read every `CHECKED` steps, and a row without progress is noticed up to that many steps later. Nothing else
is read, and the learning rates of these steps are sent together. A `Search` that is made from the `state()` of another
one continues with the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fgraph.inversion.losses import WeightedLosses
from fgraph.inversion.metric import Metric
from fgraph.inversion.noise import initial_noise, noise_penalty, normalise_noise
from fgraph.inversion.optimisers import Adam, Evaluation, Lbfgs, Optimiser, State
from fgraph.inversion.priors import CodePrior
from fgraph.inversion.schedule import RowSchedule
from fgraph.inversion.settings import InversionSettings
from fgraph.inversion.spaces import nearest_starts, styles_of
from fgraph.stylegan.generators.base import Generator

CHECKED = 10  # steps between two readings of losses from a device


@dataclass(frozen=True, eq=False)
class Problem:
    """The parts that all batches of an inversion share."""

    generator: Generator
    settings: InversionSettings
    losses: WeightedLosses
    prior: CodePrior | None
    metric: Metric | None = None  # metric of L-BFGS

    @property
    def optimiser(self) -> Optimiser:
        """The optimiser of the settings."""
        return Adam() if self.metric is None else Lbfgs(self.metric)

    @property
    def curve_names(self) -> tuple[str, ...]:
        """The names of the columns of a curve."""
        prior = () if self.prior is None else ("prior",)
        return ("loss", *self.losses.names, *prior, *(("noise",) if self.settings.noise else ()))


@dataclass(frozen=True, eq=False)
class SearchOutcome:
    """The outcome of one image."""

    code: Tensor  # code of one row
    noises: tuple[Tensor, ...]  # [1, r, r] of each conv; empty if noise isn't optimised
    curve: Tensor  # [steps, columns]

    @property
    def loss(self) -> float:
        """The last loss; infinite if the search diverged, so that there is no code."""
        last = float(self.curve[-1, 0])
        return last if math.isfinite(last) else math.inf


class Search:
    """The search for the codes of a batch of images; call `step` until `rows` is empty."""

    def __init__(
        self,
        problem: Problem,
        targets: Tensor,
        state: Mapping[str, Tensor] | None = None,
        start: Tensor | None = None,
    ) -> None:
        """Start a search, or resume one from a `state`.

        Args:
            problem: the generator, settings and losses.
            targets: [rows, C, height, width] in [-1, 1].
            state: the state of another search.
            start: the codes to start from, [rows, ...]; by default the mean.
        """
        self._problem, self._optimiser = problem, problem.optimiser
        self._targets = len(targets)
        self._prepared = problem.losses.prepare(targets)
        self._values: list[Tensor] = []  # the code, then noise; with a row for each start of each image
        self._state: State = {}  # state of the optimiser
        self._found: dict[int, SearchOutcome] = {}
        self._every = 1 if problem.generator.device.type == "cpu" else CHECKED
        state = self._first_state(targets, start) if state is None else state
        self._read = 0  # losses of the curve that have been read
        self._rates: list[Tensor] = []  # [rows] each, of the steps up to the next reading
        self._restore(state)

    @property
    def rows(self) -> list[int]:
        """The unfinished images, by their number among the targets."""
        return sorted(set(self._owners))

    @property
    def kept(self) -> Sequence[int]:
        """The images that `state` describes, by their number among the targets: all of them."""
        return range(self._targets)

    def step(self) -> dict[int, SearchOutcome]:
        """Do one step; return the images that finish with it and leave the batch."""
        values = [value.requires_grad_() for value in self._values]
        images, parts = self._evaluate(values)
        loss = torch.stack(list(parts.values())).sum(dim=0)  # [rows]
        gradients = torch.autograd.grad(loss.sum(), values)
        with torch.no_grad():
            plain = [value.detach() for value in values]
            seen = Evaluation(loss.detach(), gradients, self._next_rates(), self.done)
            step = self._optimiser.step(plain, self._state, seen)
            self._state = step.state
            self._values = [step.values[0], *map(normalise_noise, step.values[1:])]
            losses = torch.stack([loss, *parts.values()], dim=1).detach()
            if step.accepted is not None and self.done:  # a row that refuses a step stays where it was
                losses = torch.where(step.accepted[:, None], losses, self._curve[-1].to(losses))
        self.images = images.detach()
        self._curve.append(losses)
        self.done += 1
        if self.done % self._every and all(self.done < schedule.end for schedule in self._schedules):
            return {}
        self._read_losses()
        return self._leave()

    def _next_rates(self) -> Tensor:
        """Return the learning rates of this step, [rows]; all rates up to the next reading are sent together."""
        if not self._rates:
            value, steps = self._values[0], range(self.done, (self.done // self._every + 1) * self._every)
            rates = [[one.rate(step) for one in self._schedules] for step in steps]
            self._rates = list(torch.tensor(rates, dtype=value.dtype).to(value.device, non_blocking=True).unbind())
        return self._rates.pop(0)

    def _read_losses(self) -> None:
        """Read all new losses in one copy, and record them in the schedules, which may change later learning rates."""
        self._rates = []
        fresh = torch.stack(self._curve[self._read :]).cpu()
        self._curve[self._read :] = fresh.unbind()
        for step, losses in enumerate(fresh[:, :, 0].tolist(), start=self._read):
            for schedule, value in zip(self._schedules, losses, strict=True):
                schedule.note(step, value)
        self._read = len(self._curve)

    @property
    def losses(self) -> dict[int, float]:
        """The last loss of each unfinished image that has been read, for the best of its starts."""
        if not self._read:
            return {}
        last = self._curve[self._read - 1][:, 0].tolist()
        return {row: min(last[at] for at in self._places(row)) for row in self.rows}

    def previews(self) -> dict[int, Tensor]:
        """Return each unfinished image as generated at the last step, [C, height, width]."""
        last = self._curve[-1][:, 0].tolist()
        return {row: self.images[min(self._places(row), key=lambda at: last[at])] for row in self.rows}

    def state(self) -> dict[str, Tensor]:
        """Return all tensors from which another search can continue."""
        tensors = {"owners": torch.tensor(self._owners), "done": torch.tensor(self.done)}
        tensors["schedules"] = torch.tensor(
            [[one.falls, one.best, one.best_step] for one in self._schedules], dtype=torch.float64
        )
        if self._read < self.done:
            self._read_losses()
        tensors["curve"] = torch.stack(self._curve) if self._curve else torch.empty(0)
        tensors |= {f"value.{at}": value for at, value in enumerate(self._values)} | self._state
        for row, found in self._found.items():  # finished, while another start of the same image isn't
            tensors |= {f"found.{row}.code": found.code, f"found.{row}.curve": found.curve}
            tensors |= {f"found.{row}.noise.{at}": noise for at, noise in enumerate(found.noises)}
        return {
            name: value.detach().cpu().clone(memory_format=torch.contiguous_format) for name, value in tensors.items()
        }

    def _first_state(self, targets: Tensor, given: Tensor | None) -> dict[str, Tensor]:
        settings, generator = self._problem.settings, self._problem.generator
        starts = settings.starts
        code = nearest_starts(generator, settings.space, targets, starts, settings.seed, given=given)
        values = [code, *(initial_noise(generator, len(code)) if settings.noise else [])]
        schedule = RowSchedule.start(settings)
        facts = torch.tensor([[schedule.falls, schedule.best, schedule.best_step]], dtype=torch.float64)
        state = {
            "owners": torch.arange(len(targets)).repeat_interleave(starts),
            "done": torch.tensor(0),
            "schedules": facts.expand(len(code), -1),
            "curve": torch.empty(0),
        }
        return state | {f"value.{at}": value for at, value in enumerate(values)} | self._optimiser.start(values)

    def _restore(self, state: Mapping[str, Tensor]) -> None:
        generator = self._problem.generator
        self.done = int(state["done"])
        self._owners: list[int] = state["owners"].tolist()
        facts = state["schedules"].tolist()
        self._schedules = [
            RowSchedule(self._problem.settings, int(falls), best, int(step)) for falls, best, step in facts
        ]
        count = sum(name.startswith("value.") for name in state)

        values = {name: state[name].to(generator.device, copy=True) for name in state if name.startswith("value.")}
        self._values = [values[f"value.{at}"] for at in range(count)]
        names = self._optimiser.shapes([tuple(value.shape) for value in self._values])
        self._state = {name: state[name].to(generator.device, copy=True) for name in names}
        self._curve: list[Tensor] = list(state["curve"].unbind()) if self.done else []
        self._read = len(self._curve)
        for name in state:
            if name.startswith("found.") and name.endswith(".code"):
                row = int(name.split(".")[1])
                noises = [state[f"found.{row}.noise.{at}"] for at in range(count - 1)]
                self._found[row] = SearchOutcome(state[name], tuple(noises), state[f"found.{row}.curve"])
        self._select(None)

    def _evaluate(self, values: Sequence[Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Generate the images of all rows; return them with each part of their losses."""
        problem = self._problem
        code, noises = values[0], values[1:]
        styles = styles_of(problem.generator, problem.settings.space, code)
        images = problem.generator.synthesise(styles, noises or "const")
        parts = problem.losses.parts(images, self._wanted)
        if problem.prior is not None:
            squared, expected = problem.prior.squared(code, styles)
            scale = 1.0 if problem.settings.prior_sum else 1 / expected
            parts["prior"] = squared * (problem.settings.prior_weight * scale)
        if noises:
            parts["noise"] = noise_penalty(noises) * problem.settings.noise_weight
        return images, parts

    def _leave(self) -> dict[int, SearchOutcome]:
        """Remove finished rows; return the images whose last start has finished."""
        sound = self._curve[-1][:, 0].isfinite().tolist()
        over = [at for at, schedule in enumerate(self._schedules) if self.done >= schedule.end or not sound[at]]
        if not over:
            return {}
        curve = torch.stack(self._curve)  # [steps, rows, columns]
        reached = self._optimiser.reached(self._values, self._state)
        for at in over:
            noises = tuple(noise[at].detach().cpu().clone() for noise in reached[1:])
            one = SearchOutcome(reached[0][at].detach().cpu().clone(), noises, curve[:, at].clone())
            earlier = self._found.get(self._owners[at])
            if earlier is None or one.loss < earlier.loss:
                self._found[self._owners[at]] = one
        ended = {self._owners[at] for at in over}
        self._select([at for at in range(len(self._owners)) if at not in over])
        return {row: self._found.pop(row) for row in sorted(ended - set(self._owners))}

    def _select(self, places: list[int] | None) -> None:
        """Select rows (None: all), and the targets that they are compared with."""
        if places is not None:
            self._owners = [self._owners[at] for at in places]
            self._schedules = [self._schedules[at] for at in places]
            for values in (self._values, self._curve):
                values[:] = [value[places] for value in values]
            self._state = {name: value[places] for name, value in self._state.items()}
            self.images = self.images[places]
        self._wanted = {name: [one[self._owners] for one in parts] for name, parts in self._prepared.items()}

    def _places(self, row: int) -> list[int]:
        return [at for at, owner in enumerate(self._owners) if owner == row]
