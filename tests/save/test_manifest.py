"""The manifest of an earlier run may be a stranger's: it neither stops a run nor names files elsewhere."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fgraph._results import Image
from fgraph.cli.commands.open import find_result
from fgraph.cli.commands.watch import _pictures
from fgraph.cli.contact import SheetEntry, write_contact_sheet
from fgraph.save import save_results
from fgraph.save.manifest import MANIFEST, listed_files, outdated

IMAGE = Image(np.zeros((1, 3, 4, 6), np.float32))


def listing(*files: Any) -> str:
    return json.dumps({"files": [{"file": file, "output": "image", "kind": "Image"} for file in files]})


HOSTILE = {
    "deep": "[" * 100_000,
    "not a mapping": "[]",
    "not a list": '{"files": 3}',
    "not entries": '{"files": [3]}',
    "incomplete": '{"files": [{"file": "image.png"}]}',
    "NUL": listing("\0.png"),
    "a list as name": listing(["image.png"]),
    "a number as output": '{"files": [{"file": "image.png", "output": 3, "kind": "Image"}]}',
    "a list as kind": '{"files": [{"file": "image.png", "output": "image", "kind": ["Image"]}]}',
    "empty": listing(""),
    "elsewhere": listing("../../secret.png"),
    "absolute": listing("/etc/secret.png"),
    "Windows": listing("C:\\secret.png"),
    "a share": listing("\\\\server\\share\\secret.png"),
    "a long number": '{"files": ' + "9" * 5_000 + "}",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_manifest_lists_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / MANIFEST).write_text(content)
    assert listed_files(tmp_path) == []
    assert outdated(tmp_path, ["image.png"]) == [MANIFEST]
    assert _pictures(tmp_path) == []
    assert write_contact_sheet([SheetEntry((), tmp_path)], tmp_path, 90) is None
    assert save_results({"image": IMAGE}, tmp_path).unlisted == ()
    assert [one.file for one in listed_files(tmp_path)] == ["image.png"]
    assert outdated(tmp_path, ["image.png"]) == [MANIFEST]
    assert outdated(tmp_path, ["other.png"]) == []


def test_the_viewer_opens_nothing_that_a_manifest_names_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "secret.html").touch()
    results = tmp_path / "outputs" / "run"
    save_results({"image": IMAGE}, results)
    (tmp_path / "outputs" / "other").mkdir()
    for name in ("../../secret.html", str(tmp_path / "secret.html")):
        (tmp_path / "outputs" / "other" / MANIFEST).write_text(listing(name))
        assert find_result(tmp_path / "outputs") == results / "image.png"


def test_tiles_are_neither_opened_nor_on_a_sheet(tmp_path: Path) -> None:
    results = tmp_path / "outputs" / "run"
    results.mkdir(parents=True)
    names = ("image.html", "image_files/0/0_0.jpg")
    (results / MANIFEST).write_text(listing(*names))
    for name in names:
        (results / name).parent.mkdir(parents=True, exist_ok=True)
        (results / name).touch()
    assert [one.is_tile for one in listed_files(results)] == [False, True]
    assert find_result(tmp_path / "outputs") == results / "image.html"
    assert write_contact_sheet([SheetEntry((), results)], tmp_path, 90) is None


def test_a_listed_name_that_no_file_can_have_does_not_stop_a_run(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(listing("x" * 300 + ".png"))
    assert save_results({"image": IMAGE}, tmp_path).unlisted == ()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_a_manifest_that_is_a_fifo_is_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / MANIFEST)
    assert outdated(tmp_path, []) == [MANIFEST]
    save_results({"image": IMAGE}, tmp_path)
    assert [one.file for one in listed_files(tmp_path)] == ["image.png"]


def test_a_huge_manifest_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / MANIFEST).open("wb") as file:
        file.truncate(1 << 40)  # a sparse file
    assert listed_files(tmp_path) == []
