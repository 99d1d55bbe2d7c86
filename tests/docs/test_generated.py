"""Generated files are up to date, and describe every field."""

import sys

import generate
import pytest

from tests.paths import ROOT


def test_generated_files_are_up_to_date(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    assert generate.main() == 0, capsys.readouterr().out


def test_every_field_has_a_meaning() -> None:
    page = (ROOT / "docs" / "reference" / "nodes.md").read_text(encoding="utf-8")
    assert [line for line in page.splitlines() if line.startswith("| `") and line.endswith("|  |")] == []
