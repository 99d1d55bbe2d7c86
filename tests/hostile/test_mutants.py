"""Damaged files, thousands of them: each is refused with a ModelError or loads, and nothing else happens."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.paths import ROOT

FEW, MANY = 1000, 9000  # 10,000 in all
SLOW = "test_the_other_nine_thousand"


@pytest.fixture(scope="module")
def reports(request: pytest.FixtureRequest, good: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the reports on the first thousand files and, if that test is not left out, on the other nine thousand."""
    folder = tmp_path_factory.mktemp("mutants")
    for name, content in good.items():
        (folder / name).write_bytes(content)
    ranges = [0, FEW, *((FEW, MANY) if any(item.name == SLOW for item in request.session.items) else ())]
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.mutants", str(folder), *map(str, ranges)],
        cwd=ROOT, capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def assert_opened_or_refused(report: Any, count: int) -> None:
    peak, noted = report[""]
    assert report["findings"] == []
    assert noted == []
    assert peak < 1 << 30
    assert sum(report["endings"].values()) == count


def test_a_thousand_damaged_files(reports: Any, good: dict[str, bytes]) -> None:
    assert_opened_or_refused(reports[0], FEW)
    for name in good:  # the damage is often found
        assert reports[0]["endings"][f"{name} refused"] > 10


@pytest.mark.timing
def test_none_takes_long(reports: Any) -> None:
    assert reports[0]["slowest"] < 2.5


@pytest.mark.slow
def test_the_other_nine_thousand(reports: Any) -> None:
    assert_opened_or_refused(reports[1], MANY)
