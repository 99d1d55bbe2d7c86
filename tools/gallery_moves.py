"""Draws the pictures of docs/directions.md and docs/bending.md: a walk, directions, bends, on the bundled models.

python tools/gallery_moves.py [--to FOLDER]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import fgraph
from fgraph.save import save_video

ROOT = Path(__file__).resolve().parent.parent
GRAPHS = ROOT / "graphs" / "graph"
ZOOM, GAP, LABEL, MARGIN = 2, 2, 16, 132
FONT = ImageFont.load_default(size=12)
FRAMES, SHOWN = 36, 12  # of the walk; of them in the strip
SEEDS = {"landscape": 5, "avatar": 2}
STEPS = (-3, -2, -1, 0, 1, 2, 3)

Line = tuple[str, fgraph.Image]


def main() -> None:
    """Write walk.gif, walk.png, directions.png and bends.png."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "gallery", help="the folder to write to")
    folder = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    walk = fgraph.run(fgraph.load(GRAPHS / "walk.yaml", [f"nodes.walk.frames={FRAMES}"]))["image"]
    save_video(walk, folder / "walk.gif", fps=12)
    shown = fgraph.Image(walk.array[:: FRAMES // SHOWN])
    draw_sheet([("walk", shown)]).save(folder / "walk.png", optimize=True)
    draw_sheet([line for model in SEEDS for line in directions(model)]).save(folder / "directions.png", optimize=True)
    draw_sheet([line for model in SEEDS for line in bends(model)]).save(folder / "bends.png", optimize=True)
    sys.stdout.write("".join(f"{folder / name}\n" for name in ("walk.gif", "walk.png", "directions.png", "bends.png")))


def directions(model: str) -> list[Line]:
    """The first components of W, then the first factors of the affines: minus to plus, the code in the middle."""
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


def bends(model: str) -> list[Line]:
    """The four bends of graphs/graph/bend.yaml."""
    result = fgraph.run(fgraph.load(GRAPHS / "bend.yaml", [f"models.main={model}", f"seed={SEEDS[model]}"]))
    return [(f"{model}: {name}", image) for name, image in result.items()]


def draw_sheet(lines: Sequence[Line]) -> Image.Image:
    """A line for each image, its label before its rows."""
    strips = [(label, strip(image)) for label, image in lines]
    width = MARGIN + max(picture.width for _, picture in strips) + GAP
    height = sum(picture.height + GAP for _, picture in strips) + GAP
    sheet = Image.new("RGB", (width, height), "white")
    pen, y = ImageDraw.Draw(sheet), GAP
    for label, picture in strips:
        pen.multiline_text((4, y + picture.height // 2 - LABEL), label.replace(": ", ":\n"), fill="black", font=FONT)
        sheet.paste(picture, (MARGIN, y))
        y += picture.height + GAP
    return sheet


def strip(image: fgraph.Image) -> Image.Image:
    """The rows of an image side by side, enlarged."""
    white = np.full((image.array.shape[2], 1, 3), 255, np.uint8)
    parts = [part for row in range(image.rows) for part in (white, image.pixels(row))][1:]
    picture = Image.fromarray(np.concatenate(parts, axis=1))
    return picture.resize((picture.width * ZOOM, picture.height * ZOOM), Image.Resampling.NEAREST)


if __name__ == "__main__":
    main()
