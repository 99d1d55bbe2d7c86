"""Layouts of several pictures on one sheet: strips, grids and tables, with optional labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fgraph._imaging.encode import Pixels, to_pillow

GAP = 2  # white pixels between pictures
_MOST_LINES = 4  # of a label; longer labels are cut
_NARROWEST = 96  # pixels that a label may take over a narrower picture
_PAPER, _INK = "white", "#333333"


@dataclass(frozen=True)
class LabelledPicture:
    """A picture with the label above it."""

    picture: Image.Image
    label: str = ""


def lay_strip(cells: Sequence[LabelledPicture], axis: Literal["x", "y"] = "x", gap: int = GAP) -> Image.Image:
    """Lay pictures side by side, or one below the other; `gap` is in pixels."""
    return lay_grid(cells, len(cells) if axis == "x" else 1, gap)


def lay_grid(cells: Sequence[LabelledPicture], columns: int | None = None, gap: int = GAP) -> Image.Image:
    """Lay pictures in rows of `columns`; None: the sheet is about square."""
    columns = min(columns or near_square(cells), len(cells))
    lines = [list(cells[start : start + columns]) for start in range(0, len(cells), columns)]
    return _lay(lines, gap)


def tile_pixels(rows: Sequence[Pixels], gap: int = GAP) -> Pixels:
    """Lay pixels [h, w, channels] of equal size in a grid that is about square."""
    sheet = np.asarray(lay_grid([LabelledPicture(to_pillow(row)) for row in rows], gap=gap))
    return sheet if sheet.ndim == 3 else sheet[:, :, None]


def lay_table(
    lines: Sequence[Sequence[LabelledPicture]], heads: Sequence[str], sides: Sequence[str], gap: int = GAP
) -> Image.Image:
    """Lay pictures as a table, with a head above each column and a side label before each row."""
    left = max((round(font().getlength(side)) for side in sides), default=0) + 6
    headed = [
        [LabelledPicture(cell.picture, head) for cell, head in zip(lines[0], heads, strict=True)],
        *map(list, lines[1:]),
    ]
    body = _lay(headed, gap)
    sheet = Image.new(body.mode, (body.width + left, body.height), _PAPER)
    sheet.paste(body, (left, 0))
    pen, top = ImageDraw.Draw(sheet), 0
    for line, side in zip(headed, sides, strict=True):
        label = _label_height(line, _widths(headed))
        height = max(cell.picture.height for cell in line)
        pen.text((2, top + label + height // 2), side, _ink(sheet), font(), anchor="lm")
        top += label + height + gap
    return sheet


def near_square(cells: Sequence[LabelledPicture]) -> int:
    """Return the number of columns for which a sheet is about square."""
    width = max(_width(cell) for cell in cells)
    height = max(cell.picture.height for cell in cells) + line_height() * any(cell.label for cell in cells)
    return max(1, min(len(cells), math.ceil(math.sqrt(len(cells) * height / width) - 1e-9)))


def enlarge(picture: Image.Image, least: int) -> Image.Image:
    """Enlarge a small picture by a whole number, until its longer side has at least `least` pixels."""
    times = math.ceil(least / max(picture.size))
    if times <= 1:
        return picture
    return picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)


def shrink(picture: Image.Image, most: int) -> Image.Image:
    """Shrink a large picture, until its longer side has at most `most` pixels."""
    longer = max(picture.size)
    if longer <= most:
        return picture
    width, height = (max(1, round(side * most / longer)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


@lru_cache(maxsize=1)
def font() -> Any:
    """Return the font of labels, which is bundled with Pillow."""
    return ImageFont.load_default(size=12)


@lru_cache(maxsize=1)
def line_height() -> int:
    """Return the distance of two lines of a label, in pixels."""
    ascent, descent = font().getmetrics()
    return int(ascent + descent + 1)


def _lay(lines: list[list[LabelledPicture]], gap: int) -> Image.Image:
    widths = _widths(lines)
    heights = [_label_height(line, widths) + max(cell.picture.height for cell in line) for line in lines]
    modes = {cell.picture.mode for line in lines for cell in line}
    mode = modes.pop() if modes in ({"L"}, {"RGBA"}) else "RGB"
    size = (sum(widths) + gap * (len(widths) - 1), sum(heights) + gap * (len(heights) - 1))
    sheet = Image.new(mode, size, _PAPER)
    pen, top = ImageDraw.Draw(sheet), 0
    for line, height in zip(lines, heights, strict=True):
        left, label = 0, _label_height(line, widths)
        for cell, width in zip(line, widths, strict=False):
            for number, text in enumerate(wrap(cell.label, width)):
                pen.text((left, top + number * line_height()), text, _ink(sheet), font())
            sheet.paste(cell.picture, (left, top + label))
            left += width + gap
        top += height + gap
    return sheet


def wrap(text: str, width: int) -> list[str]:
    """Break a label at spaces into lines of at most `width` pixels; a word that is too long is cut."""
    lines: list[str] = []
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and font().getlength(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(_cut(word, width))
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], _cut(lines[_MOST_LINES - 1] + " …", width)]
    return lines


def _cut(word: str, width: int) -> str:
    if font().getlength(word) <= width:
        return word
    kept = len(word)
    while kept > 1 and font().getlength(word[:kept] + "…") > width:
        kept -= 1
    return word[:kept] + "…"


def _widths(lines: Sequence[Sequence[LabelledPicture]]) -> list[int]:
    columns = max(map(len, lines))
    return [max(_width(line[place]) for line in lines if place < len(line)) for place in range(columns)]


def _width(cell: LabelledPicture) -> int:
    wanted = min(_NARROWEST, math.ceil(font().getlength(cell.label))) if cell.label else 0
    return max(cell.picture.width, wanted)


def _label_height(line: Sequence[LabelledPicture], widths: Sequence[int]) -> int:
    lines = (len(wrap(cell.label, width)) for cell, width in zip(line, widths, strict=False))
    return max(lines) * line_height()


def _ink(sheet: Image.Image) -> Any:
    return 51 if sheet.mode == "L" else _INK
