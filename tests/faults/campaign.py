"""Faults and kills over every scenario: how many were tried, and each promise that was broken."""

from __future__ import annotations

import errno
import random
import shutil
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.client import Outcome, Server, digests, judge, leftovers
from tests.faults.scenarios import SCENARIOS, Scenario
from tests.faults.server import KINDS

CODES = {
    "open": (errno.EMFILE, errno.ENOSPC),
    "write": (errno.ENOSPC, errno.EIO),
    "fsync": (errno.EIO,),
    "rename": (errno.EIO,),
    "mkdir": (errno.ENOSPC,),
    "allocate": (errno.ENOMEM,),
}
_VARY = (".hydra/", "multirun.yaml", "hydra.yaml", "losses")  # times of day, speeds


@dataclass
class Report:
    """The trials of a campaign and the faults that it found."""

    tried: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def count(self, what: str) -> None:
        self.tried[what] = self.tried.get(what, 0) + 1


@dataclass(frozen=True)
class Reference:
    """A run of a scenario that nothing disturbed."""

    scenario: Scenario
    counts: Sequence[int]
    seconds: float
    files: dict[str, str]


class Campaign:
    """Trials of scenarios in one folder, each begun anew."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._server, self._folder, self.report = server, folder, Report()

    def reference(self, scenario: Scenario) -> Reference:
        """Run a scenario undisturbed."""
        folder, outcome = self.run(scenario)
        assert outcome.code == 0, outcome.stderr
        assert outcome.counts is not None
        return Reference(scenario, outcome.counts, outcome.seconds, _steady(folder))

    def fail(self, reference: Reference, kind: str, nth: int, code: int, sticky: bool) -> None:
        """Make one operation fail (or all from it on), then run again without faults."""
        what = f"{reference.scenario.name}: {kind} {nth} {errno.errorcode[code]}{' and after' if sticky else ''}"
        folder, outcome = self.run(reference.scenario, fault=(KINDS.index(kind), nth, code, sticky))
        self._judge(what, judge(outcome, folder, killed=False))
        self.report.count(f"{reference.scenario.name}: failed operations")
        self._again(what, reference, folder)

    def kill(self, reference: Reference, after: float, number: int = signal.SIGKILL) -> None:
        """Send a signal after some seconds, then run again."""
        what = f"{reference.scenario.name}: {signal.Signals(number).name} after {after:.3f} s"
        folder, outcome = self.run(reference.scenario, signal=number, after=after)
        self._judge(what, judge(outcome, folder, killed=True))
        self.report.count(f"{reference.scenario.name}: kills")
        self._again(what, reference, folder)

    def run(self, scenario: Scenario, **disturbance: object) -> tuple[Path, Outcome]:
        """Run a scenario in a new folder; `disturbance` is for `Server.run`."""
        folder = self._folder / "work"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        scenario.prepare(folder)
        return folder, self._server.run(list(scenario.arguments), folder, **disturbance)

    def _again(self, what: str, reference: Reference, folder: Path) -> None:
        outcome = self._server.run(list(reference.scenario.arguments), folder)
        found = judge(outcome, folder, killed=False)
        if outcome.code != 0:
            found.append(f"the next run fails: {outcome.stderr[-300:]}")
        elif (made := _steady(folder)) != reference.files:
            odd = sorted(
                name for name in made.keys() | reference.files.keys() if made.get(name) != reference.files.get(name)
            )
            found.append(f"the next run leaves other files: {odd[:4]}")
        found += [f"left for ever: {name}" for name in leftovers(folder)[:3]]
        self._judge(f"{what}, again", found)

    def _judge(self, what: str, found: Sequence[str]) -> None:
        self.report.faults += [f"{what}: {fault}" for fault in found]


def _steady(folder: Path) -> dict[str, str]:
    return {name: digest for name, digest in digests(folder / "out").items() if not any(part in name for part in _VARY)}


def every_fault(reference: Reference, share: float, draw: random.Random) -> Iterator[tuple[str, int, int, bool]]:
    """Each operation of a scenario with each error, once and for good; `share` picks some of them."""
    for kind, count in zip(KINDS, reference.counts, strict=True):
        for code in CODES[kind]:
            for nth in range(1, count + 1):
                for sticky in (False, True):
                    if draw.random() < share * (0.1 if kind == "allocate" else 1):
                        yield kind, nth, code, sticky


def run_campaign(server: Server, folder: Path, share: float, kills: int, seed: int = 0) -> Report:
    """Try a share of all faults, and some kills a scenario."""
    campaign, draw = Campaign(server, folder), random.Random(seed)
    for scenario in SCENARIOS:
        reference = campaign.reference(scenario)
        for kind, nth, code, sticky in every_fault(reference, share, draw):
            campaign.fail(reference, kind, nth, code, sticky)
        for _ in range(kills):
            campaign.kill(reference, draw.uniform(0, reference.seconds))
    return campaign.report
