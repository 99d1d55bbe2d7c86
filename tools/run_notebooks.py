"""Run the notebooks of examples/ and store the outputs of their cells.

python tools/run_notebooks.py [NOTEBOOK ...]

Cells run as in a kernel. The outputs are the printed text, and the value of a last line that is an expression. The
addresses of objects in memory are left out, so that a second run stores the same file. A notebook runs in a temporary
folder, so that its files stay out of the repository.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

NOTEBOOKS = Path(__file__).resolve().parents[1] / "examples" / "notebooks"
_FORMS = {"text/html": "_repr_html_", "image/png": "_repr_png_"}  # an object is shown in the first form that it has
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+(?=>)")  # in the repr of an object


def main() -> int:
    """Run the given notebooks, or all."""
    for path in map(Path, sys.argv[1:]) if len(sys.argv) > 1 else sorted(NOTEBOOKS.glob("*.ipynb")):
        book = run(json.loads(path.read_text(encoding="utf-8")), path.stem)
        path.write_text(json.dumps(book, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
        sys.stdout.write(f"{path}\n")
    return 0


def run(book: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a notebook with the outputs of its cells."""
    namespace = vars(ModuleType(name))
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            number = 0
            for cell in book["cells"]:
                if cell["cell_type"] == "code":
                    number += 1
                    cell["outputs"] = run_cell("".join(cell["source"]), f"{name}, cell {cell['id']}", namespace, number)
                    cell["execution_count"] = number
        finally:
            os.chdir(before)
    return book


def run_cell(text: str, place: str, namespace: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """Run a cell; return its outputs as a notebook stores them."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        value = execute(text, place, namespace)
    outputs: list[dict[str, Any]] = []
    if lines := _ADDRESS.sub("", printed.getvalue()).splitlines(keepends=True):
        outputs.append({"name": "stdout", "output_type": "stream", "text": lines})
    if value is not None:
        data = shown(value)
        outputs.append({"data": data, "execution_count": number, "metadata": {}, "output_type": "execute_result"})
    return outputs


def execute(text: str, place: str, namespace: dict[str, Any]) -> object:
    """Run a cell as a kernel does; return the value of its last line, if that is an expression."""
    tree = ast.parse(text, place)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, place, "exec", dont_inherit=True), namespace)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), place, "eval", dont_inherit=True), namespace)


def shown(value: object) -> dict[str, Any]:
    """Return the forms in which a notebook shows a value: text, and HTML or a picture if the value has one."""
    data: dict[str, Any] = {}
    for form, method in _FORMS.items():
        make = getattr(value, method, None)
        if make is not None and (made := make()) is not None:
            data[form] = base64.b64encode(made).decode("ascii") if isinstance(made, bytes) else made
            break
    return {**data, "text/plain": [_ADDRESS.sub("", repr(value))]}


if __name__ == "__main__":
    sys.exit(main())
