"""Drawing of a plan: its steps as a standalone SVG.

Steps run from top to bottom. Tiles of several sizes share a box, which lists the sizes, and so do the repetitions of
chunks. The style is the same as in drawings of graphs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from fgraph._graphviz import FAINT, INK, PAPER, cell, draw, draw_box, draw_edge, level, swatches, table, tint, words
from fgraph._ports import Kind
from fgraph._sizes import in_words
from fgraph.digraph.draw import COLOURS
from fgraph.plan.contents import PlanContents
from fgraph.plan.drawing_groups import StepGroup, group_steps

NAMES = {
    Kind.LATENT: "codes",
    Kind.FEATURES: "activations",
    Kind.MASK: "noise, masks",
    Kind.IMAGE: "images",
    Kind.PHOTOGRAPH: "photographs",
}
_MOST_SIZES = 4  # most sizes in a box; its tooltip lists all
_PALEST, _DARK = 0.06, 0.8  # depth of colour of a box without FLOPs, and depth above which its text is white
_LEAST_SHARE = 0.0005  # least share of the FLOPs that a box shows
_LEGEND = (
    "depth of colour, %: share of the FLOPs; ×: calls; thick frame: a result; dashed: rows are copied together",
    "the line from codes to the first layer that reads them represents all layers that read them",
)


def draw_plan(plan: PlanContents) -> str:
    """Draw a box for each layer and operation of a plan; the more FLOPs, the deeper its colour.

    Lines are dashed where rows are copied together, solid where they are read in place.

    Raises:
        FgraphError: Graphviz cannot be loaded, or fails.
    """
    boxes, sharing = group_steps(plan.steps)
    statements = [*_boxes(plan, boxes), *(() if sharing else _levels(boxes)), *_edges(boxes)]
    return draw(statements, _title(plan, sharing), ranksep="0.28", nodesep="0.2", labelloc="t", labeljust="l")


def _boxes(plan: PlanContents, boxes: Mapping[str, StepGroup]) -> Iterator[str]:
    most = max((box.flops for box in boxes.values()), default=0) or 1
    read = {one for result in plan.results for gather in result.tensors.values() for one in gather.sources}
    results = {plan.steps[one] for one in read if one >= 0}
    several = len(plan.models) > 1
    for name, box in boxes.items():
        colour = COLOURS[box.kind]
        depth = _PALEST + (1 - _PALEST) * math.sqrt(box.flops / most)
        style = {"color": colour, "bgcolor": tint(colour, depth), "style": "rounded"}
        frame = 1 if results.isdisjoint(box.steps) else 3
        text = cell(_text(box, plan, several, PAPER if depth > _DARK else INK), cellpadding=3)
        label = table([text], border=frame, cellspacing=1, **style)
        yield draw_box(name, label, tooltip=_tip(box), class_="step", group=NAMES[box.kind])


def _text(box: StepGroup, plan: PlanContents, several: bool, ink: str) -> str:
    calls, share, sizes = len(box.steps), box.flops / max(plan.cost.flops, 1), box.sizes
    counts = (f"  ×{calls:,}" if calls > 1 else "") + (f"  {share:.1%}" if share >= _LEAST_SHARE else "")
    if len(sizes) > _MOST_SIZES:
        sizes = [*sizes[: _MOST_SIZES - 1], f"{len(sizes) - _MOST_SIZES + 1} more sizes"]
    lines = [box.model, *sizes] if box.model and several else sizes
    head = words(box.title, bold=True, colour=ink) + words(counts, colour=ink)
    return "<BR/>".join([head, *(words(line, colour=ink, size=9) for line in lines)])


def _tip(box: StepGroup) -> str:
    step, calls = box.steps[0], len(box.steps)
    tip = f"{step.op}: {', '.join(box.sizes)}; {calls:,} call{'s' if calls > 1 else ''}, {box.flops / 1e6:,.1f} MFLOP"
    return tip if step.tile is None else f"{tip}, of {step.type.size[0]}×{step.type.size[1]}"


def _levels(boxes: Mapping[str, StepGroup]) -> Iterator[str]:
    """Yield the statements that put boxes of one level side by side."""
    names: dict[int, list[str]] = {}
    for name, box in boxes.items():
        names.setdefault(box.level, []).append(name)
    return map(level, names.values())


def _edges(boxes: Mapping[str, StepGroup]) -> Iterator[str]:
    """Yield an edge for each box that a box reads; codes have an edge only to the first layer that reads them."""
    linked: set[str] = set()
    for name, box in boxes.items():
        for source, copied in box.reads.items():
            read = boxes[source]
            styles = bool(box.model) and read.kind is Kind.LATENT
            if source == name or (styles and source in linked):
                continue
            if styles:
                linked.add(source)
            style_and_meaning = (
                ("dashed", "rows are copied together") if copied else ("solid", "rows are read in place")
            )
            tip = f"{read.title} -> {box.title}: {style_and_meaning[1]}"
            straight = read.kind is box.kind and read.level + 1 == box.level
            weight = "3" if straight else "1"
            yield draw_edge(
                source, name, color=COLOURS[read.kind], style=style_and_meaning[0], weight=weight, tooltip=tip
            )


def _title(plan: PlanContents, sharing: str) -> str:
    cost = plan.cost
    text = (
        f"{len(plan.steps):,} steps, {cost.layer_calls:,} calls of generator layers, {cost.flops / 1e9:,.3f} GFLOP, "
        f"peak {in_words(cost.peak_bytes)}" + (f", {plan.chunks} chunks" if plan.chunks > 1 else "")
    )
    kinds = swatches({name: COLOURS[kind] for kind, name in NAMES.items()})
    lines = [words(text, bold=True, size=11), words(sharing), kinds]
    lines += [words(line, colour=FAINT, size=9) for line in _LEGEND]
    return table(cell(line, align="left") for line in lines if line)
