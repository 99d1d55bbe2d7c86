"""The page on security names every bound, with its value."""

from __future__ import annotations

import pytest

from fgraph import _limits
from fgraph._sizes import in_words
from tests.hostile.entries import ENTRIES
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "explanation" / "security.md").read_text("utf-8")
BOUNDS = {name: value for name, value in vars(_limits).items() if name.isupper() and name != "MIB"}
COUNTS = (  # counts, not bytes
    "DRAWN_RATIO", "URL", "ARRAY_RATIO", "ARRAY_MEMBERS", "DATA_RATIO", "NODES", "ROWS", "ALL_ROWS", "PARTS",
    "TERMS", "NESTED", "SIDE",
    "POINTS", "LETTERS", "SEED", "STUDIO_NAME", "STUDIO_CHANGES", "STUDIO_SHEET", "STUDIO_FILM", "STUDIO_STATES",
    "STUDIO_FRAMES",
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_the_page_has_the_bound(name: str) -> None:
    value = f"{BOUNDS[name]:,}" if name in COUNTS else in_words(BOUNDS[name])
    assert f"`{name}` {value}" in PAGE


def test_the_page_lists_kinds_of_files() -> None:
    assert len(ENTRIES) >= 12
    for word in ("latent", "direction", "noise", "curves", "training data", "from=", "bendings", "caches"):
        assert word in PAGE
