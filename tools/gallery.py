"""Draws docs/gallery/graphs.png: every graph of graphs/graph, run, what goes in beside what comes out.

python tools/gallery.py [--seed 0] [--to FILE] [GRAPH ...]
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import fgraph
from fgraph._pictures import to_pillow

ROOT = Path(__file__).resolve().parent.parent
GRAPHS = ROOT / "graphs" / "graph"
SHEET = ROOT / "docs" / "gallery" / "graphs.png"
ZOOM, GAP, LABEL, TITLE, WIDTH = 2, 8, 15, 20, 1360
BETWEEN = 2  # white pixels between the rows of one output
MOST = 10  # frames shown of a film,
FILM = 24  # which has more rows than this
LINE = 8  # of its rows side by side
SMALL, LARGE = ImageFont.load_default(size=11), ImageFont.load_default(size=15)


@dataclass(frozen=True)
class Cell:
    """A picture under its label, or several rows of one as a strip."""

    label: str
    picture: Image.Image

    @property
    def size(self) -> tuple[int, int]:
        """Width and height with the label."""
        return max(self.picture.width, int(SMALL.getlength(self.label))), self.picture.height + LABEL


@dataclass(frozen=True)
class Block:
    """The cells of one graph, on as many lines as they need."""

    title: str
    lines: list[list[Cell]]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height with the title."""
        return max(map(width_of, self.lines)), TITLE + sum(height_of(line) + GAP for line in self.lines)

    def draw(self, sheet: Image.Image, left: int, top: int) -> None:
        """Draw it on a sheet."""
        pen = ImageDraw.Draw(sheet)
        pen.text((left, top), self.title, fill="black", font=LARGE)
        y = top + TITLE
        for line in self.lines:
            x = left
            for cell in line:
                pen.text((x, y), cell.label, fill="dimgray", font=SMALL)
                sheet.paste(cell.picture, (x, y + LABEL))
                x += cell.size[0] + GAP
            y += height_of(line) + GAP


def main() -> None:
    """Run the graphs and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graphs", nargs="*", metavar="GRAPH", help="names; absent: all")
    parser.add_argument("--seed", type=int, default=None, help="the graphs' seed; absent: each graph's own")
    parser.add_argument("--to", type=Path, default=SHEET, help="the file to write")
    given = parser.parse_args()
    paths = [GRAPHS / f"{name}.yaml" for name in given.graphs] or sorted(GRAPHS.glob("*.yaml"))
    blocks = [run_graph(path, given.seed) for path in paths]
    given.to.parent.mkdir(parents=True, exist_ok=True)
    lay_out(blocks).save(given.to, optimize=True)
    sys.stdout.write(f"{given.to}\n")


def run_graph(path: Path, seed: int | None) -> Block:
    """A graph's pictures: what it starts from, then what it makes."""
    graph = fgraph.load(path, [] if seed is None else [f"seed={seed}"])
    ready = graph.outputs
    sources = add_sources(graph)
    wanted = {**sources, **ready}
    graph.outputs = wanted
    results = {name: value for name, value in fgraph.run(graph).items() if isinstance(value, fgraph.Image)}
    last = next(reversed([name for name in ready if name in results]))
    order = sorted(results, key=lambda name: (name not in sources, name == "image", name == last))
    tall = results[last].array.shape[2] > results[last].array.shape[3]
    cells = [Cell(name.removesuffix(SOURCE), strip(results[name], downwards=tall)) for name in order]
    return Block(path.stem, in_lines(cells))


SOURCE = "_source"


def add_sources(graph: fgraph.Graph) -> dict[str, str]:
    """Add the images of the codes and pictures that a graph starts from; name -> node."""
    nodes = dict(graph.spec.nodes)
    shown = {node.of for node in nodes.values() if node.op == "decode"}  # type: ignore[attr-defined]
    found = {}
    for name, node in nodes.items():
        if node.op == "image":
            found[f"{name}{SOURCE}"] = name
        elif node.op == "sample" and name not in shown:
            found[f"{name}{SOURCE}"] = str(graph.decode(name, id=f"{name}{SOURCE}"))
    return found


def strip(image: fgraph.Image, *, downwards: bool) -> Image.Image:
    """The rows of an image side by side, or one below the other; many on lines of eight; of a film ten frames."""
    pixels = [image.pixels(row) for row in range(image.rows)]
    if len(pixels) > FILM:
        pixels = [pixels[row] for row in np.linspace(0, len(pixels) - 1, MOST).round().astype(int).tolist()]
    if len(pixels) > LINE and len(pixels) % LINE == 0 and not downwards:
        pixels = [joined(pixels[start : start + LINE], 1) for start in range(0, len(pixels), LINE)]
        downwards = True
    picture = to_pillow(joined(pixels, 0 if downwards else 1))
    return picture.resize((picture.width * ZOOM, picture.height * ZOOM), Image.Resampling.NEAREST)


def joined(pixels: list[np.ndarray[Any, Any]], axis: int) -> np.ndarray[Any, Any]:
    """Pictures along an axis with white between them."""
    shape = [*pixels[0].shape]
    shape[axis] = BETWEEN
    white = np.full(shape, 255, np.uint8)
    return np.concatenate([part for one in pixels for part in (white, one)][1:], axis=axis)


def in_lines(cells: list[Cell]) -> list[list[Cell]]:
    """Cells on lines no wider than the sheet."""
    lines: list[list[Cell]] = [[]]
    for cell in cells:
        if lines[-1] and width_of([*lines[-1], cell]) > WIDTH - 2 * GAP:
            lines.append([])
        lines[-1].append(cell)
    return lines


def width_of(line: list[Cell]) -> int:
    """How wide a line is."""
    return sum(cell.size[0] for cell in line) + GAP * (len(line) - 1)


def height_of(line: list[Cell]) -> int:
    """How high a line is."""
    return max(cell.size[1] for cell in line)


def lay_out(blocks: list[Block]) -> Image.Image:
    """The blocks on one sheet: beside each other, or below the one before where a tall one leaves room for that."""
    placed: list[tuple[Block, int, int]] = []
    x, y, line = GAP, GAP, 0  # the next place in the line, and how high the line is
    column, below = GAP, GAP  # the place under the block before
    for block in blocks:
        width, height = block.size
        if below + height <= y + line and column > GAP and column + width + GAP <= WIDTH:
            left, top = column, below
        else:
            if x > GAP and x + width + GAP > WIDTH:
                x, y, line = GAP, y + line + GAP, 0
            left, top = x, y
        placed.append((block, left, top))
        x, line = max(x, left + width + 4 * GAP), max(line, top + height - y)
        column, below = left, top + height + GAP
    sheet = Image.new("RGB", (WIDTH, y + line + GAP), "white")
    for block, left, top in placed:
        block.draw(sheet, left, top)
    return sheet


if __name__ == "__main__":
    main()
