"""Arrivals of drags: random drags of bundled models, with targets that are known to exist.

A second picture is made by moving the code towards another sample. The handle is a point of the first picture. The
target is the place where its features are in the second picture. Writes a part of docs/how-to/dragging.md, and the plot
beside it. The numbers of each drag are stored in data/, so that the plot can be drawn again.

    python -m bench.quality.dragging [--drags 100] [--steps 200] [--models landscape,avatar] [--quick]
    python -m bench.quality.dragging --redraw [--to docs/how-to]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import fgraph
from bench.harness.pages import DOCS
from fgraph._imaging.plot import plot_curves
from fgraph.dragging.features import FeatureMaps, compute_features
from fgraph.dragging.layer import feature_layer
from fgraph.dragging.points import DragPoints, to_fractions
from fgraph.dragging.search import DragOutcome, DragSearch
from fgraph.dragging.settings import make_drag_settings
from fgraph.stylegan.generators.base import Generator

PAGE = DOCS / "how-to" / "dragging.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
MODELS = ("landscape", "landscape128", "avatar", "toon")
DATA = Path(__file__).parent / "data" / "dragging.json"
PLOT = "dragging.svg"
WAYS: dict[str, dict[str, Any]] = {
    "nearest": {},
    "adaptive": {"tracking": "adaptive"},
    "published settings": {"reading": "code", "learning_rate": 0.001, "keep": 20.0, "r1": 3 / 512, "r2": 12 / 512},
}
_MOVED = (0.06, 0.25)  # shares of the side: the least and the greatest distance of a point from its target
_MARGIN = 0.15  # share of the side: the margin of the mask around handle and target


@dataclass(frozen=True)
class Task:
    """A drag whose target is known: code, points and mask of each row."""

    codes: Tensor
    points: list[DragPoints]
    masks: Tensor


@dataclass(frozen=True)
class Line:
    """The outcome of all drags of a model in one way."""

    model: str
    way: str
    arrived: float  # share
    distance: float  # pixels, mean
    steps: float  # mean
    seconds: float  # CPU seconds of a drag
    outside: float  # mean change of the image where the mask is 0; the range of values is 2
    left: Sequence[float]  # for each drag: the distance at the end, as a share of the distance at the start


def make_task(generator: Generator, count: int, seed: int = 0) -> Task:
    """Make drags: pairs of pictures whose best mutual match of features moved by a distance within `_MOVED`."""
    table, draw = generator.table, torch.Generator().manual_seed(seed)
    layer = feature_layer(table, None)
    codes: list[Tensor] = []
    points: list[DragPoints] = []
    while len(points) < count:
        with torch.no_grad():
            w = generator.truncate(generator.map(torch.randn(2, table.z_dim, generator=draw)), 0.7)
            w[1] = w[0] + 0.7 * (w[1] - w[0])
            ws = w[:, None].expand(-1, table.num_ws, -1)
            maps = compute_features(generator, generator.affine(ws), layer)
        pair = matched_point(maps, table.size[1])
        if pair is not None:
            codes.append(ws[0])
            points.append(DragPoints(*([place] for place in pair)))
    return Task(torch.stack(codes), points, torch.cat([mask_around(one, table.size[1]) for one in points]))


def matched_point(maps: FeatureMaps, size: int) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return the best match that moved by a distance within `_MOVED`: its places in the first and second picture."""
    lattice = torch.arange(2, size - 2, max(1, size // 32), dtype=torch.float32)
    y, x = torch.meshgrid(lattice, lattice, indexing="ij")
    pixels = torch.stack([x, y], dim=-1).flatten(0, 1)
    first, second = maps.at_pixels(pixels.expand(2, -1, -1))  # [C, n] each
    distances = torch.cdist(first.t(), second.t())
    forth, back = distances.argmin(dim=1), distances.argmin(dim=0)
    mutual = back[forth] == torch.arange(len(pixels))
    moved = (pixels[forth] - pixels).norm(dim=1) / size
    fits = mutual & (moved >= _MOVED[0]) & (moved <= _MOVED[1])
    if not bool(fits.any()):
        return None
    # the most distinct match: the distance to its partner's features is smallest relative to the mean distance
    best = int(torch.where(fits, distances.amin(dim=1) / distances.mean(dim=1), torch.inf).argmin())
    places = to_fractions(torch.stack([pixels[best], pixels[forth[best]]]).double().numpy(), (size, size))
    return places[0], places[1]


def mask_around(points: DragPoints, size: int) -> Tensor:
    """Return a mask [1, 1, size, size] that is 1 in a box around handle and target."""
    places = np.array([*points.handles, *points.targets])
    low, high = places.min(axis=0) - _MARGIN, places.max(axis=0) + _MARGIN
    at = (torch.arange(size) + 0.5) / size
    inside = ((at >= low[1]) & (at <= high[1]))[:, None] & ((at >= low[0]) & (at <= high[0]))
    return inside.float()[None, None]


def measure(generator: Generator, task: Task, model: str, way: str, steps: int) -> Line:
    """Drag all rows in one batch."""
    settings = make_drag_settings(**{"steps": steps, **WAYS[way]})
    began, found = time.process_time(), dict[int, DragOutcome]()
    search = DragSearch(generator, settings, task.codes, task.points, task.masks)
    while search.rows:
        found |= search.step()
    seconds = (time.process_time() - began) / len(found)
    rows = [found[row] for row in range(len(task.codes))]
    with torch.no_grad():
        before = generator.synthesise(generator.affine(task.codes)).clamp(-1, 1)
        after = generator.synthesise(generator.affine(torch.stack([one.code for one in rows]))).clamp(-1, 1)
    outside = (1 - task.masks).expand_as(before)
    change = float(((after - before).abs() * outside).sum() / outside.sum())
    lengths = [one.distance(generator.table.size) for one in task.points]
    left = [round(one.distance / length, 3) for one, length in zip(rows, lengths, strict=True)]
    return Line(
        model, way, float(np.mean([one.ending == "arrived" for one in rows])),
        float(np.mean([one.distance for one in rows])), float(np.mean([one.steps for one in rows])), seconds, change,
        left,
    )  # fmt: skip


def to_markdown(lines: Sequence[Line], drags: int, steps: int) -> str:
    """Return the measured part of the page."""
    head = (
        f"`python -m bench.quality.dragging --drags {drags}` wrote this part: {drags} random drags of each "
        f"model, of at most {steps} steps. A second\npicture is made by moving the code towards another sample, so the "
        "target is known to exist. A point moves by 6% to 25% of the side. The mask is a\nbox around both places. "
        "*Published settings* are those of DragGAN's program, for images of 512 pixels.\n\n"
        "| model | method | arrived | mean distance, pixels | steps | s of CPU a drag | change outside the mask |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
    )
    rows = [
        f"| {one.model} | {one.way} | {one.arrived:.0%} | {one.distance:.1f} | {one.steps:.0f} | {one.seconds:.2f} | "
        f"{one.outside:.3f} |"
        for one in lines
    ]
    return head + "\n".join(rows) + f"\n\n![the share of drags by their remaining distance]({PLOT})\n"


def draw(lines: Sequence[Line]) -> str:
    """Return a plot: for each way, over all models, the share of drags that have at most x % of their way left."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for way in dict.fromkeys(one.way for one in lines):
        left = np.array([share for one in lines if one.way == way for share in one.left])
        curves[way] = [(x, float((left <= x / 100).mean())) for x in range(101)]
    return plot_curves(curves, "% of the way left")


def store(lines: Sequence[Line], drags: int, steps: int) -> None:
    """Write the page, the plot and the numbers of each drag."""
    DATA.write_text(json.dumps([asdict(one) for one in lines]) + "\n", encoding="utf-8")
    (PAGE.parent / PLOT).write_text(draw(lines), encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    PAGE.write_text(f"{text[:start]}\n{to_markdown(lines, drags, steps)}{text[end:]}", encoding="utf-8")


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drags", type=int, default=100)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--quick", action="store_true", help="few drags of one model; writes nothing")
    parser.add_argument("--redraw", action="store_true", help="the plot alone, from the stored numbers")
    parser.add_argument("--to", type=Path, default=PAGE.parent, help="the folder of a plot that is drawn again")
    given = parser.parse_args()
    if given.redraw:
        given.to.mkdir(parents=True, exist_ok=True)
        lines = [Line(**one) for one in json.loads(DATA.read_text(encoding="utf-8"))]
        (given.to / PLOT).write_text(draw(lines), encoding="utf-8")
        return
    if given.quick:
        given.drags, given.steps, given.models = 3, 5, "landscape"
    lines = []
    for model in given.models.split(","):
        generator = fgraph.load_generator(model)
        task = make_task(generator, given.drags)
        for way in WAYS:
            lines.append(measure(generator, task, model, way, given.steps))
            print(lines[-1], flush=True)
    if not given.quick:
        store(lines, given.drags, given.steps)


if __name__ == "__main__":
    main()
