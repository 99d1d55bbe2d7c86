"""Draws docs/gallery/graphs.png: every graph of graphs/graph, run and laid out on one contact sheet.

    python tools/gallery.py [--seed 0]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import fgraph
from fgraph._pictures import tile_rows, to_pillow

ROOT = Path(__file__).resolve().parent.parent
GRAPHS = ROOT / "graphs" / "graph"
SHEET = ROOT / "docs" / "gallery" / "graphs.png"
ZOOM, MARGIN, LABEL, WIDTH = 2, 10, 16, 1300


def main() -> None:
    """Run all graphs and write the sheet."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=None, help="the graphs' seed; absent: each graph's own")
    arguments.add_argument("--to", type=Path, default=SHEET)
    given = arguments.parse_args()
    cells = [cell for path in sorted(GRAPHS.glob("*.yaml")) for cell in pictures(path, given.seed)]
    given.to.parent.mkdir(parents=True, exist_ok=True)
    lay_out(cells).save(given.to, optimize=True)
    sys.stdout.write(f"{given.to}\n")


def pictures(path: Path, seed: int | None) -> list[tuple[str, Image.Image]]:
    """The image outputs of a graph: (label, picture)."""
    graph = fgraph.load(path, [] if seed is None else [f"seed={seed}"])
    results = fgraph.run(graph)
    shown = {name: value for name, value in results.items() if isinstance(value, fgraph.Image)}
    found = []
    for name, value in shown.items():
        picture = to_pillow(tile_rows([value.pixels(row) for row in range(value.rows)]))
        label = path.stem if len(shown) == 1 else f"{path.stem}: {name}"
        found.append((label, picture.resize((picture.width * ZOOM, picture.height * ZOOM), Image.Resampling.NEAREST)))
    return found


def lay_out(cells: list[tuple[str, Image.Image]]) -> Image.Image:
    """The pictures in lines, left to right, each under its label."""
    font = ImageFont.load_default(size=13)
    placed, x, y, line = [], MARGIN, MARGIN, 0
    for label, picture in cells:
        width = max(picture.width, int(font.getlength(label)))
        if x > MARGIN and x + width + MARGIN > WIDTH:
            x, y, line = MARGIN, y + line + MARGIN, 0
        placed.append((label, picture, x, y))
        x, line = x + width + MARGIN, max(line, picture.height + LABEL)
    sheet = Image.new("RGB", (WIDTH, y + line + MARGIN), "white")
    draw = ImageDraw.Draw(sheet)
    for label, picture, left, top in placed:
        draw.text((left, top), label, fill="black", font=font)
        sheet.paste(picture, (left, top + LABEL))
    return sheet


if __name__ == "__main__":
    main()
