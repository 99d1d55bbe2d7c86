"""Wiring -> a drawing of the graph, as a standalone SVG."""

from __future__ import annotations

from html import escape
from typing import Any

import yaml

from fgraph._ports import Kind
from fgraph.declare.writing import fields_as_written
from fgraph.digraph.layout import HEADER, LINE, PADDING, Box, Layout, lay_out, title
from fgraph.digraph.wiring import WiredNode, Wiring
from fgraph.node import field_roles

_LONGEST = 38  # characters of a line of a box
COLOURS = {Kind.LATENT: "#7b5ea7", Kind.FEATURES: "#2f6db3", Kind.MASK: "#5c6b73", Kind.IMAGE: "#b3622f"}
STYLE = """\
text { font: 12px ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #222 }
.title { font-weight: 600; fill: #fff } .rows { fill: #fff; text-anchor: end }
.port { font-size: 10px; text-anchor: end; paint-order: stroke; stroke: #fff; stroke-width: 3px }
.edge { fill: none; stroke-width: 1.6 } .unused { opacity: .45 }"""


def draw_svg(wiring: Wiring) -> str:
    """Draw the graph: boxes coloured by the kind they make, with id, op, fields and rows; lines named by port.

    Nodes that no output depends on are pale; outputs have a thick frame.
    """
    layout = lay_out(wiring, {wired.id: _texts(wired) for wired in wiring.nodes})
    names: dict[str, list[str]] = {}
    for name, node_id in wiring.outputs.items():
        names.setdefault(node_id, []).append(name)
    parts = [_edge(layout, box, wiring) for box in layout.boxes.values()]
    parts += [_box(box, names.get(node_id, []), node_id in wiring.used) for node_id, box in layout.boxes.items()]
    height = layout.height + 28
    size = f'width="{layout.width:.0f}" height="{height:.0f}" viewBox="0 0 {layout.width:.0f} {height:.0f}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
            f"<style>{STYLE}</style>",
            '<rect width="100%" height="100%" fill="#fff"/>',
            *(part for part in parts if part),
            _legend(layout),
            "</svg>\n",
        ]
    )


def _texts(wired: WiredNode) -> list[str]:
    """The fields that differ from their default, without ports."""
    ports = field_roles(type(wired.node)).ports
    shown = {name: value for name, value in fields_as_written(wired.node).items() if name not in ports and name != "op"}
    return [_short(f"{name}: {_flow(value)}") for name, value in shown.items()]


def _flow(value: Any) -> str:
    if isinstance(value, str):
        return value
    text: str = yaml.safe_dump(value, default_flow_style=True, width=2**31 - 1, allow_unicode=True)
    return text.strip().removesuffix("...").strip()


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _box(box: Box, outputs: list[str], used: bool) -> str:
    colour = COLOURS[box.wired.kind]
    frame = 3 if outputs else 1
    x, y, width, height = box.x, box.y, box.width, box.height
    rows = "1 row" if box.wired.rows == 1 else f"{box.wired.rows} rows"
    tip = f"{box.wired.id}: {box.wired.node.op}, makes {box.wired.kind}, {rows}"
    if outputs:
        tip += f", output {', '.join(outputs)}"
    lines = [
        f'<g class="node{"" if used else " unused"}"><title>{escape(tip)}</title>',
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="6" fill="#f6f7f9" '
        f'stroke="{colour}" stroke-width="{frame}"/>',
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{HEADER}" rx="6" fill="{colour}"/>',
        f'<text class="title" x="{x + PADDING:.1f}" y="{y + 16:.1f}">{escape(title(box.wired))}</text>',
        f'<text class="rows" x="{x + width - PADDING:.1f}" y="{y + 16:.1f}">&#215;{box.wired.rows}</text>',
    ]
    for number, text in enumerate(box.lines):
        height = y + HEADER + LINE * (number + 1)
        lines.append(f'<text x="{x + PADDING:.1f}" y="{height:.1f}">{escape(text)}</text>')
    return "\n".join([*lines, "</g>"])


def _edge(layout: Layout, box: Box, wiring: Wiring) -> str:
    """The lines into a box, one for each node it reads, spread over its left side."""
    reads = [(port, one) for port, ids in box.wired.inputs.items() for one in ids]
    pale = "" if box.wired.id in wiring.used else " unused"
    lines = []
    for number, (port, one) in enumerate(reads):
        start = layout.boxes[one]
        end = (box.x, box.y + box.height * (number + 1) / (len(reads) + 1))
        path = _path((start.x + start.width, start.y + HEADER / 2), layout.between(one, box.wired.id), end)
        lines.append(f'<path class="edge{pale}" d="{path}" stroke="{COLOURS[start.wired.kind]}"/>')
        lines.append(f'<text class="port{pale}" x="{end[0] - 6:.1f}" y="{end[1] - 3:.1f}">{escape(port)}</text>')
    return "\n".join(lines)


def _path(start: tuple[float, float], ways: list[tuple[float, float, float]], end: tuple[float, float]) -> str:
    """A smooth line from a box to a box: it crosses the columns between them level."""
    x, y = start
    path = f"M{x:.1f},{y:.1f}"
    for left, right, height in [*ways, (end[0], *end)]:
        bend = (left - x) / 2
        path += f" C{x + bend:.1f},{y:.1f} {left - bend:.1f},{height:.1f} {left:.1f},{height:.1f} H{right:.1f}"
        x, y = right, height
    return path


def _legend(layout: Layout) -> str:
    parts = []
    x = 24
    for kind, colour in COLOURS.items():
        parts.append(f'<rect x="{x}" y="{layout.height:.0f}" width="12" height="12" rx="2" fill="{colour}"/>')
        parts.append(f'<text x="{x + 17}" y="{layout.height + 10:.0f}">{kind}</text>')
        x += 88
    return "\n".join(parts)
