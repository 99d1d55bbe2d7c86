"""Text that can't be printed never costs a result."""

from __future__ import annotations

import errno
import io
import logging
import sys

import pytest
from tqdm import tqdm

from fgraph._log import get_logger
from fgraph.cli import main
from fgraph.cli.terminal import guarded_streams, say
from tests.cli.conftest import FakeJobs


class Broken(io.StringIO):
    """A stream whose reader is gone, or whose disk is full."""

    def __init__(self, number: int, after: int = 0) -> None:
        super().__init__()
        self._error = OSError(number, "broken")
        self._left = after

    def write(self, text: str) -> int:
        if not self._left:
            raise self._error
        self._left -= 1
        return super().write(text)

    def flush(self) -> None:
        if not self._left:
            raise self._error


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC])
@pytest.mark.parametrize("after", [0, 1])
def test_a_sweep_finishes_all_jobs(
    jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, after: int
) -> None:
    finished = []

    def finish(job: object, outcome: object) -> None:
        finished.append(job)
        say("written")

    monkeypatch.setattr(jobs, "finish", finish)
    monkeypatch.setattr(sys, "stdout", Broken(number, after))
    assert main(["-m", "seed=1,2,3", "hydra.sweep.dir=out"]) == 0
    assert len(finished) == 3
    assert capsys.readouterr().err.count("standard output can't be written") == (number == errno.ENOSPC)


def test_both_streams_broken(jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(errno.EPIPE))
    monkeypatch.setattr(sys, "stderr", Broken(errno.EPIPE))
    assert main(["hydra.run.dir=out"]) == 0
    assert main(["--help"]) == 0
    assert main(["hydra.run.dir=out", "nonsense=1"]) == 2


def test_streams_that_are_not_there(jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["--help"]) == 0


def test_letters_that_an_encoding_lacks_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    with guarded_streams():
        say("ä.png")
    assert raw.getvalue() == b"\\xe4.png\n"


def test_control_characters_are_escaped(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    say("a\x1b]0;title\x07.png")
    assert capsys.readouterr().out == "a\\x1b]0;title\\x07.png\n"
    with caplog.at_level(logging.WARNING, "fgraph"):
        get_logger().warning("skipped %s", "a\x1b[2Jb")
    assert caplog.messages == ["skipped a\\x1b[2Jb"]


@pytest.mark.parametrize("launcher", ["basic", "fused"])
def test_overrides_and_tracebacks_are_escaped(
    jobs: FakeJobs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, launcher: str
) -> None:
    """Neither the overrides of a job that fails by a bug nor the text in its traceback move the cursor."""

    def fail(settings: object) -> None:
        raise RuntimeError("a bug in \x1b[2J")

    monkeypatch.setattr(jobs, "prepare", fail)
    arguments = ["-m", "+graph.title='\x1b[2J',b", "hydra.sweep.dir=out", f"hydra/launcher={launcher}"]
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err
    assert "graph.title='\\x1b[2J'" in printed.err
    assert "RuntimeError: a bug in \\x1b[2J" in printed.err


class Terminal(io.StringIO):
    """A stream that reports that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_text_begins_on_a_line_of_its_own_beside_a_progress_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    with guarded_streams(), tqdm(total=2, desc="inverting", mininterval=0, ncols=40) as bar:
        bar.update()
        say("out/one.png")
        bar.update()
    before = stream.getvalue().partition("out/one.png\n")[0]
    assert "inverting" in before
    assert before.rpartition("\r")[2] == ""  # the cursor is at the start of the line
    assert before.rpartition("\r")[0].rpartition("\r")[2].isspace()  # the line is blank
