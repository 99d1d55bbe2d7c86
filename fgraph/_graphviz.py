"""Statements of Graphviz's DOT language -> standalone SVGs.

The caller states boxes and lines, and Graphviz places them. A large graph can take hours, so Graphviz runs in a child
process that can be stopped, and `extent` estimates the work beforehand.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping
from html import escape

from fgraph._errors import FgraphError

LARGEST = 4000  # the largest `extent` that is drawn box by box; it takes a few seconds
PAPER, INK, FAINT = "#ffffff", "#222222", "#6a7178"
_FONT = "Helvetica,Arial,sans-serif"
_SECONDS = 120  # until the child process is stopped; a drawing takes a few seconds
_CURE = (
    "pip install pygraphviz; on a Linux without a desktop also "
    "apt-get install libexpat1 libglib2.0-0 libxext6 libxrender1, or their equivalents"
)
_CHILD = """\
import sys, pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
sys.stdout.buffer.write(graph.draw(format="svg", prog="dot"))
"""


def draw(statements: Iterable[str], label: str, **attributes: str) -> str:
    """Draw statements of `draw_box`, `draw_edge` and `cluster`, with a label made by `table`.

    Raises:
        FgraphError: Graphviz cannot be loaded, or fails.
    """
    heads = [
        f'graph [label=<{label}> fontname="{_FONT}" fontsize=10 bgcolor="{PAPER}" pad=0.25 {_written(attributes)}]',
        f'node [fontname="{_FONT}" fontsize=10 shape=plain]',
        "edge [penwidth=1.3 arrowsize=0.6]",
    ]
    return _run("\n".join(["digraph {", *heads, *statements, "}"]))


def draw_box(name: str, label: str, **attributes: str) -> str:
    """Return the statement of a box, with a label made by `table`."""
    return f"{_quoted(name)} [label=<{label}> {_written(attributes)}]"


def draw_edge(start: str, end: str, **attributes: str) -> str:
    """Return the statement of an edge between two boxes."""
    return f"{_quoted(start)} -> {_quoted(end)} [{_written(attributes)}]"


def cluster(name: str, statements: Iterable[str], label: str, **attributes: str) -> str:
    """Return the statement of a group of boxes, with a label made by `words`."""
    head = f"subgraph {_quoted(f'cluster {name}')} {{\ngraph [label=<{label}> {_written(attributes)}]"
    return "\n".join([head, *statements, "}"])


def level(names: Iterable[str]) -> str:
    """Return the statement that puts boxes on one level."""
    return f"{{rank=same; {' '.join(map(_quoted, names))}}}"


def table(rows: Iterable[str], **attributes: object) -> str:
    """Return a label of rows of cells."""
    style = {"border": 0, "cellborder": 0, "cellspacing": 0, "cellpadding": 2} | attributes
    return f"<TABLE {_tagged(style)}>{''.join(f'<TR>{row}</TR>' for row in rows)}</TABLE>"


def cell(content: str, **attributes: object) -> str:
    """Return a cell of a row, with content made by `words` or `table`."""
    return f"<TD {_tagged(attributes)}>{content}</TD>"


def words(text: str, *, bold: bool = False, colour: str = INK, size: int = 10) -> str:
    """Return any text as the content of a cell, escaped."""
    if not text:
        return ""
    shown = escape(_printable(text)).replace("\\", "\\\\")
    return f'<FONT COLOR="{colour}" POINT-SIZE="{size}">{f"<B>{shown}</B>" if bold else shown}</FONT>'


def swatches(colours: Mapping[str, str]) -> str:
    """Return a legend as the content of a cell; `colours` maps each meaning to its colour."""
    return "".join(words("■ ", colour=colour) + words(f"{text}    ") for text, colour in colours.items())


def tint(colour: str, share: float) -> str:
    """Mix a colour with white; `share` is the share of the colour, 0 to 1.

    >>> tint("#2f6db3", 0.5)
    '#97b6d9'
    """
    mixed = (round(255 + (int(colour[start : start + 2], 16) - 255) * share) for start in (1, 3, 5))
    return "#" + "".join(f"{one:02x}" for one in mixed)


def extent(reads: Mapping[str, Iterable[str]]) -> int:
    """Estimate the layout work: the number of boxes, plus the number of columns that each line crosses.

    `reads` maps each box to the boxes that it reads, which come before it.

    >>> extent({"a": [], "b": ["a"], "c": ["a", "b"]})
    7
    """
    columns: dict[str, int] = {}
    total = 0
    for name, sources in reads.items():
        before = [columns[one] for one in sources]
        columns[name] = max(before, default=-1) + 1
        total += 1 + sum(columns[name] - one for one in before)
    return total


def _run(text: str) -> str:
    command = [sys.executable, "-P", "-c", _CHILD]
    try:
        done = subprocess.run(
            command, input=text.encode("utf-8", "backslashreplace"), capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise FgraphError(f"Graphviz was stopped after {_SECONDS} seconds: draw a smaller graph") from None
    stderr = done.stderr.decode(errors="replace")
    if done.returncode or "\nError: " in f"\n{stderr}":  # Graphviz draws an empty box for a label that it can't read
        raise FgraphError(_explain(stderr, done.returncode))
    svg = done.stdout.decode()
    return svg[svg.index("<svg") :]  # drop the document type and the version of Graphviz


def _explain(stderr: str, code: int) -> str:
    last = next((text for text in reversed(stderr.splitlines()) if text.strip()), f"its exit code is {code}")
    if "ImportError" in last or "ModuleNotFoundError" in last:
        return f"mode=draw needs Graphviz, which can't be loaded: {last} ({_CURE})"
    return f"Graphviz failed: {last}"


def _quoted(text: str) -> str:
    """Quote a string for Graphviz, which unescapes backslashes twice there."""
    return '"' + escape(_printable(text)).replace("\\", "\\\\\\\\") + '"'


def _printable(text: str) -> str:
    """Replace the characters that XML doesn't allow."""
    return "".join(one if one.isprintable() else " " if one.isspace() else "\N{REPLACEMENT CHARACTER}" for one in text)


def _written(attributes: Mapping[str, str]) -> str:
    return " ".join(f"{name.rstrip('_')}={_quoted(value)}" for name, value in attributes.items())


def _tagged(attributes: Mapping[str, object]) -> str:
    return " ".join(f'{name.upper()}="{value}"' for name, value in attributes.items())
