"""Progress on the terminal, for what takes longer than a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Never

if TYPE_CHECKING:
    from tqdm import tqdm


class Progress:
    """A running job: call `advance` as it goes on."""

    def __init__(self, bar: tqdm[Never]) -> None:
        self._bar = bar

    def advance(self, steps: int = 1) -> None:
        """Say that so many steps more are done."""
        self._bar.update(steps)

    def note(self, **values: float | str) -> None:
        """Show values behind the bar, such as `loss=0.02`; they appear with the next advance."""
        # refresh=True would draw the bar at once, before its delay is over
        self._bar.set_postfix(values, refresh=False)


@contextmanager
def progress(total: int, label: str) -> Iterator[Progress]:
    """Show a bar on stderr once a job of `total` steps has run for a second; nothing where stderr is no terminal.

    Bars nest: one opened inside another (an inversion inside a run) is drawn below it. A bar leaves no trace.

    >>> with progress(3, "decoding") as job:
    ...     for step in range(3):
    ...         job.advance()
    """
    from tqdm import tqdm

    bar: tqdm[Never] = tqdm(total=total, desc=label, delay=1.0, disable=None, leave=False, dynamic_ncols=True)
    with bar:
        yield Progress(bar)
