"""Every hostile or broken file ends in a ModelError: nothing is run or written, little memory and time is spent."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.hostile.corpus import all_cases
from tests.paths import ROOT


@pytest.fixture(scope="module")
def outcome(good: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the ending of every case, name -> [ending, message, seconds], and the other observations."""
    folder, marker = tmp_path_factory.mktemp("cases"), tmp_path_factory.mktemp("marker") / "was_run"
    names = {}
    for number, (name, suffix, content) in enumerate(all_cases(marker, good)):
        path = folder / f"{number:04}{suffix}"
        path.write_bytes(content)
        names[path.name] = name
    before = sorted(path.name for path in folder.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.judge", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    results = json.loads(done.stdout)
    seen = results.pop("")
    assert sorted(path.name for path in folder.iterdir()) == before, "a file was written"
    assert not marker.exists(), "a command was run"
    return {names[key]: (key, *value) for key, value in results.items()}, seen


def test_every_case_is_refused_with_a_reason(outcome: Any) -> None:
    results, _ = outcome
    assert len(results) > 300
    wrong = {name: result[:3] for name, result in results.items() if result[1] != "refused"}
    wrong = {name: result for name, result in wrong.items() if not (result[1] == "loaded" and "with a tail" in name)}
    assert not wrong
    for name, (file, _, message, _) in results.items():
        assert file in message or "with a tail" in name, (name, message)
        assert len(message) < 1500, (name, message)
        assert message.isprintable(), (name, message)


def test_nothing_is_run_or_written(outcome: Any) -> None:
    assert outcome[1][1] == []


def test_no_file_causes_an_import(outcome: Any) -> None:
    assert outcome[1][2] == []


def test_little_memory(outcome: Any) -> None:
    assert outcome[1][0] < 1 << 30


@pytest.mark.timing
def test_little_time(outcome: Any) -> None:
    results, _ = outcome
    slow = {name: result[3] for name, result in results.items() if result[3] > 2.5}
    assert not slow


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("pickle: os.system", "holds a stand-in for 'os.system'"),
        ("pickle: dotted collections.OrderedDict.fromkeys", "holds a stand-in for 'collections.OrderedDict.fromkeys'"),
        ("pickle: build _load_from_bytes", "changes an object that it may only name"),
        ("pickle: INST", "the pickle opcode b'i' is not allowed"),
        ("in a tensor: os.system", "it is not what torch.save writes"),
        ("pickle: 10 GiB of bytes", "expected 10737418240 more bytes"),
        ("pickle: a set of numbers of one hash", "holds 'G_ema'; expected"),
        ("pickle: three million opcodes", "more than 500000 opcodes"),
        ("tensor: a huge stride", "is larger than its storage of 4 items"),
        ("tensor: a negative size", "impossible shape"),
        ("tensor: 10 GB by stride 0", "is larger than its storage"),
        ("storage: too long", "cut short, or more follows"),
        ("storage: a type as text", "a storage of an unknown kind"),
        ("scalar of objects", "has no part 'mapping'"),
        ("array of objects", "array of the type 'O8'"),
        ("array with fields", "array of the type 'V8'"),
        ("array, big-endian", "plain little-endian numbers"),
        ("array of 10 GB", "is larger than its storage"),
        ("zip bomb", "is compressed, which torch.save never does"),
        ("zip of 10 GB", "missing or cut short"),
    ],
)
def test_the_reason(outcome: Any, name: str, says: str) -> None:
    assert says in outcome[0][name][2]
