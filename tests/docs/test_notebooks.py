"""The notebooks run from top to bottom, show pictures, and are stored without what they showed."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

import fgraph
from tests.docs.blocks import ROOT

NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))
PICTURES = {"quick_start": 4, "seven_jobs": 8}  # shown by the cells of each


def cells_of(path: Path, kind: str) -> list[tuple[str, str]]:
    """The id and the text of each cell of a kind."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [(cell["id"], "".join(cell["source"])) for cell in cells if cell["cell_type"] == kind]


def execute(text: str, place: str, names: dict[str, Any]) -> object:
    """Run a cell as a kernel does; the value of its last line, if that is an expression."""
    tree = ast.parse(text, place)
    shown = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, place, "exec", dont_inherit=True), names)
    if not isinstance(shown, ast.Expr):
        return None
    return eval(compile(ast.Expression(shown.value), place, "eval", dont_inherit=True), names)


def test_there_are_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == sorted(PICTURES)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    names = vars(ModuleType(path.stem))
    shown = [execute(text, f"{path.name}, cell {cell}", names) for cell, text in cells_of(path, "code")]
    pictures = [one for one in shown if isinstance(one, Image.Image | fgraph.Image)]
    assert len(pictures) == PICTURES[path.stem]
    for one in pictures:
        assert one._repr_png_()[:4] == b"\x89PNG"  # type: ignore[index]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_stored(path: Path) -> None:
    book = json.loads(path.read_text(encoding="utf-8"))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    for cell in book["cells"]:
        assert set(cell) <= {"cell_type", "id", "metadata", "source", "outputs", "execution_count"}
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    for _, text in cells_of(path, "markdown"):
        for target in re.findall(r"\]\(([^)\s#:]+)\)", text):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
