"""The pictures of dragging.md: a mouth opened, hair lengthened, the moon moved; and a film of the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sheets import zoomed

import fgraph
from fgraph._imaging.layout import LabelledPicture, lay_table
from fgraph.save import save_video

PSI, EVERY, SCALE = 0.7, 10, 2
SIDE = 64  # pixels of the model
MOUTH: dict[str, Any] = {"points": [(0.5, 0.72)], "to": [(0.5, 0.78)], "tracking": "adaptive"}
BOX = (0.3, 0.62, 0.4, 0.22)  # the region that may change for the mouth
JOBS: Mapping[str, tuple[str, int, dict[str, Any], tuple[float, float, float, float] | None]] = {
    "a mouth opened": ("avatar", 18, MOUTH, BOX),
    "hair lengthened": (
        "avatar", 36,
        {"points": [(0.29, 0.6), (0.71, 0.6)], "to": [(0.27, 0.8), (0.73, 0.8)], "learning_rate": 0.01},
        None,
    ),
    "the moon dragged": (
        "landscape128", 3, {"points": [(0.46, 0.23)], "to": [(0.66, 0.3)], "steps": 150}, (0.0, 0.0, 1.0, 0.5)
    ),
}  # fmt: skip


def draw_drags() -> Image.Image:
    """Draw a line for each drag: before, with the paths of the points, after."""
    cells = [[LabelledPicture(one) for one in _dragged(*job)] for job in JOBS.values()]
    return lay_table(cells, ["before", "the paths of the points", "after"], list(JOBS))


def _dragged(
    model: str, seed: int, settings: dict[str, Any], box: tuple[float, float, float, float] | None
) -> list[Image.Image]:
    graph = fgraph.Graph(models=model)
    code = graph.sample(seed=seed, truncation=PSI)
    mask: dict[str, Any] = {} if box is None else {"mask": graph.mask("box", box=box)}
    moved = graph.drag(code, **settings, **mask)
    image = graph.decode(moved)
    graph.outputs = {"before": graph.decode(code), "way": graph.arrows(image, drag=moved), "after": image}
    return [zoomed(one.to_pil()) for one in fgraph.run(graph).values()]


def write_film(folder: Path) -> Path:
    """Write the opening of the mouth as a film."""
    graph = fgraph.Graph(models="avatar")
    code = graph.sample(seed=JOBS["a mouth opened"][1], truncation=PSI)
    graph.outputs = {"code": code}
    left, top, width, height = (round(part * SIDE) for part in BOX)
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[top : top + height, left : left + width] = 1
    drag = fgraph.drag("avatar", fgraph.run(graph)["code"], mask=mask, every=EVERY, **MOUTH)
    frames = [drag.moment.image, *(moment.image for moment in drag)]
    film = fgraph.Image(np.stack(frames))
    return save_video(film, folder / "drag.gif", fps=6, scale=SCALE)


DRAWN: Mapping[str, Callable[[], Image.Image]] = {"drags": draw_drags}
