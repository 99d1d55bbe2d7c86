"""Interrupts: exit codes, messages, and the files that remain."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fgraph._errors import FgraphError
from fgraph._temporary import temporary_folder
from fgraph.cli import main
from fgraph.cli.settings import JobSettings
from tests.cli.conftest import FakeJobs
from tests.paths import ROOT


def run_child(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def interrupting(jobs: FakeJobs, number: int, after: int = 0) -> Callable[..., Any]:
    """Return a `finish` that gets a signal once a number of jobs are finished."""
    finish = jobs.finish
    done: list[Any] = []

    def interrupted(job: Any, outcome: Any) -> float:
        if len(done) == after:
            os.kill(os.getpid(), number)
        done.append(job)
        return finish(job, outcome)

    return interrupted


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_exit_codes(
    jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, code: int
) -> None:
    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    monkeypatch.setattr(jobs, "finish", interrupting(jobs, number))
    assert main(["hydra.run.dir=out"]) == code
    assert "interrupted: no result was written; run the same command again" in capsys.readouterr().err
    assert not Path("out").exists()
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == handlers


@pytest.mark.parametrize("error", [AttributeError("half of a config"), FgraphError("half of a file")])
@pytest.mark.parametrize("part", ["prepare", "finish"])
def test_an_error_during_cleanup_does_not_hide_the_interrupt(
    jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], part: str, error: Exception
) -> None:
    """OmegaConf raises such errors: its `finally` fails on an incomplete config."""

    def interrupted(*_: Any) -> Any:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            raise error

    monkeypatch.setattr(jobs, part, interrupted)
    for more in ([], ["hydra.verbose=false"]):  # which Hydra reads
        assert main(["hydra.run.dir=out", *more]) == 143
        errors = capsys.readouterr().err
        assert "interrupted: no result was written" in errors
        assert "half of" not in errors
        assert not Path("out").exists()


def test_an_interrupt_while_a_folder_is_removed_leaves_nothing(jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def finish(*_: Any) -> None:
        with temporary_folder(Path("out"), "image") as folder:
            (folder / "image.png").touch()
            remove = shutil.rmtree

            def interrupted(*given: Any, **more: Any) -> None:
                monkeypatch.setattr(shutil, "rmtree", remove)
                os.kill(os.getpid(), signal.SIGINT)

            monkeypatch.setattr(shutil, "rmtree", interrupted)

    monkeypatch.setattr(jobs, "finish", finish)
    assert main(["hydra.run.dir=out"]) == 130
    assert not [path.name for path in Path("out").iterdir() if path.suffix == ".part"]


def test_a_sweep_says_how_many_jobs_are_done(
    jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(jobs, "finish", interrupting(jobs, signal.SIGTERM, after=1))
    assert main(["-m", "seed=1,2,3", "hydra.sweep.dir=out"]) == 143
    assert "1 of 3 jobs are done" in capsys.readouterr().err
    assert [path.name for path in Path("out").iterdir() if path.is_dir()] == ["0"]
    assert Path("out/0/done").exists()


def test_a_sweep_that_is_interrupted_before_it_runs_leaves_no_directories(
    jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = jobs.prepare

    def interrupted(settings: JobSettings) -> Any:
        if len(jobs.settings) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return prepare(settings)

    monkeypatch.setattr(jobs, "prepare", interrupted)
    assert main(["-m", "seed=1,2,3", "hydra.sweep.dir=out"]) == 130
    assert [path.name for path in Path("out").iterdir() if path.is_dir()] == []


def test_a_signal_that_is_ignored_stays_ignored(jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as under nohup
    try:
        monkeypatch.setattr(jobs, "finish", interrupting(jobs, signal.SIGHUP))
        assert main(["hydra.run.dir=out"]) == 0
    finally:
        signal.signal(signal.SIGHUP, earlier)


IN_A_KERNEL = """
    import hashlib, os, signal, sys, threading
    from pathlib import Path
    from fgraph._atomic import Staging
    from fgraph.cli import signals
    signals.GRACE = 0.05
    with signals.interruptible(), Staging(Path(sys.argv[1])) as staging:
        staging.stage("a.txt", b"half")
        threading.Timer(0.05, os.kill, [os.getpid(), signal.SIGTERM]).start()
        hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)  # minutes in which Python answers no signal
"""


def test_a_process_that_cannot_answer_is_ended_and_leaves_nothing(tmp_path: Path) -> None:
    done = run_child(IN_A_KERNEL, str(tmp_path))
    assert (done.returncode, done.stderr) == (143, "interrupted\n")
    assert list(tmp_path.iterdir()) == []


IN_AN_IMPORT = """
    import os, signal, sys
    module, number = sys.argv[1], getattr(signal, sys.argv[2])
    class Finder:
        def find_spec(self, name, *rest):
            if name == module:
                os.kill(os.getpid(), number)
    sys.meta_path.insert(0, Finder())
    import fgraph_main
    sys.argv[1:] = ["check", "transfer"]
    sys.exit(fgraph_main.main())
"""


@pytest.mark.parametrize(("module", "name", "code"), [("fgraph", "SIGINT", 130), ("hydra", "SIGTERM", 143)])
def test_an_interrupt_during_imports_prints_no_traceback(module: str, name: str, code: int) -> None:
    done = run_child(IN_AN_IMPORT, module, name)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "interrupted\n")


@pytest.mark.parametrize(("arguments", "place"), [([], "panorama/a"), (["-m", "seed=1,2"], "sweep/a/0")])
def test_the_next_run_removes_leftovers_of_killed_runs_in_the_default_place(
    jobs: FakeJobs, arguments: list[str], place: str
) -> None:
    left, elsewhere = Path("outputs", place, ".image.0123abcd.part"), Path("mine/a/.image.0123abcd.part")
    left.mkdir(parents=True)
    elsewhere.mkdir(parents=True)
    assert main(arguments) == 0
    assert not left.exists()
    assert left.parent.exists()
    assert elsewhere.exists()


IN_A_STEP = """
    import hashlib, os, signal, threading
    from fgraph.cli import signals
    signals.GRACE = 0.05
    with signals.interruptible() as interrupts:
        interrupts.describe = lambda: "interrupted: the snapshot is kept"
        signal.signal(signal.SIGINT, lambda *_: None)  # as a training, which ends after its step
        threading.Timer(0.05, os.kill, [os.getpid(), signal.SIGINT]).start()
        hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)  # a step of minutes
"""


def test_a_training_in_a_long_step_is_ended() -> None:
    done = run_child(IN_A_STEP)
    assert (done.returncode, done.stderr) == (130, "interrupted: the snapshot is kept\n")
