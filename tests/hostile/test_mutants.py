"""Damaged files, thousands of them: each is refused with a ModelError or loads, and nothing else happens."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FEW, MANY = 1000, 9000  # 10,000 in all


def run(folder: Path, first: int, count: int) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.mutants", str(folder), str(first), str(count)],
        cwd=ROOT, capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    peak, noted = report[""]
    assert report["findings"] == []
    assert noted == []
    assert peak < 1 << 30
    assert sum(report["endings"].values()) == count
    return report


@pytest.fixture
def folder(good: dict[str, bytes], tmp_path: Path) -> Any:
    for name, content in good.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_a_thousand_damaged_files(folder: Path, good: dict[str, bytes]) -> None:
    endings = run(folder, 0, FEW)["endings"]
    for name in good:  # the damage is neither always fatal nor never
        assert endings[f"{name} refused"] > 10


@pytest.mark.timing
def test_none_takes_long(folder: Path) -> None:
    assert run(folder, 0, FEW)["slowest"] < 2.5


@pytest.mark.slow
def test_the_other_nine_thousand(folder: Path) -> None:
    run(folder, FEW, MANY)
