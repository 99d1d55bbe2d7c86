"""A plan -> a drawing of its steps, as a standalone SVG.

Steps stand in columns, each right of all that it reads, and in a lane by what they make; what reads nothing stands with
its first reader. Steps that do the same in one column, as those of chunks do, are one box. The style is that of the
graph's drawing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, TypeAlias

from fgraph._ports import Kind
from fgraph._sizes import in_words
from fgraph.digraph.draw import COLOURS, STYLE
from fgraph.ir.ops import LayerOp, Op
from fgraph.ir.regions import Size
from fgraph.ir.types import Type
from fgraph.plan.steps import Step

if TYPE_CHECKING:
    from fgraph.plan.plan import Plan

Key: TypeAlias = tuple[int, Op, Type, Size | None]  # column, and what makes steps the same
LANES: Mapping[str, Kind] = {
    "codes": Kind.LATENT,
    "noise, masks": Kind.MASK,
    "activations": Kind.FEATURES,
    "images": Kind.IMAGE,
}
_LANE_OF = {"noise": "noise, masks", "mask": "noise, masks", "activation": "activations", "rgb": "images"}
_GAP, _MARGIN, _TOP, _NARROWEST = 34, 96, 58, 74  # pixels: between columns, left of all, above all, of a column
_TEXT = 30  # the two lines under a box
_LARGEST, _LEAST = 5200.0, 60.0  # areas of boxes
_PLAN_STYLE = """\
.small { font-size: 10px; fill: #555 } .copied { stroke-dasharray: 4 3 }
.mid { text-anchor: middle; paint-order: stroke; stroke: #fff; stroke-width: 3px }"""


@dataclass
class Box:
    """Steps that are drawn as one, and where."""

    lane: str
    steps: list[Step] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0
    x: float = 0.0
    y: float = 0.0

    @property
    def rows(self) -> int:
        """How many rows they make."""
        return sum(step.rows for step in self.steps)

    @property
    def flops(self) -> int:
        """Floating-point operations of all of them."""
        return sum(step.flops for step in self.steps)

    @property
    def pixels(self) -> int:
        """How many pixels, or codes, they make."""
        kind = self.steps[0].row_type
        return self.rows * (kind.size[0] * kind.size[1] if kind.spatial else 1)


def draw_plan(plan: Plan) -> str:
    """Draw what will run: the area of a box grows with the root of rows times pixels, its depth with its FLOPs.

    Lines are dashed where rows are copied together, rather than read where they stand.
    """
    boxes, keys = _boxes(plan.steps)
    width, lanes = _lay_out(boxes)
    height = max(lanes.values(), default=0) + _TOP + 40
    most = max((box.flops for box in boxes.values()), default=1)
    cost = plan.cost
    title = (
        f"{len(plan.steps)} steps, {cost.layer_calls} calls of generator layers, {cost.flops / 1e9:,.3f} GFLOP, "
        f"peak {in_words(cost.peak_bytes)}" + (f", {plan.chunks} chunks" if plan.chunks > 1 else "")
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}">',
        f"<style>{STYLE}\n{_PLAN_STYLE}</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="16" y="24" font-weight="600">{escape(title)}</text>',
        *(f'<text class="small" x="16" y="{y:.1f}">{escape(lane)}</text>' for lane, y in lanes.items()),
        *_edges(plan.steps, boxes, keys),
        *(_box(box, box.flops / max(most, 1)) for box in boxes.values()),
        f'<text class="small" x="16" y="{height - 14:.0f}">area: rows × pixels (by the square root); depth of colour: '
        f"FLOPs; × calls; dashed: rows are copied together</text>",
        "</svg>\n",
    ]
    return "\n".join(parts)


def _boxes(steps: Sequence[Step]) -> tuple[dict[Key, Box], list[Key]]:
    """The boxes by their key, and the key of each step."""
    keys: list[Key] = []
    boxes: dict[Key, Box] = {}
    for step, column in zip(steps, _columns(steps), strict=True):
        key = (column, step.op, step.type, step.tile)
        keys.append(key)
        boxes.setdefault(key, Box(_LANE_OF.get(step.type.kind, "codes"))).steps.append(step)
    return boxes, keys


def _columns(steps: Sequence[Step]) -> list[int]:
    """How many steps, at least, come before each; a step that reads nothing stands with its first reader."""
    reads = [_sources(step) for step in steps]
    columns: list[int] = []
    for sources in reads:
        columns.append(1 + max((columns[one] for one in sources), default=-1))
    first: dict[int, int] = {}
    for number, sources in enumerate(reads):
        for one in sources:
            first[one] = min(first.get(one, columns[number]), columns[number])
    return [
        column if reads[number] or not step.type.spatial else first.get(number, column)
        for number, (step, column) in enumerate(zip(steps, columns, strict=True))
    ]


def _sources(step: Step) -> list[int]:
    return sorted({one for gather in step.inputs for one in gather.sources if one >= 0})  # below: an earlier run's


def _lay_out(boxes: Mapping[Key, Box]) -> tuple[float, dict[str, float]]:
    """Place the boxes; the width of all, and for each lane the height of its name, the last being of the end."""
    scale = _LARGEST / math.sqrt(max((box.pixels for box in boxes.values()), default=1))
    cells: dict[tuple[int, str], list[Box]] = {}
    for (column, *_), box in sorted(boxes.items(), key=lambda pair: pair[0][0]):
        _size(box, scale)
        cells.setdefault((column, box.lane), []).append(box)
    tall = {lane: max((_stack(cell) for (_, own), cell in cells.items() if own == lane), default=0) for lane in LANES}
    heights: dict[str, float] = {}
    y: float = _TOP
    for lane in LANES:
        heights[lane] = y + 12
        for (_, own), cell in cells.items():
            if own == lane:
                _place(cell, y + (tall[lane] - _stack(cell)) / 2)
        y += tall[lane]
    x: float = _MARGIN
    for column in sorted({column for column, _ in cells}):
        members = [box for (own, _), cell in cells.items() if own == column for box in cell]
        wide = max(_NARROWEST, *(box.width for box in members))
        for box in members:
            box.x = x + (wide - box.width) / 2
        x += wide + _GAP
    return x, heights | {"": y}


def _size(box: Box, scale: float) -> None:
    kind = box.steps[0].row_type
    area = max(_LEAST, scale * math.sqrt(box.pixels))
    aspect = min(3.0, max(1 / 3, kind.size[1] / kind.size[0])) if kind.spatial else 1.0
    box.width, box.height = math.sqrt(area * aspect), math.sqrt(area / aspect)


def _stack(cell: Iterable[Box]) -> float:
    return sum(box.height + _TEXT + 6 for box in cell)


def _place(cell: Iterable[Box], y: float) -> None:
    for box in cell:
        box.y = y
        y += box.height + _TEXT + 6


def _box(box: Box, share: float) -> str:
    step, calls = box.steps[0], len(box.steps)
    colour = COLOURS[LANES[box.lane]]
    name = step.op.layer.name if isinstance(step.op, LayerOp) else step.op.name
    size = step.row_type.size if step.row_type.spatial else None
    shape = f"{box.rows} row{'s' if box.rows > 1 else ''}" + (f" {size[0]}×{size[1]}" if size else "")
    tip = f"{step.op}: {shape}, {calls} call{'s' if calls > 1 else ''}, {box.flops / 1e6:,.1f} MFLOP"
    if step.tile is not None:
        tip += f", of {step.type.size[0]}×{step.type.size[1]}"
    middle, below = box.x + box.width / 2, box.y + box.height
    rect = f'x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="2"'
    return "\n".join(
        [
            f'<g class="step"><title>{escape(tip)}</title>',
            f'<rect {rect} fill="#fff" stroke="{colour}"/>',
            f'<rect {rect} fill="{colour}" fill-opacity="{0.1 + 0.9 * math.sqrt(share):.2f}"/>',
            f'<text class="mid" x="{middle:.1f}" y="{below + 12:.1f}">{escape(name)}'
            + (f" ×{calls}</text>" if calls > 1 else "</text>"),
            f'<text class="small mid" x="{middle:.1f}" y="{below + 24:.1f}">{escape(shape)}</text></g>',
        ]
    )


def _edges(steps: Sequence[Step], boxes: Mapping[Key, Box], keys: Sequence[Key]) -> list[str]:
    found: dict[tuple[Key, Key], bool] = {}
    for number, step in enumerate(steps):
        for gather in step.inputs:
            for one in gather.sources:
                if one >= 0 and keys[one] != keys[number]:
                    pair = (keys[one], keys[number])
                    found[pair] = found.get(pair, False) or gather.copies_rows
    return [_edge(boxes[start], boxes[end], copied) for (start, end), copied in found.items()]


def _edge(start: Box, end: Box, copied: bool) -> str:
    colour = COLOURS[LANES[start.lane]]
    x, y = start.x + start.width, start.y + start.height / 2
    to_x, to_y = end.x, end.y + end.height / 2
    bend = max(abs(to_x - x) / 2, 12)
    faint = 'stroke-opacity=".3" stroke-width="1"' if start.lane == "codes" else 'stroke-opacity=".6"'  # read by all
    path = f"M{x:.1f},{y:.1f} C{x + bend:.1f},{y:.1f} {to_x - bend:.1f},{to_y:.1f} {to_x:.1f},{to_y:.1f}"
    return f'<path class="edge{" copied" if copied else ""}" d="{path}" stroke="{colour}" {faint}/>'
