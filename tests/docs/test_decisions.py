"""Each decision record has a status, a line of the index that repeats it, and a place in the site."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.paths import ROOT

RECORDS = sorted((ROOT / "docs" / "adr").glob("0*.md"))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_has_its_parts_and_a_line_of_the_index(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    number = int(path.name[:4])
    title = re.match(rf"# {number}\. (.+)\n\nStatus: (accepted|superseded by \[ADR \d+\]\(\S+?\))", text)
    assert title is not None
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    index = (path.parent / "README.md").read_text(encoding="utf-8")
    assert f"| [ADR {number}]({path.name}) | {title[1]} | {title[2]} |\n" in index
    assert f"- adr/{path.name}\n" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
