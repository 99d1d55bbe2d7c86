"""Progress bars on the terminal, for jobs of more than a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Never

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
