"""Faults and kills over every scenario: the number of trials, and each broken promise."""

from __future__ import annotations

import errno
import hashlib
import json
import random
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.client import Outcome, Server, Signal, digests, judge, judge_interrupt, leftovers
from tests.faults.scenarios import CROWD, CROWD_COMMANDS, Scenario
from tests.faults.server import CODES, FOR_GOOD, KINDS, ONCE

FAILED, STARVED = "failed operations on files", "failed allocations"
STAYED, TWICE = "failures that stay", "failures that come twice"
KILLED, INTERRUPTED, CROWDS = "kills", "interrupts", "crowds of eight processes"
TRIALS = (FAILED, STARVED, STAYED, TWICE, KILLED, INTERRUPTED, CROWDS)
_VARY = (".hydra/", "multirun.yaml", "hydra.yaml", "losses")  # times of day, speeds
# A message and an exit code after which the next run searches in other batches, which round differently
_UNCACHED, _SKIPPED = "results are not cached", 3
_EVICTED_EVERY = 0.5  # seconds
_AGAIN = {ONCE: "", FOR_GOOD: " and all after it"}
_RAY = "ray/_private/serialization.py"  # in tracebacks of Ray
_STUCK = 1  # a temporary folder with content that cannot be read stays
_NEAR = 12  # the second of two failures is at most so many operations after the first


@dataclass
class Report:
    """The trials of a campaign and the faults that it found."""

    tried: dict[str, dict[str, int]] = field(default_factory=dict)  # a kind of trial -> scenario -> how many
    whole: dict[str, dict[str, int]] = field(
        default_factory=dict
    )  # a kind -> scenario -> how many exist; for faults, the number of operations
    failed: dict[str, dict[str, set[str]]] = field(
        default_factory=dict
    )  # a kind -> scenario -> the operations that failed once
    faults: dict[str, list[str]] = field(default_factory=dict)  # by the kind of trial

    def count(self, kind: str, scenario: str) -> None:
        of = self.tried.setdefault(kind, {})
        of[scenario] = of.get(scenario, 0) + 1

    def add(self, kind: str, what: str, found: Sequence[str]) -> None:
        self.faults.setdefault(kind, []).extend(f"{what}: {fault}" for fault in found)

    @property
    def found(self) -> list[str]:
        """All faults."""
        return [fault for faults in self.faults.values() for fault in faults]


@dataclass(frozen=True)
class Reference:
    """A run of a scenario that nothing disturbed."""

    scenario: Scenario
    counts: Sequence[int]
    seconds: float  # CPU seconds
    files: Mapping[str, str]


