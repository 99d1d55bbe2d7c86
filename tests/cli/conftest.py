"""Jobs that compile nothing: the command line is tested without the engine behind it."""

import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import fgraph.cli
from fgraph._errors import GraphError
from fgraph.cli.settings import JobSettings


class FakeJobs(ModuleType):
    """A recorder of the settings of each job. A node with op `nope` is a fault; a node with op `bug` raises a bug."""

    def __init__(self) -> None:
        super().__init__("fgraph.cli.jobs")
        self.settings: list[JobSettings] = []
        self.batches: list[int] = []  # number of jobs in each joint run

    @property
    def graphs(self) -> list[dict[str, Any]]:
        return [settings.graph for settings in self.settings]

    def prepare(self, settings: JobSettings) -> SimpleNamespace:
        self.settings.append(settings)
        ops = [node.get("op") for node in settings.graph["nodes"].values()]
        if "bug" in ops:
            raise RuntimeError("a bug of ours")
        if "nope" in ops:
            raise GraphError([settings.source.fault("unknown op 'nope'", "nodes", "extra", "op")])
        return SimpleNamespace(settings=settings, remarks=())

    def run_many(self, prepared: Sequence[Any], engine: object) -> list[None]:
        self.batches.append(len(prepared))
        return [None] * len(prepared)

    def finish(self, job: Any, outcome: None) -> float:
        if job.settings.writes:
            (job.settings.directory / "done").write_text("")
        return float(job.settings.graph.get("seed", 0))


@pytest.fixture(autouse=True)
def default_signals() -> Iterator[None]:
    """Set signals as in a terminal: a shell makes commands in the background ignore some."""
    handlers = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    if hasattr(signal, "SIGHUP"):
        handlers[signal.SIGHUP] = signal.SIG_DFL
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeJobs:
    """Replace the engine by `FakeJobs`, in an empty working directory."""
    fake = FakeJobs()
    monkeypatch.setitem(sys.modules, "fgraph.cli.jobs", fake)
    monkeypatch.setattr(fgraph.cli, "jobs", fake, raising=False)
    monkeypatch.setattr("fgraph.cli.sweeps._drawing_ops", lambda: frozenset({"sample"}))
    monkeypatch.chdir(tmp_path)
    return fake
