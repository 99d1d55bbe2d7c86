"""The same drags by the program of DragGAN and by fgraph: points, losses and codes, step by step.

The networks are a small one with random weights, and a bundled model in the form that the program reads. DIR is a
checkout of XingangPan/DragGAN, which is imported, not installed. Writes a part of docs/how-to/dragging.md.

    python -m bench.quality.published_drags --draggan DIR [--steps 20]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench.harness.pages import DOCS
from bench.harness.published_steps import PublishedDrag, load_published_generator
from fgraph.dragging.points import DragPoints, to_fractions
from fgraph.dragging.search import DragSearch
from fgraph.dragging.settings import make_drag_settings
from fgraph.stylegan.generators.base import Generator

PAGE = DOCS / "how-to" / "dragging.md"
BEGIN, END = "<!-- equality: begin -->", "<!-- equality: end -->"
RATE, KEEP = 0.001, 20.0  # the defaults of the program's window
_POINTS = (((0.42, 0.55), (0.62, 0.4)), ((0.7, 0.3), (0.25, 0.62)))  # handles and targets, fractions of the sides


@dataclass(frozen=True)
class Network:
    """A network to drag with: name, size, radii in pixels of 512, and the number of the program's features."""

    name: str
    size: int
    r1: int
    r2: int
    features: int


NETWORKS = (Network("random", 256, 3, 12, 5), Network("avatar", 64, 16, 24, 4))


@dataclass(frozen=True)
class Line:
    """A drag by both: the steps, those with equal points, and the largest differences of losses and codes."""

    network: str
    mask: str
    steps: int
    equal: int
    loss: float  # relative to the loss
    code: float


def compare(folder: Path, network: Network, steps: int, masked: bool) -> Line:
    """Drag two points with both programs."""
    with tempfile.TemporaryDirectory() as temporary:
        theirs, ours = load_published_generator(folder, network.name, network.size, Path(temporary))
    code = ours.map(torch.randn(1, ours.table.z_dim, generator=torch.Generator().manual_seed(0)))
    whole = code[:, None].expand(-1, ours.table.num_ws, -1).clone()
    handles, targets = (_pixels(places, network.size) for places in _POINTS)
    mask = None
    if masked:
        mask = torch.zeros(network.size, network.size)
        mask[: network.size // 2] = 1
    published = PublishedDrag(folder, theirs, whole, rate=RATE)
    options = {"lambda_mask": KEEP, "r1": network.r1, "r2": network.r2, "feature_idx": network.features}
    published.set(handles, targets, mask, **options)
    search = _search(ours, network, whole, handles=handles, targets=targets, mask=mask)
    equal, loss, difference = 0, 0.0, 0.0
    for _ in range(steps):
        published.step()
        search.step()
        equal += published.points == [[int(x), int(y)] for x, y in search.tracker.handles[0].tolist()]
        loss = max(loss, abs(float(search.losses[0]) / published.loss - 1))
        difference = max(difference, float((search.codes[0, :6] - published.codes[0, :6]).abs().max()))
    return Line(network.name, "half of the image" if masked else "none", steps, equal, loss, difference)


def _pixels(places: Sequence[tuple[float, float]], size: int) -> list[Any]:
    return [[round(x * size), round(y * size)] for x, y in places]


def _search(
    generator: Generator, network: Network, codes: Tensor, *, handles: Any, targets: Any, mask: Tensor | None
) -> DragSearch:
    settings = make_drag_settings(
        reading="code", patience=0, arrive=1e-9, learning_rate=RATE, keep=KEEP, r1=network.r1 / 512, r2=network.r2 / 512
    )
    size = (network.size, network.size)
    points = DragPoints(*(tuple(to_fractions(torch.tensor(one).numpy(), size)) for one in (handles, targets)))
    return DragSearch(generator, settings, codes, [points], None if mask is None else mask[None, None])


def to_markdown(lines: list[Line]) -> str:
    """Return the part of the page."""
    rows = [
        f"| {one.network} | {one.mask} | {one.equal} of {one.steps} | {one.loss:.1e} | {one.code:.1e} |"
        for one in lines
    ]
    return "\n".join([
        "`python -m bench.quality.published_drags --draggan DIR` writes this table: two points are dragged by the",
        "program and by `reading: code`, with a network of 256 pixels that has random weights, and with a bundled",
        "model in the form that the program reads. The differences are the largest of all steps. With a mask, the",
        "gradient contains the signs of differences that are as small as rounding errors, so these errors grow.",
        "",
        "| network | mask | steps with equal points | difference of the loss, relative | difference of the code |",
        "| --- | --- | --- | --- | --- |",
        *rows,
    ])  # fmt: skip


def main() -> None:
    """Compare, and write the part of the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draggan", type=Path, required=True, help="a checkout of XingangPan/DragGAN")
    parser.add_argument("--steps", type=int, default=20)
    given = parser.parse_args()
    torch.manual_seed(0)
    lines = [compare(given.draggan, one, given.steps, masked) for one in NETWORKS for masked in (False, True)]
    text = PAGE.read_text("utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{to_markdown(lines)}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
