"""Shared parts of the gallery: runs of bundled graphs with changes, rows of an image as strips, WebP files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

import fgraph
from fgraph._imaging.encode import encode_picture, to_pillow
from fgraph._imaging.layout import LabelledPicture, lay_grid, lay_strip
from fgraph.photographs import Photographs

ROOT = Path(__file__).resolve().parents[2]
GRAPHS = ROOT / "graphs" / "graph"
HIGH = 128  # pixels: a small model's images are enlarged to about this height
MOST = 200_000  # bytes of a file
QUALITIES = (88, 80, 70, 60, 50, 40)
BLANK = None  # an empty place of a table
LINE, FILM, FRAMES = 8, 24, 8  # most rows on a line; most rows that are not a film; frames shown of a film
Pictures = Sequence[Sequence[Any]]  # lines of [H, W, 3] uint8, or BLANK


def run_bundled(name: str, *changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Run a bundled graph with several changes as one plan; return a result for each."""
    path = GRAPHS / f"{name}.yaml"
    graphs = [fgraph.load(path, [f"{key}={value}" for key, value in one.items()]) for one in changes]
    return [dict(result) for result in fgraph.run(graphs)]


def zoomed(picture: Image.Image) -> Image.Image:
    """Enlarge a small picture by a whole number."""
    times = max(1, HIGH // min(picture.size))
    return picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)


def strip(image: fgraph.Image | fgraph.MaskImage | Photographs, axis: Literal["x", "y"] = "x") -> Image.Image:
    """Place the rows of an image in a line, enlarged; many rows on lines of eight, a film as some frames."""
    rows = range(image.rows)
    if image.rows > FILM:
        rows = np.linspace(0, image.rows - 1, FRAMES).round().astype(int).tolist()
    cells = [LabelledPicture(zoomed(image.to_pil(row))) for row in rows]
    return lay_grid(cells, LINE) if axis == "x" and len(cells) > LINE else lay_strip(cells, axis)


def table(lines: Pictures) -> Image.Image:
    """Place pictures in lines and columns, enlarged."""
    columns = max(map(len, lines))
    first = next(one for line in lines for one in line if one is not BLANK)
    blank = np.full_like(first, 255)
    filled = [one for line in lines for one in (*line, *[BLANK] * (columns - len(line)))]
    cells = [LabelledPicture(zoomed(to_pillow(blank if one is BLANK else one))) for one in filled]
    return lay_grid(cells, columns, gap=4)


def write(picture: Image.Image, path: Path) -> Path:
    """Write a picture as WebP with the best quality that fits the size limit of a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for quality in QUALITIES:
        data = encode_picture(picture, "webp", quality=quality)
        if len(data) <= MOST:
            break
    path.write_bytes(data)
    return path