class Campaign:
    """Trials of scenarios in one folder, each started from scratch."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._server, self._folder, self.report = server, folder, Report()
        self._serial: dict[str, str] = {}
        self._finished: set[str] = set()  # states from which a next run has finished

    def reference(self, scenario: Scenario) -> Reference:
        """Run a scenario undisturbed."""
        folder, outcome = self.run(scenario)
        assert outcome.code == 0, outcome.stderr
        assert outcome.counts is not None
        self.report.add(FAILED, f"{scenario.name}, undisturbed", judge(outcome, folder, killed=False))
        return Reference(scenario, outcome.counts, outcome.seconds, _steady(folder, scenario))

    def fail(self, reference: Reference, kind: str, nth: int, code: int, again: int = ONCE) -> None:
        """Make one operation fail, and those after it that `again` names, then run again without faults."""
        what = f"{reference.scenario.name}: {kind} {nth} {errno.errorcode[code]}{_AGAIN.get(again, f' +{again}')}"
        trial = trial_of(kind, again)
        folder, outcome = self.run(reference.scenario, fault=(KINDS.index(kind), nth, code, again))
        stuck = again != ONCE and code in CODES["read"]  # to remove a folder, it must be opened
        # Ray aborts the process; or it logs a traceback, and fgraph runs the jobs again
        aborted = reference.scenario.aborts and (outcome.code == -signal.SIGABRT or _RAY in outcome.stderr)
        self.report.add(trial, what, judge(outcome, folder, killed=aborted, most_left=_STUCK if stuck else 0))
        self.report.count(trial, reference.scenario.name)
        exact = _UNCACHED not in outcome.stdout and outcome.code != _SKIPPED
        self._again(trial, what, reference, folder, exact)

    def kill(self, reference: Reference, after: float, number: int = signal.SIGKILL) -> None:
        """Send a signal after some seconds of CPU time, then run again."""
        trial = KILLED if number == signal.SIGKILL else INTERRUPTED
        what = f"{reference.scenario.name}: {signal.Signals(number).name} after {after:.3f} s"
        folder, outcome = self.run(reference.scenario, signal=(number, after))
        found = judge(outcome, folder, killed=trial == KILLED)
        if trial == INTERRUPTED:
            found += judge_interrupt(outcome, folder, number, after)
        self.report.add(trial, what, found)
        self.report.count(trial, reference.scenario.name)
        self._again(trial, what, reference, folder)

    def run(self, scenario: Scenario, **disturbance: Any) -> tuple[Path, Outcome]:
        """Run a scenario in a new folder; `disturbance` is for `Server.run`."""
        folder = self._begin(scenario)
        return folder, self._server.run(scenario.arguments, folder, **disturbance)

    def crowd(self, seed: int | None = None) -> None:
        """Run eight commands at once on one cache, two of them in each folder: equal to one after the other.

        With a seed, some are killed and the cache is emptied meanwhile, and the commands are then run again.
        """
        serial = self._serial = self._serial or self._run_serially(self._begin(CROWD))
        folder, draw = self._begin(CROWD), random.Random(seed)
        commands = [*CROWD_COMMANDS, *CROWD_COMMANDS]
        signals: list[Signal | None] = [None] * len(commands)
        if seed is not None:
            signals = [(signal.SIGKILL, draw.uniform(0, 1)) if draw.random() < 0.4 else None for _ in commands]
        with _emptying(folder / "cache", folder / "kept") if seed is not None else _nothing():
            outcomes = self._server.run_together(commands, folder, signals=signals)
        what, killed = f"crowd {seed}", sum(sent is not None for sent in signals)
        for command, outcome, sent in zip(commands, outcomes, signals, strict=True):
            found = judge(outcome, folder, killed=sent is not None, most_left=killed)
            if outcome.code and not (sent and outcome.code == -sent[0]):
                found.append(f"exit code {outcome.code}: {outcome.stderr[-300:]}")
            self.report.add(CROWDS, f"{what}: {' '.join(command)}", found)
        self.report.count(CROWDS, "without disturbance" if seed is None else "with kills and eviction")
        if seed is not None:
            self._run_serially(folder)
        files = _steady(folder, CROWD)
        odd = _differing(files, serial)
        if seed is not None:  # a search without its cache starts again, in another batch: equal except for rounding
            odd = [name for name in odd if not (name.startswith("out/invert/") and name in files and name in serial)]
        if odd:
            self.report.add(CROWDS, what, [f"files differ from those of serial runs: {odd[:4]}"])
        self.report.add(CROWDS, what, [f"left for ever: {name}" for name in leftovers(folder)[:3]])

    def _run_serially(self, folder: Path) -> dict[str, str]:
        for command in CROWD_COMMANDS:
            outcome = self._server.run(command, folder)
            found = judge(outcome, folder, killed=False)
            found += [f"exit code {outcome.code}: {outcome.stderr[-300:]}"] if outcome.code else []
            self.report.add(CROWDS, f"crowd, one after the other: {' '.join(command)}", found)
        return _steady(folder, CROWD)

    def _begin(self, scenario: Scenario) -> Path:
        folder = self._folder / "work"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        scenario.prepare(folder)
        return folder

    def _again(self, kind: str, what: str, reference: Reference, folder: Path, exact: bool = True) -> None:
        """Run a scenario on what a disturbed run has left, once for each state of the files."""
        state = _state(reference.scenario, folder)
        if state in self._finished:
            return
        outcome = self._server.run(reference.scenario.arguments, folder)
        found = judge(outcome, folder, killed=False)
        if outcome.code != 0:
            found.append(f"the next run fails: {outcome.stderr[-300:]}")
        elif odd := [
            name
            for name in _differing(_steady(folder, reference.scenario), reference.files)
            if (exact or not name.endswith((".safetensors", ".curve.csv")))
            # an interrupted training keeps its last step, with samples of it
            and not (kind == INTERRUPTED and "/samples/" in name and name not in reference.files)
        ]:
            found.append(f"the next run leaves other files: {odd[:4]}")
        found += [f"left for ever: {name}" for name in leftovers(folder)[:3]]
        self.report.add(kind, f"{what}, again", found)
        if not found:
            self._finished.add(state)


def _steady(folder: Path, scenario: Scenario) -> dict[str, str]:
    """Return the digests of the files that are the same after every run."""
    return {
        f"{kept}/{name}": digest
        for kept in scenario.kept
        for name, digest in digests(folder / kept).items()
        if not any(part in name for part in _VARY)
    }


def _state(scenario: Scenario, folder: Path) -> str:
    """Return a digest of all names and contents below a folder; files that contain times count by name only."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    contents = {name: one for name, one in digests(folder).items() if not any(part in name for part in _VARY)}
    return hashlib.sha256(json.dumps([scenario.name, names, contents]).encode()).hexdigest()


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _emptying(*folders: Path) -> Iterator[None]:
    """Remove the files of caches now and then, except locks and files that are being written."""
    over = threading.Event()

    def remove() -> None:
        while not over.wait(_EVICTED_EVERY):
            for folder in folders:
                for path in folder.rglob("*"):
                    if path.is_file() and not {".part", ".lock", ".tag"} & {path.suffix, path.parent.suffix}:
                        path.unlink(missing_ok=True)

    thread = threading.Thread(target=remove)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def trial_of(kind: str, again: int) -> str:
    """Return the kind of trial of a kind of operation that fails once, for good or twice."""
    if again == ONCE:
        return STARVED if kind == "allocate" else FAILED
    return STAYED if again == FOR_GOOD else TWICE


def every_fault(reference: Reference) -> Iterator[tuple[str, int, int, int]]:
    """Yield each operation of a scenario with each error, failing once, for good, and together with a later one."""
    for kind, count in zip(KINDS, reference.counts, strict=True):
        for code in CODES[kind]:
            for nth in range(1, count + 1):
                draw = random.Random(f"{reference.scenario.name} {kind} {code} {nth}")
                for again in (ONCE, FOR_GOOD, draw.randint(1, _NEAR)):
                    yield kind, nth, code, again
