"""Commands under faults and kills: files reported as written are whole, and the next run finishes.

A sample of what `tools/campaign.py` tries in full: in each scenario, one operation fails and one run is killed. The
scenarios have different kinds of operations; the seed of a scenario chooses the place.
"""

from __future__ import annotations

import errno
import random
import re
import signal
from collections.abc import Iterator

import pytest

from tests.faults.campaign import Campaign, Reference, Report
from tests.faults.client import judge, serving
from tests.faults.scenarios import SCENARIOS
from tests.faults.server import CODES, FOR_GOOD, KINDS, ONCE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    folder = tmp_path_factory.mktemp("faults")
    with serving(folder) as server:
        if server is None:
            pytest.skip("faults are made by a preloaded library, on Linux with a C compiler")
        yield Campaign(server, folder)


@pytest.fixture(autouse=True)
def _new_report(campaign: Campaign) -> None:
    campaign.report = Report()


def kinds_of(reference: Reference) -> Iterator[tuple[str, int]]:
    """Yield the kinds of operation of a scenario, and how many it has of each."""
    yield from ((kind, count) for kind, count in zip(KINDS, reference.counts, strict=True) if count)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_fault_or_a_kill_loses_nothing(campaign: Campaign, scenario: object) -> None:
    number = SCENARIOS.index(scenario)
    draw = random.Random(number)
    reference = campaign.reference(SCENARIOS[number])
    kinds = list(kinds_of(reference))
    kind, count = kinds[number % len(kinds)]
    campaign.fail(reference, kind, draw.randint(1, count), CODES[kind][0], again=(FOR_GOOD, 2, ONCE)[number % 3])
    campaign.kill(reference, draw.uniform(0.2, 1) * reference.seconds)
    assert not campaign.report.found, "\n".join(campaign.report.found)


def test_eight_processes_on_one_cache_equal_serial_runs(campaign: Campaign) -> None:
    campaign.crowd()
    assert not campaign.report.found, "\n".join(campaign.report.found)


@pytest.mark.parametrize(
    ("without", "says"),
    [("file", r"[1-9]\d* files took their names before"), ("folder", r"the names in [1-9]\d* folders were not")],
)
def test_the_harness_finds_a_forgotten_fsync(campaign: Campaign, without: str, says: str) -> None:
    folder, outcome = campaign.run(SCENARIOS[0], without=without)
    assert outcome.code == 0
    (fault,) = judge(outcome, folder, killed=False)
    assert re.match(says, fault)


def test_a_failed_fsync_is_a_failed_run(campaign: Campaign) -> None:
    """A disk that does not confirm a file fails the run, which proves that the file is confirmed."""
    reference = campaign.reference(SCENARIOS[0])
    written = [name for name in reference.files if name.endswith((".png", ".npy", ".json", ".safetensors"))]
    assert len(written) > 6
    assert reference.counts[KINDS.index("fsync")] >= len(written)
    _, outcome = campaign.run(SCENARIOS[0], fault=(KINDS.index("fsync"), 1, errno.EIO, ONCE))
    assert outcome.code != 0
    assert "cannot write" in outcome.stderr


def test_the_harness_kills(campaign: Campaign) -> None:
    _, outcome = campaign.run(SCENARIOS[0], signal=(signal.SIGKILL, 0.0))
    assert outcome.code == -signal.SIGKILL
