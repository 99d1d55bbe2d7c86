"""The glossary names things that exist, and explains the exports of stages unless a docstring does."""

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.paths import ROOT

GLOSSARY = (ROOT / "docs" / "reference" / "glossary.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([A-Za-z_]\w*)`", GLOSSARY))
LITTLE = {
    *["a", "an", "the", "of", "to", "in", "it", "is", "are", "and", "or", "for", "by", "its", "that", "this", "with"]
}
FEWEST = 2  # least number of words in a first line that are not in the name


def packages() -> Iterator[str]:
    for file in sorted((ROOT / "fgraph").rglob("__init__.py")):
        yield ".".join(file.parent.relative_to(ROOT).parts)


def exported() -> Iterator[tuple[str, Any]]:
    """Yield every class and function that a package of fgraph exports, with its full name."""
    for package in packages():
        module = importlib.import_module(package)
        for name in getattr(module, "__all__", ()):
            value = inspect.unwrap(getattr(module, name))
            if inspect.isclass(value) or inspect.isfunction(value):
                yield f"{package}.{name}", value


def words(text: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\S", text) if word.isalnum()]


def unexplained(name: str, value: Any) -> str | None:
    """Return the fault of the first line of a docstring; None if the line explains the name."""
    first = (inspect.getdoc(value) or "").split("\n")[0]
    if len(first.split()) <= 3 and not re.search(r"[-+*=]", first):
        return f"{name}: '{first}' has too few words"
    stems = {word[:4] for word in words(name.rpartition(".")[2])}
    new = {word for word in words(first) if word not in LITTLE and word[:4] not in stems}
    return None if len(new) >= FEWEST else f"{name}: '{first}' says no more than the name"


def test_exports_of_stages_are_explained() -> None:
    found = [unexplained(name, value) for name, value in exported() if name.rpartition(".")[2] not in NAMED]
    assert [one for one in found if one] == []


def test_the_check_can_fail() -> None:
    def without() -> None: ...

    def short() -> None:
        """The short."""

    def make_plan() -> None:
        """Make the plan of plans."""

    def sound() -> None:
        """Return the rows that no output depends on."""

    assert "too few words" in str(unexplained("x.without", without))
    assert "too few words" in str(unexplained("x.short", short))
    assert "no more than the name" in str(unexplained("x.make_plan", make_plan))
    assert unexplained("x.sound", sound) is None


@pytest.fixture(scope="module")
def defined() -> set[str]:
    """Names that the code defines, at the top of a module or as a type."""
    text = "\n".join(
        file.read_text(encoding="utf-8") for folder in ("fgraph", "nodes") for file in (ROOT / folder).rglob("*.py")
    )
    return set(re.findall(r"^(?:class|def) (\w+)", text, re.MULTILINE)) | set(
        re.findall(r"^(\w+)(?:: [^=]+)? = ", text, re.MULTILINE)
    )


def test_names_in_the_glossary_exist(defined: set[str]) -> None:
    fields = {"op", "kind", "all", "here", "Func", "split"}
    assert NAMED - defined - fields == set()


def test_each_line_of_the_glossary_is_a_term_a_meaning_and_a_synonym() -> None:
    rows = [line for line in GLOSSARY.splitlines() if line.startswith("|") and not line.startswith(("| ---", "| term"))]
    assert len(rows) > 70
    for row in rows:
        term, meaning, elsewhere = (cell.strip() for cell in row.strip("|").split(" | "))
        assert term
        assert len(meaning.split()) > 3, row
        assert elsewhere
    terms = {row.split(" | ")[0] for row in rows}
    assert len(terms) >= len(rows) - 1  # only `pass` has two meanings, in different sections
