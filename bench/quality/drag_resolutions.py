"""The features outside the mask of a drag, compared at their own resolution and resized to the image.

DragGAN's program resizes them; fgraph does not. Both drag the same two points, with a config-f generator that has
random weights. Writes a part of docs/how-to/dragging.md.

    python -m bench.quality.drag_resolutions [--steps 20]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import fgraph
from bench.harness.pages import DOCS
from bench.harness.subjects import config_f, write_checkpoint
from fgraph.dragging.features import FeatureMaps
from fgraph.dragging.points import DragPoints
from fgraph.dragging.search import DragSearch
from fgraph.dragging.settings import make_drag_settings
from fgraph.stylegan.generators.base import Generator

PAGE = DOCS / "how-to" / "dragging.md"
BEGIN, END = "<!-- resolutions: begin -->", "<!-- resolutions: end -->"
SIZES = (256, 512)
POINTS = DragPoints(((0.42, 0.55), (0.7, 0.3)), ((0.62, 0.4), (0.25, 0.62)))


class ResizedSearch(DragSearch):
    """A search that resizes features and mask to the size of the image."""

    def _resized_mask(self, mask: Tensor, maps: FeatureMaps) -> Tensor:
        return mask.to(maps.values).expand(len(self.rows), -1, -1, -1)

    def _compared(self, maps: FeatureMaps) -> Tensor:
        return maps.resized()


@dataclass(frozen=True)
class Outcome:
    """A drag by one of the ways."""

    seconds: float  # CPU seconds of a step
    image: Tensor  # [3, size, size]
    handles: Tensor  # [points, 2], pixels
    outside: float  # the mean change of the image where the mask is 0


def drag(generator: Generator, way: type[DragSearch], steps: int) -> Outcome:
    """Drag two points of one picture, whose lower half must not change."""
    size = generator.table.size[0]
    z = torch.randn(1, generator.table.z_dim, generator=torch.Generator().manual_seed(0))
    code = generator.map(z)[:, None].expand(-1, generator.table.num_ws, -1).clone()
    mask = torch.zeros(1, 1, size, size)
    mask[:, :, : size // 2] = 1
    search = way(generator, make_drag_settings(patience=0, arrive=1e-9), code, [POINTS], mask)
    search.step()  # computes the features to hold outside the mask, once
    began = time.process_time()
    for _ in range(steps - 1):
        search.step()
    seconds = (time.process_time() - began) / (steps - 1)
    with torch.no_grad():
        before, after = (generator.synthesise(generator.affine(one)).clamp(-1, 1) for one in (code, search.codes))
    change = (after - before).abs()[:, :, size // 2 :]
    return Outcome(seconds, after[0], search.tracker.handles[0], float(change.mean()))


def compare(generator: Generator, steps: int) -> str:
    """Drag both ways; return a row of the table."""
    native, resized = (drag(generator, way, steps) for way in (DragSearch, ResizedSearch))
    difference = float(np.abs((native.handles - resized.handles).numpy()).max())
    differs = float((native.image - resized.image).abs().mean())
    return (
        f"| {generator.table.size[0]} | {native.seconds:.2f} | {resized.seconds:.2f} | {native.outside:.3f} | "
        f"{resized.outside:.3f} | {difference:.1f} pixels | {differs:.3f} |"
    )


def main() -> None:
    """Measure, and write the part of the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20)
    steps = parser.parse_args().steps
    rows = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            write_checkpoint(Path(folder, "model.pt"), table=config_f(size))
            rows.append(compare(fgraph.load_generator(Path(folder, "model.pt")), steps))
        print(rows[-1], flush=True)
    part = "\n".join([
        f"`python -m bench.quality.drag_resolutions` writes this table: {steps} steps of two points with a config-f",
        "generator that has random weights. The lower half of the image must not change. Images are in [-1, 1].",
        "",
        "| pixels | CPU s a step, own resolution | resized | change outside, own resolution | resized | points apart "
        "| images differ by |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *rows,
    ])  # fmt: skip
    text = PAGE.read_text("utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{part}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
