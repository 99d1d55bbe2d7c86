"""Draws the pictures of docs/one_image.md and docs/transfer.md: variations, half faces, transfers, parts.

python tools/edits.py [--to DIRECTORY] [PICTURE ...]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import interpolate

import fgraph
from fgraph._pictures import to_pillow
from fgraph.runtime.kernels.owning import load_catalogue
from fgraph.stylegan.checkpoint import load_generator
from fgraph.stylegan.ownership import Settings, membership

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "gallery"
ZOOM, GAP = 2, 2
Pictures = Sequence[Sequence[Any]]  # rows of [H, W, 3] uint8, None for an empty place


def main() -> None:
    """Draw the pictures asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="*", metavar="PICTURE", help=f"of {', '.join(DRAWN)}; absent: all")
    parser.add_argument("--to", type=Path, default=FOLDER, help="where to write")
    given = parser.parse_args()
    for name in given.pictures or DRAWN:
        path = given.to / f"{name}.png"
        sheet(DRAWN[name]()).save(path, optimize=True)
        sys.stdout.write(f"{path}\n")


def sheet(rows: Pictures) -> Image.Image:
    """Pictures in a grid, enlarged."""
    height, width = next(one.shape[:2] for row in rows for one in row if one is not None)
    size = (len(rows) * (height + GAP) - GAP, max(map(len, rows)) * (width + GAP) - GAP, 3)
    made = np.full(size, 255, np.uint8)
    for y, row in enumerate(rows):
        for x, one in enumerate(row):
            if one is not None:
                top, left = y * (height + GAP), x * (width + GAP)
                made[top : top + height, left : left + width] = one
    picture = to_pillow(made)
    return picture.resize((picture.width * ZOOM, picture.height * ZOOM), Image.Resampling.NEAREST)


def run(name: str, *changes: Mapping[str, Any]) -> list[Any]:
    """A bundled graph with changes, all of them together; a result each."""
    path = ROOT / "graphs" / "graph" / f"{name}.yaml"
    return list(fgraph.run([fgraph.load(path, [f"{k}={v}" for k, v in one.items()]) for one in changes]))


def draw_variations() -> Pictures:
    """Three pictures, each beside eight of its variations on two lines."""
    rows: list[list[Any]] = []
    for result in run("variations", {"seed": 5}, {"seed": 2}, {"seed": 10}):
        made = [result["image"].pixels(row) for row in range(16)]
        rows += [[result["before"].pixels(0), *made[:8]], [None, *made[8:]]]
    return rows


def draw_half_faces() -> Pictures:
    """Two faces and their fusion, for several pairs."""
    results = run("half_faces", *({"seed": seed} for seed in (22, 0, 4, 3, 15, 16)))
    cells = [[one[name].pixels(0) for name in ("left", "right", "image")] for one in results]
    return [cells[row] + [None] + cells[row + 3] for row in range(3)]


def draw_transfer() -> Pictures:
    """Source, reference, then hair, face, eyes and mouth taken; last the hair as published, with four rows of W+."""
    seeds = (0, 6, 3, 8, 9)
    regions = ("hair", "face", "eyes", "mouth")
    changes: list[dict[str, Any]] = [
        {"seed": seed, "nodes.region.region": region} for seed in seeds for region in regions
    ]
    changes += [{"seed": seed, "nodes.posed.nodes.align.rows": "'0..3'"} for seed in seeds]
    results = run("transfer", *changes)
    rows = []
    for number in range(len(seeds)):
        mine = [
            *results[number * len(regions) : (number + 1) * len(regions)],
            results[len(seeds) * len(regions) + number],
        ]
        rows.append(
            [mine[0][name].pixels(0) for name in ("before", "wanted")] + [one["image"].pixels(0) for one in mine]
        )
    return rows


def draw_own() -> Pictures:
    """Source, reference, then Collins' transfer of the hair with budgets ε of 5, 10, 20 and 40."""
    seeds, budgets = (0, 9, 10, 6), (5, 10, 20, 40)
    results = run("own", *({"seed": seed, "nodes.taken.epsilon": e} for seed in seeds for e in budgets))
    rows = []
    for number in range(len(seeds)):
        mine = results[number * len(budgets) : (number + 1) * len(budgets)]
        rows.append(
            [mine[0][name].pixels(0) for name in ("before", "wanted")] + [one["image"].pixels(0) for one in mine]
        )
    return rows


def draw_parts() -> Pictures:
    """Eight samples, then what of them belongs to each part that `own` finds."""
    settings, layer = Settings("b16.conv0", 10, 256, 0), "b16.conv0"
    graph = fgraph.Graph(models="avatar")
    codes = graph.sample(seed=list(range(8)), truncation=0.7)
    graph.outputs = {"image": graph.decode(codes), "paused": graph.tap(codes, layer=layer)}
    result = fgraph.run(graph)
    catalogue = load_catalogue(load_generator("avatar"), settings)
    found = membership(torch.from_numpy(result["paused"].tensors["activation"]), catalogue.centres)
    members = interpolate(found, result["image"].array.shape[2:]).numpy()
    images = [result["image"].pixels(row) for row in range(8)]
    rows: list[list[Any]] = [images]
    for part in range(settings.clusters):
        inside = members[:, part, :, :, None]
        rows.append([(one * there).astype(np.uint8) for one, there in zip(images, inside, strict=True)])
    half = len(rows) // 2 + 1
    return [
        [*row, None, *(rows[half + number] if half + number < len(rows) else [])]
        for number, row in enumerate(rows[:half])
    ]


DRAWN: Mapping[str, Callable[[], Pictures]] = {
    "variations": draw_variations,
    "half_faces": draw_half_faces,
    "transfer": draw_transfer,
    "own": draw_own,
    "parts": draw_parts,
}

if __name__ == "__main__":
    main()
