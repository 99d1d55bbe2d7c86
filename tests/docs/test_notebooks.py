"""The notebooks run from top to bottom, and are stored with their outputs: `python tools/run_notebooks.py`."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import run_notebooks
from PIL import Image

from tests.paths import ROOT

NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))
PICTURES = {"photographs": 5, "quick_start": 4, "seven_jobs": 8}  # shown by the cells of each


def cells_of(path: Path, kind: str) -> list[tuple[str, str]]:
    """Return the id and the text of each cell of a kind."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [(cell["id"], "".join(cell["source"])) for cell in cells if cell["cell_type"] == kind]


def test_there_are_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == sorted(PICTURES)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A run shows what is stored: the same forms, and pictures of the same sizes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    stored = json.loads(path.read_text(encoding="utf-8"))
    again = run_notebooks.run(json.loads(path.read_text(encoding="utf-8")), path.stem)
    for old, new in zip(stored["cells"], again["cells"], strict=True):
        assert [forms_of(one) for one in new.get("outputs", [])] == [forms_of(one) for one in old.get("outputs", [])]
    assert [one.size for one in pictures_of(again)] == [one.size for one in pictures_of(stored)]


def test_outputs_have_no_addresses() -> None:
    """A second run stores the same text."""
    text = "value = type('Thing', (), {})()\nprint([value])\nvalue"
    printed, shown = run_notebooks.run_cell(text, "cell", {"__name__": "book"}, 1)
    assert printed["text"] == ["[<book.Thing object>]\n"]
    assert shown["data"] == {"text/plain": ["<book.Thing object>"]}


def test_a_cell_of_comments() -> None:
    assert run_notebooks.run_cell("# nothing", "cell", {}, 1) == []


def forms_of(output: dict[str, Any]) -> tuple[str, ...]:
    return (output["output_type"], *sorted(output.get("data", {})))


def pictures_of(book: dict[str, Any]) -> list[Image.Image]:
    """Return the pictures that the cells of a notebook show."""
    shown = [one["data"]["image/png"] for cell in book["cells"] for one in cell.get("outputs", [])
             if "image/png" in one.get("data", {})]  # fmt: skip
    return [Image.open(io.BytesIO(base64.b64decode(one))) for one in shown]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_stored_outputs(path: Path) -> None:
    book = json.loads(path.read_text(encoding="utf-8"))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    for cell in book["cells"]:
        assert set(cell) <= {"cell_type", "id", "metadata", "source", "outputs", "execution_count"}
    pictures = pictures_of(book)
    assert len(pictures) == PICTURES[path.stem]
    assert min(min(one.size) for one in pictures) >= 128
    assert not re.search(r"/tmp/| at 0x[0-9A-F]+>", path.read_text(encoding="utf-8"), re.IGNORECASE)
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    for _, text in cells_of(path, "markdown"):
        for target in re.findall(r"\]\(([^)\s#:]+)\)", text):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
