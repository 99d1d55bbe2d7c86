"""Progress bars on the terminal, for jobs of more than a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Never, TypeAlias

if TYPE_CHECKING:
    from tqdm import tqdm


class Progress:
    """A running job, which reports its progress by `advance`."""

    def __init__(self, bar: tqdm[Never]) -> None:
        self._bar = bar

    def advance(self, steps: int = 1) -> None:
        """Report that more steps are done."""
        self._bar.update(steps)

    def note(self, **values: float | str) -> None:
        """Show values after the bar, such as `loss=0.02`, from the next advance on."""
        # refresh=True would draw the bar at once, before its delay is over
        self._bar.set_postfix(values, refresh=False)


@contextmanager
def progress(total: int, label: str) -> Iterator[Progress]:
    """Show a bar on stderr when a job of `total` steps has run for a second, if stderr is a terminal.

    A bar inside another (an inversion inside a run) appears below it. Bars disappear at the end.

    >>> with progress(3, "decoding") as job:
    ...     for step in range(3):
    ...         job.advance()
    """
    from tqdm import tqdm

    bar: tqdm[Never] = tqdm(total=total, desc=label, delay=1.0, disable=None, leave=False, dynamic_ncols=True)
    with bar:
        yield Progress(bar)


@dataclass(frozen=True)
class SearchStep:
    """The progress and the losses after an iteration of a search, which is one step of a plan."""

    search: str  # drag, invert, or encode
    done: int
    total: int  # iterations at most
    rows: int  # the number of unfinished rows
    loss: float | None = None  # the mean over these rows
    distance: float | None = None  # distance of the farthest point from its target, in pixels


OnSearch: TypeAlias = Callable[[SearchStep], object]


class Searching:
    """A running search, which reports each iteration to the terminal and to the caller."""

    def __init__(self, job: Progress, search: str, total: int, on_search: OnSearch) -> None:
        self._job, self._search, self._total, self._on_search = job, search, total, on_search

    def step(self, done: int, rows: int, *, loss: float | None = None, distance: float | None = None) -> None:
        """Report an iteration.

        Raises:
            BaseException: `on_search` cancels the run.
        """
        known = {"loss": loss, "distance": distance}
        self._job.note(**{name: f"{one:.4g}" for name, one in known.items() if one is not None}, rows=str(rows))
        self._job.advance()
        self._on_search(SearchStep(self._search, done, self._total, rows, loss, distance))


@contextmanager
def searching(search: str, total: int, on_search: OnSearch) -> Iterator[Searching]:
    """Report the iterations of a search: as a bar on a terminal, and to `on_search`, which may raise to cancel it."""
    with progress(total, search) as job:
        yield Searching(job, search, total, on_search)
