"""A drag of one code that can be watched, changed and undone between steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fgraph._cached import cached_property
from fgraph.dragging.points import DragPoints, Place, to_fractions
from fgraph.dragging.search import DragOutcome, DragSearch
from fgraph.dragging.settings import DragError, DragSettings, Ending
from fgraph.stylegan.generators.base import Generator

_REMEMBERED = 100  # changes that can be undone


@dataclass(frozen=True, eq=False)
class Moment:
    """A drag at one step: its code and points, and its picture on demand."""

    generator: Generator
    steps: int
    code: NDArray[np.float32]  # W+ [num_ws, w_dim], or S [style_length] in space s
    points: list[Place]  # fractions of the sides, x before y
    targets: list[Place]
    distance: float  # the mean distance of the points from their targets, in pixels
    ending: Ending | None  # why it ended, if it has

    @cached_property
    def image(self) -> NDArray[np.float32]:
        """The generated image, [C, size, size] in [-1, 1]; computed when it is first read."""
        code = torch.from_numpy(self.code)[None].to(self.generator.device, self.generator.dtype)
        with torch.inference_mode():
            styles = code if code.ndim == 2 else self.generator.affine(code)
            made = self.generator.synthesise(styles)[0].clamp(-1, 1)
        return made.float().cpu().numpy()


@dataclass(frozen=True, eq=False)
class _Begin:
    """The start of a drag or of a change, and the number of steps done before it."""

    code: Tensor
    points: DragPoints
    mask: Tensor | None
    steps: int


class LiveDrag(Iterator[Moment]):
    """The drag of one code: each iteration does some steps and returns a `Moment`.

    Iteration ends when the points have arrived, when they make no progress, or after `steps` steps. The drag can be
    left at any step: the code of the last `Moment` is valid. `change` sets other points, targets or mask, and
    continues; `undo` returns to where the last change, or the drag, began.
    """

    def __init__(  # noqa: PLR0917 - `fgraph.drag` is the public way to make one
        self, generator: Generator, settings: DragSettings, code: Tensor, points: DragPoints, mask: Tensor | None,
        every: int = 1,
    ) -> None:  # fmt: skip
        if every < 1:
            raise DragError(f"every={every}: expected a number of steps, at least 1")
        self._generator, self._settings, self._every = generator, settings, every
        self._history: list[_Begin] = []
        self._end: DragOutcome | None = None
        self._begin(_Begin(code, points, mask, 0))

    def __next__(self) -> Moment:
        """Do up to `every` steps.

        Raises:
            StopIteration: the drag has ended.
        """
        if self.moment.ending is not None:
            raise StopIteration
        for _ in range(self._every):
            finished = self._search.step()
            if finished:
                self._end = outcome = finished[0]
                self._record(outcome.code, outcome.points, outcome.distance, outcome.ending)
                return self.moment
        self._record(self._search.codes[0], self._places, self._distance, None)
        return self.moment

    def change(
        self,
        points: Sequence[Place] | None = None,
        to: Sequence[Place] | None = None,
        mask: Tensor | NDArray[np.float32] | None = None,
    ) -> None:
        """Continue from here with other points, targets or mask; omitted arguments stay as they are.

        The current picture becomes the reference for points and mask. Without new points, the points are where the
        drag has moved them.

        Args:
            points: fractions of the sides, x before y.
            to: a target for each point.
            mask: [H, W] of the image's size, 1 where the image may change.

        Raises:
            DragError: points and targets don't fit each other or the image.
        """
        last = self._history[-1]
        given = DragPoints(tuple(points or self.moment.points), tuple(to or self.moment.targets))
        wanted = last.mask if mask is None else as_mask(mask)
        code = torch.from_numpy(self.moment.code)
        self._begin(_Begin(code, given, wanted, self.moment.steps))

    @property
    def trail(self) -> NDArray[np.float32]:
        """The places of the points at each step since the last change, [steps, points, 2], in fractions."""
        if self._end is not None:
            return self._end.trail.numpy()
        places = [to_fractions(one[0].cpu().double().numpy(), self._search.size) for one in self._search.trails]
        return np.asarray(places or [self.moment.points], dtype=np.float32)

    def outcome(self) -> DragOutcome:
        """Return the outcome as if the drag ended now, after the steps since the last change. It can still continue."""
        if self._end is not None:
            return self._end
        begin = self._history[-1]
        settings = self._settings.model_copy(update={"steps": self._search.done})
        search = DragSearch(self._generator, settings, begin.code[None], [begin.points], begin.mask)
        if self._search.done:
            search.restore(self._search.state())
        return search.step()[0]

    def undo(self) -> Moment:
        """Return to where the last change began, or to the start of the drag."""
        last = self._history.pop()
        self._begin(self._history.pop() if self._history and self._search.done == 0 else last)
        return self.moment

    def _begin(self, begin: _Begin) -> None:
        self._search = DragSearch(self._generator, self._settings, begin.code[None], [begin.points], begin.mask)
        self._end = None
        self._history = [*self._history[-_REMEMBERED:], begin]
        self._record(begin.code, list(begin.points.handles), begin.points.distance(self._search.size), None)

    @property
    def _places(self) -> list[Place]:
        return to_fractions(self._search.tracker.handles[0].cpu().double().numpy(), self._search.tracker.size)

    @property
    def _distance(self) -> float:
        return float(self._search.tracker.distances[0].mean())

    def _record(self, code: Tensor, points: list[Place], distance: float, ending: Ending | None) -> None:
        begin = self._history[-1]
        array = code.detach().float().cpu().numpy().copy()
        steps = begin.steps + self._search.done
        self.moment = Moment(self._generator, steps, array, points, list(begin.points.targets), distance, ending)


def as_mask(mask: Tensor | NDArray[np.float32]) -> Tensor:
    """Return a mask [H, W] as a tensor [1, 1, H, W].

    Raises:
        DragError: it has another shape, or values outside 0 to 1.
    """
    tensor = torch.as_tensor(mask, dtype=torch.float32)
    if tensor.ndim != 2 or not bool(((tensor >= 0) & (tensor <= 1)).all()):
        raise DragError(f"mask has shape {list(tensor.shape)}: expected [height, width], with values from 0 to 1")
    return tensor[None, None]
