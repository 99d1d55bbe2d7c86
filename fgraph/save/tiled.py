"""Tiled files of large pictures: a pyramid of tiles as TIFF, or as Deep Zoom with a page that shows it."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from string import Template

import numpy as np

from fgraph._imaging.encode import Pixels, encode_picture, to_pillow
from fgraph.save.formats import lacking
from fgraph.save.slabs import Slabs, pyramid

TILE = 256  # pixels a side
_OVERLAP = 1  # overlap of Deep Zoom tiles, in pixels; it hides seams between scaled tiles
_CLASSIC = 2**32 - 2**27  # bytes that the offsets of a TIFF can address, minus some reserve; larger files are BigTIFF
_DZI = """<?xml version="1.0" encoding="UTF-8"?>
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="$format" Overlap="$overlap" TileSize="$tile">
  <Size Width="$width" Height="$height"/>
</Image>
"""


def write_tiff(picture: Slabs, path: Path, text: Mapping[str, str]) -> None:
    """Write a tiled, deflated TIFF with the smaller levels of its pyramid, as BigTIFF if it is too large for TIFF.

    Args:
        picture: the pixels.
        path: the file.
        text: key -> text, stored as JSON in the image description.

    Raises:
        SaveError: tifffile isn't installed.
    """
    try:
        import tifffile
    except ImportError as error:
        raise lacking("tiff") from error
    levels = max(0, math.ceil(math.log2(picture.length / TILE)))
    big = picture.height * picture.width * picture.channels * 4 // 3 > _CLASSIC
    with tifffile.TiffWriter(path, bigtiff=big) as writer:
        for number, level in enumerate(pyramid(picture, TILE)):
            samples = (level.channels,) if level.channels > 1 else ()
            first = {"subifds": levels, "description": json.dumps(dict(text)) if text else None}
            writer.write(
                (tile.reshape(TILE, TILE, *samples) for tile in _padded_tiles(level)), dtype=np.uint8,
                shape=(level.height, level.width, *samples), tile=(TILE, TILE), compression="zlib", predictor=True,
                photometric="rgb" if samples else "minisblack", metadata=None, maxworkers=1,
                extrasamples=["unassalpha"] if level.channels == 4 else [],
                **(first if number == 0 else {"subfiletype": 1}),
            )  # fmt: skip


def write_deep_zoom(picture: Slabs, path: Path, kind: str, quality: int, *, wraps: bool = False) -> None:
    """Write Deep Zoom: `name.dzi`, tiles in `name_files/`, and the page `name.html`, which shows them in a browser.

    Args:
        picture: the pixels.
        path: the `.dzi` file; the others go beside it, and none of them may exist.
        kind: the format of the tiles: png, webp or jpeg.
        quality: the quality of JPEG and WebP, 1 to 100.
        wraps: whether the page wraps along x: beyond the right edge, it continues at the left one.
    """
    ending = "jpg" if kind == "jpeg" else kind
    folder = path.with_name(f"{path.stem}_files")
    top = math.ceil(math.log2(picture.length))
    for number, level in enumerate(pyramid(picture, 1)):
        level_folder = folder / str(top - number)
        level_folder.mkdir(parents=True)
        for column, row, window in _windows(level, _OVERLAP):
            tile = to_pillow(np.ascontiguousarray(level.window(*window)))
            (level_folder / f"{column}_{row}.{ending}").write_bytes(encode_picture(tile, kind, quality=quality))
    about = {
        "format": ending, "overlap": _OVERLAP, "tile": TILE, "width": picture.width, "height": picture.height,
        "name": json.dumps(path.stem).replace("<", r"\u003c"), "title": html.escape(path.stem, quote=True),
        "round": json.dumps(wraps),
    }  # fmt: skip
    page = resources.files("fgraph.save").joinpath("viewer.html").read_text("utf-8")
    path.with_suffix(".html").write_text(Template(page).substitute(about), "utf-8")
    path.write_text(Template(_DZI).substitute(about), "utf-8")


def _windows(level: Slabs, overlap: int) -> Iterator[tuple[int, int, tuple[int, int, int, int]]]:
    """Yield the column, row and rectangle of each tile, row by row."""
    for row in range(math.ceil(level.height / TILE)):
        for column in range(math.ceil(level.width / TILE)):
            bottom, right = (
                min(level.height, (row + 1) * TILE + overlap),
                min(level.width, (column + 1) * TILE + overlap),
            )
            yield column, row, (max(0, row * TILE - overlap), max(0, column * TILE - overlap), bottom, right)


def _padded_tiles(level: Slabs) -> Iterator[Pixels]:
    for _, _, (top, left, bottom, right) in _windows(level, 0):
        tile = level.window(top, left, bottom, right)
        height, width = tile.shape[:2]
        yield np.pad(tile, ((0, TILE - height), (0, TILE - width), (0, 0)))
