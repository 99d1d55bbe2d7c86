"""A picture of every bundled graph: its inputs, then its outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from PIL import Image
from sheets import GRAPHS, strip

import fgraph
from fgraph._imaging.layout import LabelledPicture, lay_strip
from fgraph.photographs import Photographs

WIDTH = 1100  # pixels; pictures that do not fit go on the next line
GAP = 8
SOURCE = "_source"


def draw_graph(name: str) -> Image.Image:
    """Draw the pictures of one graph, each with the name of its output."""
    graph = fgraph.load(GRAPHS / f"{name}.yaml")
    made = graph.outputs
    sources = add_sources(graph)
    wanted = {**sources, **made}
    graph.outputs = wanted
    results = {key: value for key, value in fgraph.run(graph).items() if isinstance(value, fgraph.Image | Photographs)}
    last = next(reversed([key for key in made if key in results]))
    order = sorted(results, key=lambda key: (key not in sources, key == "image", key == last))
    shown = results[last].to_pil()
    axis: Literal["x", "y"] = "y" if shown.height > shown.width else "x"
    return in_lines([LabelledPicture(strip(results[key], axis), key.removesuffix(SOURCE)) for key in order])


def add_sources(graph: fgraph.Graph) -> dict[str, str]:
    """Add the images of the codes and pictures that a graph reads; name -> node."""
    nodes = dict(graph.spec.nodes)
    shown = {node.of for node in nodes.values() if node.op == "decode"}  # type: ignore[attr-defined]
    found = {}
    for name, node in nodes.items():
        if node.op == "image":
            found[f"{name}{SOURCE}"] = name
        elif node.op == "sample" and name not in shown:
            found[f"{name}{SOURCE}"] = str(graph.decode(name, id=f"{name}{SOURCE}"))
    return found


def in_lines(cells: list[LabelledPicture]) -> Image.Image:
    """Place cells side by side, on as many lines as they need."""
    lines: list[list[LabelledPicture]] = [[]]
    for cell in cells:
        if lines[-1] and sum(one.picture.width + GAP for one in lines[-1]) + cell.picture.width > WIDTH:
            lines.append([])
        lines[-1].append(cell)
    return lay_strip([LabelledPicture(lay_strip(line, "x", GAP)) for line in lines], "y", GAP)


DRAWN: Mapping[str, Callable[[], Image.Image]] = {
    f"graphs/{path.stem}": partial(draw_graph, path.stem) for path in sorted(GRAPHS.glob("*.yaml"))
}
