"""The trials of a campaign in random order, and a journal of those that are done."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.faults.campaign import CROWDS, FAILED, KILLED, Campaign, Report, every_fault
from tests.faults.client import Server
from tests.faults.scenarios import SCENARIOS, Scenario


@dataclass(frozen=True)
class Amount:
    """The extent of a campaign."""

    share: float  # of all operations that can fail
    kills: int  # of each scenario
    crowds: int
    minutes: float = float("inf")  # after which it stops
    scenarios: Sequence[str] = ()  # these only, with "crowds" for the crowds; all if empty


@dataclass(frozen=True)
class Trial:
    """One disturbed run, with a name that is the same in each campaign."""

    kind: str
    scenario: str
    name: str
    run: Callable[[], None]

    @property
    def key(self) -> str:
        """The name among all trials."""
        return f"{self.kind}: {self.scenario}: {self.name}"


@dataclass
class Journal:
    """A file with a line for each trial that is done: a campaign goes on where the last one stopped."""

    path: Path | None
    whole: dict[str, int] = field(default_factory=dict)  # how many operations of a scenario can fail
    found: dict[str, list[str]] = field(default_factory=dict)  # by the keys of trials
    names: dict[str, tuple[str, str]] = field(default_factory=dict)  # key -> kind and scenario

    def __post_init__(self) -> None:
        if self.path and self.path.exists():
            for line in self.path.read_text().splitlines():
                self._take(json.loads(line))

    def _take(self, entry: dict[str, object]) -> None:
        if "whole" in entry:
            self.whole[str(entry["scenario"])] = int(str(entry["whole"]))
        else:
            key, found = str(entry["key"]), entry["found"]
            assert isinstance(found, list)
            self.found[key] = found
            self.names[key] = str(entry["kind"]), str(entry["scenario"])

    def add(self, **entry: object) -> None:
        """Note an entry at once."""
        self._take(entry)
        if self.path:
            with self.path.open("a") as file:
                file.write(json.dumps(entry) + "\n")

    def report(self) -> Report:
        """Return the trials of all entries."""
        report = Report(whole=sum(self.whole.values()))
        for key, found in self.found.items():
            kind, scenario = self.names[key]
            report.count(kind, scenario)
            report.add(kind, key, found)
        return report


def _crowds(campaign: Campaign, count: int) -> Iterator[Trial]:
    for number in range(count):
        scenario = "with kills and eviction" if number else "without disturbance"
        yield Trial(CROWDS, scenario, str(number), partial(campaign.crowd, number or None))


def _trials(campaign: Campaign, scenario: Scenario, amount: Amount, journal: Journal) -> Iterator[Trial]:
    reference = campaign.reference(scenario)
    faults = list(every_fault(reference))
    journal.add(scenario=scenario.name, whole=len(faults))
    draw = random.Random(scenario.name)
    for fault in draw.sample(faults, round(amount.share * scenario.share * len(faults))):
        yield Trial(FAILED, scenario.name, " ".join(map(str, fault)), partial(campaign.fail, reference, *fault))
    for number in range(round(amount.kills * scenario.share)):
        moment = draw.uniform(0, reference.seconds)
        yield Trial(KILLED, scenario.name, str(number), partial(campaign.kill, reference, moment))


def run_campaign(server: Server, folder: Path, amount: Amount, state: Path | None = None) -> Report:
    """Try faults, kills and crowds that the journal does not have, in random order, until the time is up.

    Operations that fail once come first, those that fail for good later, and allocations last: there are more of them
    than of all else.
    """
    campaign, journal = Campaign(server, folder), Journal(state)
    names = amount.scenarios or ["crowds", *(scenario.name for scenario in SCENARIOS)]
    trials = list(_crowds(campaign, amount.crowds)) if "crowds" in names else []
    for scenario in SCENARIOS:
        if scenario.name in names:
            trials += _trials(campaign, scenario, amount, journal)
    random.Random(0).shuffle(trials)
    trials.sort(key=lambda trial: (trial.name.startswith("allocate"), trial.name.endswith("True")))
    end = time.monotonic() + 60 * amount.minutes
    for trial in trials:
        if time.monotonic() > end:
            break
        if trial.key not in journal.found:
            campaign.report = Report()
            trial.run()
            journal.add(key=trial.key, kind=trial.kind, scenario=trial.scenario, found=campaign.report.found)
    return journal.report()
