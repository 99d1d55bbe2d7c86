"""Files of strangers through every entry point, in a jail: each is opened or refused, and nothing else happens."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.absurd import GRAPHS, write_absurd
from tests.hostile.corpus import all_cases
from tests.hostile.entries import CANARY, ENTRIES, SLOW_ENTRIES
from tests.hostile.graph_texts import GraphText
from tests.paths import ROOT

STEP = 40  # one of so many cases is opened; `make fuzz` opens all of them through every entry point
TEXTS, SLOW_TEXTS = 80, 8  # graph files at random; those of them that slow entry points open
ABSURD_STEP, ABSURD_SECONDS = 97, 2
TEXT_ENTRIES = ("graph", "job of a sweep", "bending", "upload")
MIB, CPU_SECONDS = 512, 10


@pytest.fixture(scope="module")
def reports(good: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The endings of the files of each folder, by entry point; under "" the forbidden events."""
    root = tmp_path_factory.mktemp("jail")
    _write_cases(root / "cases", good)
    _write_texts(root / "texts", TEXTS)
    _write_texts(root / "slow", SLOW_TEXTS, "blend_*.yaml")
    shutil.copytree(GRAPHS, root / "absurd" / "harmless")
    write_absurd(root / "absurd", every=ABSURD_STEP)
    (root / "canary").mkdir()
    (root / "canary" / "bird").write_bytes(b"")
    before = sorted(root.rglob("*"))
    entries = {
        "cases": (), "texts": TEXT_ENTRIES, "slow": tuple(SLOW_ENTRIES), "absurd": ("graph",), "canary": (CANARY,),
    }  # fmt: skip
    words = [word for name, chosen in entries.items() for word in ("--", str(root / name), *chosen)][1:]
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.jail", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert sorted(root.rglob("*")) == before, "a file was written"
    return dict(zip(entries, map(json.loads, done.stdout.splitlines()), strict=True))


def _write_cases(folder: Path, good: dict[str, bytes]) -> None:
    (folder / "harmless").mkdir(parents=True)
    for name, content in good.items():
        (folder / "harmless" / name).write_bytes(content)
    for number, (_, suffix, content) in enumerate(all_cases(folder / "was_run", good)):
        if number % STEP == 0:
            (folder / f"{number:04}{suffix}").write_bytes(content)


def _write_texts(folder: Path, count: int, harmless: str = "*.yaml") -> None:
    (folder / "harmless").mkdir(parents=True)
    for path in GRAPHS.glob(harmless):
        shutil.copy(path, folder / "harmless")
    for seed in range(count):
        (folder / f"{seed:05}.yaml").write_bytes(GraphText(seed).make().encode("utf-8", "surrogatepass"))


@pytest.fixture(scope="module")
def report(reports: dict[str, Any]) -> Any:
    return reports["cases"]


@pytest.mark.parametrize(
    ("folder", "entry", "count"),
    [*(("texts", entry, TEXTS) for entry in TEXT_ENTRIES), *(("slow", entry, SLOW_TEXTS) for entry in SLOW_ENTRIES)],
)
def test_graph_files_at_random(reports: dict[str, Any], folder: str, entry: str, count: int) -> None:
    found = reports[folder][entry]
    assert len(found) == count
    assert {file: one for file, one in found.items() if one[0] not in ("opened", "refused")} == {}
    assert {file: one[2:] for file, one in found.items() if one[2] > CPU_SECONDS or one[3] > MIB} == {}
    assert reports[folder][""] == []


@pytest.mark.parametrize("entry", sorted(ENTRIES))
def test_every_file_is_opened_or_refused(report: dict[str, Any], entry: str) -> None:
    found = report[entry]
    assert len(found) > 15
    assert {file: result for file, result in found.items() if result[0] not in ("opened", "refused")} == {}
    assert [file for file, result in found.items() if result[0] == "refused" and not result[1]] == []


def test_no_file_causes_a_forbidden_event(report: dict[str, Any]) -> None:
    assert report[""] == []


@pytest.mark.parametrize("entry", sorted(ENTRIES))
def test_no_small_file_costs_much(report: dict[str, Any], entry: str) -> None:
    costly = {file: result[2:] for file, result in report[entry].items() if result[2] > CPU_SECONDS or result[3] > MIB}
    assert costly == {}


@pytest.fixture(scope="module")
def absurd(reports: dict[str, Any]) -> Any:
    assert reports["absurd"][""] == []
    return reports["absurd"]["graph"]


@pytest.mark.slow
def test_absurd_amounts_are_refused_or_cheap(absurd: dict[str, Any]) -> None:
    assert len(absurd) > 10
    assert {file: found for file, found in absurd.items() if found[0] not in ("opened", "refused")} == {}
    assert {file: found[2:] for file, found in absurd.items() if found[3] > MIB} == {}


@pytest.mark.timing
def test_absurd_amounts_are_answered_within_two_seconds(absurd: dict[str, Any]) -> None:
    assert {file: found[2] for file, found in absurd.items() if found[2] > ABSURD_SECONDS} == {}


def test_the_jail_catches_a_command(reports: dict[str, Any]) -> None:
    found = reports["canary"]
    assert found[CANARY]["bird"][0] == "escaped"
    assert "os.system" in found[""][0]
