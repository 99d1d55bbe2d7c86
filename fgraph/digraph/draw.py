"""Wiring -> a drawing of the graph, as a standalone SVG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import yaml

from fgraph._graphviz import FAINT, INK, PAPER, cell, cluster, draw, draw_box, draw_edge, swatches, table, tint, words
from fgraph._ports import Kind
from fgraph.declare.writing import fields_as_written
from fgraph.digraph.boxes import NodeBox, find_boxes
from fgraph.digraph.wiring import WiredNode, Wiring
from fgraph.node import field_roles

COLOURS = {
    Kind.LATENT: "#7b5ea7",
    Kind.FEATURES: "#2f6db3",
    Kind.MASK: "#5c6b73",
    Kind.IMAGE: "#b3622f",
    Kind.PHOTOGRAPH: "#8a6d1d",
}
_LONGEST = 38  # characters of a line of a box
_PALE = 0.4
_BACKGROUND = "#f8f9fb"


def draw_svg(wiring: Wiring) -> str:
    """Draw the graph: a box for each node with its id, op, ports, fields and rows, coloured by kind, and edges.

    Nodes that no output depends on are pale. Outputs have a thick frame. A sub-graph has its own background. In a large
    graph, nodes share boxes.

    Raises:
        FgraphError: Graphviz cannot be loaded, or fails.
    """
    boxes, sharing = find_boxes(wiring)
    drawn = [(name, _box(name, box, wiring)) for name, box in boxes.items()]
    statements = [one for _, one in drawn] if sharing else list(_nested(drawn))
    for name, box in boxes.items():
        statements += _edges(name, box, boxes, wiring)
    caption = f"{len(wiring.nodes):,} nodes: {sharing}" if sharing else ""
    return draw(statements, _legend(caption), rankdir="LR", ranksep="0.55", nodesep="0.22", labeljust="l")


def _nested(drawn: Iterable[tuple[str, str]], prefix: str = "") -> Iterator[str]:
    """Yield boxes by id, with a background per sub-graph."""
    style = {"style": "rounded,filled", "color": "#c8cdd2", "fillcolor": "#f1f3f5"}
    for name, group in groupby(drawn, lambda one: one[0].removeprefix(prefix).rpartition(".")[0].partition(".")[0]):
        if name:
            inner = f"{prefix}{name}."
            yield cluster(inner, _nested(group, inner), words(name, colour=FAINT), **style)
        else:
            yield from (one for _, one in group)


def _box(name: str, box: NodeBox, wiring: Wiring) -> str:
    ids = {wired.id for wired in box.nodes}
    outputs = [output for output, node_id in wiring.outputs.items() if node_id in ids]
    used = not ids.isdisjoint(wiring.used)
    colour, ink, faint = (tint(one, 1 if used else _PALE) for one in (COLOURS[box.kind], INK, FAINT))
    rows = [cell(_head(box), port="out", bgcolor=colour, style="rounded", cellpadding=2)]
    rows += [cell(words(slot, colour=faint), port=f"in{number}", align="left") for number, slot in enumerate(box.reads)]
    rows += [cell(words(text, colour=ink), align="left") for text in _texts(box)]
    style = {"color": colour, "bgcolor": _BACKGROUND, "style": "rounded", "border": 3 if outputs else 1}
    tip = f"{_ids(box.nodes)}: {box.op}, makes {box.kind}, {_rows(box.rows)}"
    if outputs:
        tip += f", output {_short(', '.join(outputs))}"
    classes = [box.kind, *(["output"] if outputs else []), *([] if used else ["unused"])]
    return draw_box(name, table(rows, cellspacing=2, cellpadding=1, **style), tooltip=tip, class_=" ".join(classes))


def _head(box: NodeBox) -> str:
    name = f"{len(box.nodes):,} nodes" if len(box.nodes) > 1 else _short(box.nodes[0].id)
    title = words(name, bold=True, colour=PAPER) + words(f"  · {box.op}", colour=PAPER)
    count = words(f"×{box.rows:,}", bold=True, colour=PAPER)
    return table([cell(title, align="left") + cell("", width=10) + cell(count, align="right")])


def _texts(box: NodeBox) -> list[str]:
    """Return the fields that differ from their default, without ports; for several nodes, their ids."""
    if len(box.nodes) > 1:
        return [_ids(box.nodes)]
    (wired,) = box.nodes
    ports = field_roles(type(wired.node)).ports
    shown = {name: value for name, value in fields_as_written(wired.node).items() if name not in ports and name != "op"}
    return [_short(f"{name}: {_flow(value)}") for name, value in shown.items()]


def _ids(nodes: Sequence[WiredNode]) -> str:
    return nodes[0].id if len(nodes) == 1 else _short(", ".join(wired.id for wired in nodes[:_LONGEST]))


def _flow(value: Any) -> str:
    if isinstance(value, str):
        return value
    text: str = yaml.safe_dump(value, default_flow_style=True, width=2**31 - 1, allow_unicode=True)
    return text.strip().removesuffix("...").strip()


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _edges(name: str, box: NodeBox, boxes: dict[str, NodeBox], wiring: Wiring) -> Iterator[str]:
    """Yield the edges into a box: for each slot (a port, or a value of a list port), one edge per box that it reads."""
    used = any(wired.id in wiring.used for wired in box.nodes)
    for number, (slot, sources) in enumerate(box.reads.items()):
        for source in dict.fromkeys(sources):
            read = boxes[source]
            tip = f"{source} -> {name}, {slot}: {read.kind}, {_rows(read.rows)}"
            colour = tint(COLOURS[read.kind], 1 if used else _PALE)
            yield draw_edge(source, name, tailport="out:e", headport=f"in{number}:w", color=colour, tooltip=tip)


def _legend(caption: str) -> str:
    signs = words("thick frame: an output; pale: no output depends on it", colour=FAINT, size=9)
    kinds = swatches({str(kind): colour for kind, colour in COLOURS.items()})
    return table(cell(line, align="left") for line in (words(caption, bold=True), kinds, signs) if line)
