"""The pictures of directions.md and bending.md: a walk, directions, bends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image
from sheets import GRAPHS, zoomed

import fgraph
from fgraph._imaging.layout import LabelledPicture, lay_strip, lay_table
from fgraph.array_files.named_edits import published_edits
from fgraph.save import save_video
from fgraph.stylegan.checkpoints.header import BUNDLED

FRAMES, SHOWN = 36, 12  # frames of the walk, and frames shown in the strip
SEEDS = {"landscape": 5, "avatar": 2}
STEPS = (-3, -2, -1, 0, 1, 2, 3)

Line = tuple[str, fgraph.Image]


@cache
def walk() -> fgraph.Image:
    """Return the frames of a short walk."""
    image = fgraph.run(fgraph.load(GRAPHS / "walk.yaml", [f"nodes.walk.frames={FRAMES}"]))["image"]
    assert isinstance(image, fgraph.Image)
    return image


def write_film(folder: Path) -> Path:
    """Write the walk as a film."""
    return save_video(walk(), folder / "walk.gif", fps=12)


def draw_walk() -> Image.Image:
    """Draw frames of the walk."""
    shown = range(0, FRAMES, FRAMES // SHOWN)
    return lay_strip([LabelledPicture(zoomed(walk().to_pil(row))) for row in shown])


def directions(model: str) -> list[Line]:
    """Draw components of W, then factors of the affine layers: from minus to plus, with the code in the middle."""
    kinds: list[tuple[str, dict[str, Any]]] = [
        *((f"pca {number}", {"kind": "pca", "component": number}) for number in range(3)),
        *((f"sefa {number}, b16..", {"kind": "sefa", "component": number, "layers": "b16.."}) for number in range(2)),
    ]
    nodes: dict[str, Any] = {"code": {"op": "sample", "seed": SEEDS[model], "truncation": 0.7}}
    for number, (_, node) in enumerate(kinds):
        strengths = [2 * step if node["kind"] == "sefa" else step for step in STEPS]
        nodes[f"way_{number}"] = {"op": "direction", "of": "code", "strength": strengths, **node}
        nodes[f"image_{number}"] = {"op": "decode", "of": f"way_{number}"}
    outputs = [f"image_{number}" for number in range(len(kinds))]
    result = fgraph.run({"models": {"main": model}, "nodes": nodes, "outputs": outputs})
    return [(f"{model}: {label}", result[output]) for (label, _), output in zip(kinds, outputs, strict=True)]


def named(model: str) -> list[Line]:
    """Draw the measured directions of a bundled model over their ranges."""
    edits = [one for one in published_edits().values() if one.model == model and one.component is not None]
    graph = fgraph.Graph(models=model)
    code = graph.sample(seed=3, truncation=0.7)
    images = {}
    for edit in edits:
        strengths = [share * edit.strength for share in (-1, -0.5, 0, 0.5, 1)]
        images[edit.name] = graph.decode(graph.direction(kind="named", of=code, name=edit.name, strength=strengths))
    return list(fgraph.run(graph, outputs=images).items())


def bends(model: str) -> list[Line]:
    """Draw the four bends of graphs/graph/bend.yaml."""
    result = fgraph.run(fgraph.load(GRAPHS / "bend.yaml", [f"models.main={model}", f"seed={SEEDS[model]}"]))
    return [(f"{model}: {name}", image) for name, image in result.items()]


def draw_lines(of: Callable[[str], list[Line]], models: Iterable[str] = tuple(SEEDS)) -> Image.Image:
    """Draw a line for each image of each model, with its label before its rows."""
    lines = [line for model in models for line in of(model)]
    cells = [[LabelledPicture(zoomed(image.to_pil(row))) for row in range(image.rows)] for _, image in lines]
    return lay_table(cells, [""] * len(cells[0]), [label for label, _ in lines])


DRAWN: Mapping[str, Callable[[], Image.Image]] = {
    "walk": draw_walk,
    "directions": lambda: draw_lines(directions),
    "named": lambda: draw_lines(named, BUNDLED),
    "bends": lambda: draw_lines(bends),
}
