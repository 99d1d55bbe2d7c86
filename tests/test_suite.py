"""The suite itself: which modules hold helpers."""

from __future__ import annotations

import ast

from tests.paths import ROOT


def test_helpers_are_imported_from_modules_of_helpers() -> None:
    """A module that pytest collects is imported by nothing: a run of one file then collects that file alone."""
    found = [
        f"{path.relative_to(ROOT)}: {node.module}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").rsplit(".", 1)[-1].startswith("test_")
    ]
    assert not found
