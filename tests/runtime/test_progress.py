"""Progress bars: hidden without a terminal and for short jobs, shown for long jobs."""

import io
from itertools import count

import pytest

from fgraph.runtime.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(label: str, steps: int = 3) -> None:
    with progress(steps, label) as job:
        for step in range(steps):
            job.note(loss=step / 10)
            job.advance()


def test_no_bar_if_stderr_is_not_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    run("inverting")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(("seconds_a_step", "seen"), [(0.01, False), (2.0, True)])
def test_seen_after_a_second(monkeypatch: pytest.MonkeyPatch, seconds_a_step: float, seen: bool) -> None:
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    clock = count(0, seconds_a_step)
    monkeypatch.setattr("tqdm.std.time", lambda: next(clock))
    monkeypatch.setattr("tqdm.std.tqdm.monitor_interval", 0)  # no monitor thread
    run("inverting")
    assert ("inverting" in stream.getvalue()) is seen
    assert ("loss" in stream.getvalue()) is seen
