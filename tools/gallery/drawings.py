"""Drawings of a graph and of its plan, as `mode=draw` writes them."""

from __future__ import annotations

from pathlib import Path

from sheets import GRAPHS

import fgraph
from fgraph.digraph import wire
from fgraph.digraph.draw import draw_svg
from fgraph.plan.draw import draw_plan

GRAPH = "panorama"


def write_graph(folder: Path) -> Path:
    """Write the drawing of the graph."""
    wiring, _ = wire(fgraph.load(GRAPHS / f"{GRAPH}.yaml").spec)
    return _write(folder / f"{GRAPH}.svg", draw_svg(wiring))


def write_plan(folder: Path) -> Path:
    """Write the drawing of the plan."""
    return _write(folder / f"{GRAPH}.plan.svg", draw_plan(fgraph.compile(GRAPHS / f"{GRAPH}.yaml", device="cpu")))


def _write(path: Path, drawing: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(drawing, encoding="utf-8", newline="\n")
    return path
