"""Drawings in the language of Graphviz -> standalone SVGs.

Our code says what boxes and lines there are; where they stand is Graphviz's work. It is C code, and may take for ever
over a large graph: so it runs in a process of its own, which can be stopped, and `extent` says beforehand how much is
to be drawn.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping
from html import escape

from fgraph._errors import FgraphError

LARGEST = 4000  # the extent that is drawn box by box: a few seconds, and as much as an eye can follow
PAPER, INK, FAINT = "#ffffff", "#222222", "#6a7178"
_FONT = "Helvetica,Arial,sans-serif"
_SECONDS = 120  # for what takes a few
_CURE = (
    "pip install pygraphviz; on a Linux without a desktop also "
    "apt-get install libexpat1 libglib2.0-0 libxext6 libxrender1, or what these are called there"
)
_CHILD = """\
import sys, pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
sys.stdout.buffer.write(graph.draw(format="svg", prog="dot"))
"""


def draw(statements: Iterable[str], label: str, **attributes: str) -> str:
    """The drawing of `draw_box`, `draw_line` and `cluster` statements, with a `table` beside them.

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
    """A box: its label is a `table`."""
    return f"{_quoted(name)} [label=<{label}> {_written(attributes)}]"


def draw_line(start: str, end: str, **attributes: str) -> str:
    """A line from a box to a box."""
    return f"{_quoted(start)} -> {_quoted(end)} [{_written(attributes)}]"


def cluster(name: str, statements: Iterable[str], label: str, **attributes: str) -> str:
    """Boxes that stand together on a ground of their own, with a label of `words`."""
    head = f"subgraph {_quoted(f'cluster {name}')} {{\ngraph [label=<{label}> {_written(attributes)}]"
    return "\n".join([head, *statements, "}"])


def level(names: Iterable[str]) -> str:
    """That boxes stand on one level."""
    return f"{{rank=same; {' '.join(map(_quoted, names))}}}"


def table(rows: Iterable[str], **attributes: object) -> str:
    """A label: rows of cells."""
    style = {"border": 0, "cellborder": 0, "cellspacing": 0, "cellpadding": 2} | attributes
    return f"<TABLE {_tagged(style)}>{''.join(f'<TR>{row}</TR>' for row in rows)}</TABLE>"


def cell(content: str, **attributes: object) -> str:
    """A cell of a row; its content is made by `words` or `table`."""
    return f"<TD {_tagged(attributes)}>{content}</TD>"


def words(text: str, *, bold: bool = False, colour: str = INK, size: int = 10) -> str:
    """Any text, to stand in a cell as it is."""
    if not text:
        return ""
    shown = escape(_printable(text)).replace("\\", "\\\\")
    return f'<FONT COLOR="{colour}" POINT-SIZE="{size}">{f"<B>{shown}</B>" if bold else shown}</FONT>'


def swatches(colours: Mapping[str, str]) -> str:
    """A legend of colours, to stand in a cell: what each of them means -> the colour."""
    return "".join(words("■ ", colour=colour) + words(f"{text}    ") for text, colour in colours.items())


def tint(colour: str, share: float) -> str:
    """A colour thinned with the paper's white.

    >>> tint("#2f6db3", 0.5)
    '#97b6d9'
    """
    mixed = (round(255 + (int(colour[start : start + 2], 16) - 255) * share) for start in (1, 3, 5))
    return "#" + "".join(f"{one:02x}" for one in mixed)


def extent(reads: Mapping[str, Iterable[str]]) -> int:
    """How much there is to lay out: boxes, and the columns that lines go through; each box after those it reads.

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
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise FgraphError(f"Graphviz was stopped: it drew for more than {_SECONDS} seconds") from None
    said = done.stderr.decode(errors="replace")
    if done.returncode or "\nError: " in f"\n{said}":  # of a label that it cannot read, it draws an empty box
        raise FgraphError(_explain(said, done.returncode))
    svg = done.stdout.decode()
    return svg[svg.index("<svg") :]  # without the address of a document type, and the version that drew it


def _explain(said: str, code: int) -> str:
    last = next((text for text in reversed(said.splitlines()) if text.strip()), f"it ended with {code}")
    if "ImportError" in last or "ModuleNotFoundError" in last:
        return f"drawing needs Graphviz, which cannot be loaded: {last} ({_CURE})"
    return f"Graphviz failed: {last}"


def _quoted(text: str) -> str:
    """A string that Graphviz takes as it is; it reads backslashes twice there."""
    return '"' + escape(_printable(text)).replace("\\", "\\\\\\\\") + '"'


def _printable(text: str) -> str:
    """Text that may stand in XML."""
    return "".join(one if one.isprintable() else " " if one.isspace() else "\N{REPLACEMENT CHARACTER}" for one in text)


def _written(attributes: Mapping[str, str]) -> str:
    return " ".join(f"{name.rstrip('_')}={_quoted(value)}" for name, value in attributes.items())


def _tagged(attributes: Mapping[str, object]) -> str:
    return " ".join(f'{name.upper()}="{value}"' for name, value in attributes.items())
