"""Jobs that compile nothing: the command line is tested without the engine behind it."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fgraph._errors import GraphError
from fgraph.cli.configuration import Settings
from fgraph.cli.places import trace


class FakeJobs(ModuleType):
    """Remembers the settings of each job; a node of op `nope` is a fault, one of op `bug` a bug."""

    def __init__(self) -> None:
        super().__init__("fgraph.cli.jobs")
        self.settings: list[Settings] = []

    @property
    def graphs(self) -> list[dict[str, Any]]:
        return [settings.graph for settings in self.settings]

    def run_job(self, settings: Settings) -> None:
        self.settings.append(settings)
        ops = [node.get("op") for node in settings.graph["nodes"].values()]
        if "bug" in ops:
            raise RuntimeError("a bug of ours")
        if "nope" in ops:
            raise GraphError([trace(settings).fault("unknown op 'nope'", "nodes", "extra", "op")])
        if settings.writes:
            (settings.directory / "done").write_text("")


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeJobs:
    """Stands in for the engine, in an empty working directory."""
    fake = FakeJobs()
    monkeypatch.setitem(sys.modules, "fgraph.cli.jobs", fake)
    monkeypatch.setattr("fgraph.cli.sweeps._drawing_ops", lambda: frozenset({"sample"}))
    monkeypatch.chdir(tmp_path)
    return fake
