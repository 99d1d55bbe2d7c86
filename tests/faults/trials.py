"""The trials of a campaign in random order, and a journal of those that are done."""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.faults.campaign import (
    CROWDS,
    FAILED,
    INTERRUPTED,
    KILLED,
    STARVED,
    STAYED,
    TWICE,
    Campaign,
    Report,
    every_fault,
    trial_of,
)
from tests.faults.client import Server
from tests.faults.scenarios import SCENARIOS, Scenario
from tests.faults.server import CODES, ONCE


@dataclass(frozen=True)
class Amount:
    """The extent of a campaign."""

    share: float  # share of the operations that can fail
    kills: int  # kills of each scenario
    interrupts: int  # interrupts of each scenario
    crowds: int
    minutes: float = float("inf")  # after which it stops
    scenarios: Sequence[str] = ()  # these only, with "crowds" for the crowds; all if empty
    kinds: Sequence[str] = ()  # of trials; all if empty


@dataclass(frozen=True)
class Trial:
    """One disturbed run, with a name that is the same in each campaign."""

    kind: str
    scenario: str
    name: str
    run: Callable[[], None]
    is_late: bool = False  # whether it varies an earlier trial

    @property
    def key(self) -> str:
        """The name among all trials."""
        return f"{self.kind}: {self.scenario}: {self.name}"


@dataclass
class Journal:
    """A file with a line for each trial that is done: a campaign continues where the last one stopped."""

    path: Path | None
    whole: dict[str, dict[str, int]] = field(default_factory=dict)  # a kind of trial -> scenario -> how many there are
    found: dict[str, list[str]] = field(default_factory=dict)  # by the keys of trials
    names: dict[str, tuple[str, str]] = field(default_factory=dict)  # key -> kind and scenario

    def __post_init__(self) -> None:
        if self.path and self.path.exists():
            for line in self.path.read_text().splitlines():
                self._take(json.loads(line))

    def _take(self, entry: dict[str, object]) -> None:
        if "whole" in entry:
            self.whole.setdefault(str(entry["kind"]), {})[str(entry["scenario"])] = int(str(entry["whole"]))
        else:
            key, found = str(entry["key"]), entry["found"]
            assert isinstance(found, list)
            self.found[key] = found
            self.names[key] = str(entry["kind"]), str(entry["scenario"])

    def add(self, **entry: object) -> None:
        """Add an entry, and write it to the file."""
        self._take(entry)
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a") as file:
                file.write(json.dumps(entry) + "\n")

    def report(self) -> Report:
        """Return the trials of all entries."""
        report = Report(whole=self.whole)
        for key, found in self.found.items():
            kind, scenario = self.names[key]
            report.count(kind, scenario)
            if kind in (FAILED, STARVED, STAYED, TWICE):
                operation = " ".join(key.split()[-4:-2])  # without the error and the later failure
                report.failed.setdefault(kind, {}).setdefault(scenario, set()).add(operation)
            report.add(kind, key, found)
        return report


def _crowds(campaign: Campaign, count: int) -> Iterator[Trial]:
    for number in range(count):
        scenario = "with kills and eviction" if number else "without disturbance"
        yield Trial(CROWDS, scenario, str(number), partial(campaign.crowd, number or None))


def _trials(campaign: Campaign, scenario: Scenario, amount: Amount, journal: Journal) -> Iterator[Trial]:
    reference = campaign.reference(scenario)
    faults = list(every_fault(reference))
    operations = {(trial_of(kind, again), kind, nth) for kind, nth, _, again in faults}
    for kind, count in Counter(operation[0] for operation in operations).items():
        journal.add(kind=kind, scenario=scenario.name, whole=count)
    chosen = random.Random(scenario.name).sample(faults, round(amount.share * scenario.share * len(faults)))
    for kind, nth, code, again in chosen:
        late = again != ONCE or code != CODES[kind][nth % len(CODES[kind])]
        run = partial(campaign.fail, reference, kind, nth, code, again)
        yield Trial(trial_of(kind, again), scenario.name, f"{kind} {nth} {code} {again}", run, late)
    for kind, wanted, signals in (
        (KILLED, amount.kills, [signal.SIGKILL]),
        (INTERRUPTED, amount.interrupts, [signal.SIGINT, signal.SIGTERM]),
    ):
        count = round(wanted * scenario.share)
        journal.add(kind=kind, scenario=scenario.name, whole=count)
        for number in range(count):
            moment = random.Random(f"{kind} {scenario.name} {number}").uniform(0, reference.seconds)
            sent = signals[number % len(signals)]
            yield Trial(kind, scenario.name, str(number), partial(campaign.kill, reference, moment, sent))


def run_campaign(server: Server, folder: Path, amount: Amount, state: Path | None = None) -> Report:
    """Try faults, kills and crowds that the journal does not have, in random order, until the time is up.

    First, each operation fails once, with the errors in turn. Other errors, and failures that stay or repeat, are last.
    """
    campaign, journal = Campaign(server, folder), Journal(state)
    names = amount.scenarios or ["crowds", *(scenario.name for scenario in SCENARIOS)]
    trials = list(_crowds(campaign, amount.crowds)) if "crowds" in names else []
    for scenario in SCENARIOS:
        if scenario.name in names:
            trials += _trials(campaign, scenario, amount, journal)
    trials = [trial for trial in trials if not amount.kinds or trial.kind in amount.kinds]
    random.Random(0).shuffle(trials)
    trials.sort(key=lambda trial: (trial.is_late, trial.kind == CROWDS))  # a crowd takes as long as ten others
    end = time.monotonic() + 60 * amount.minutes
    for trial in trials:
        if time.monotonic() > end:
            break
        if trial.key not in journal.found:
            campaign.report = Report()
            trial.run()
            journal.add(key=trial.key, kind=trial.kind, scenario=trial.scenario, found=campaign.report.found)
    return journal.report()
