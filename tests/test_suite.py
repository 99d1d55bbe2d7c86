"""The suite itself: helper modules, and the first words of docstrings."""

from __future__ import annotations

import ast
import re

from tests.paths import ROOT

_TEST_IMPORT = re.compile(r"\btest_\w+\s+import\b")  # most files have none, and need no parser
_QUESTION = re.compile(r'^ *"""((?:What|Whether|That|Where|How|Who|Which)\b.*)', re.MULTILINE)


def test_helpers_are_imported_from_modules_of_helpers() -> None:
    """No module imports a module that pytest collects, so that a run of one file collects that file alone."""
    found = [
        f"{path.relative_to(ROOT)}: {node.module}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if _TEST_IMPORT.search(text := path.read_text("utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and (node.module or "").rsplit(".", 1)[-1].startswith("test_")
    ]
    assert not found


def test_docstrings_name_what_they_describe() -> None:
    """A docstring opens with a noun or a verb, not with a question word: "Return whether ...", "True if ..."."""
    found = []
    for folder in ("fgraph", "nodes", "tests", "bench", "tools", "examples"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text("utf-8")
            found += [f"{path.relative_to(ROOT)}: {match[1]}" for match in _QUESTION.finditer(text)]
    assert not found


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = 'pip install -e ".[dev]" && python -m pytest -q\n'
    assert command in (ROOT / "README.md").read_text("utf-8")
    assert command in (ROOT / ".ci" / "run").read_text("utf-8")
