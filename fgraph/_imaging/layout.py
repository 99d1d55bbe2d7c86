"""Layouts of several pictures on one sheet: strips, grids and tables, with optional labels."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageDraw

from fgraph._imaging.choices import GAP
from fgraph._imaging.encode import Pixels, over_white, to_pillow
from fgraph._imaging.fonts import line_height, text_length, write_text

_MOST_LINES = 4  # most lines of a label; longer labels are cut
_NARROWEST = 96  # pixels that a label may take over a narrower picture
_APART = 6  # the least pixels between two labels
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
    left = max((round(text_length(side)) for side in sides), default=0) + _APART
    headed = [[LabelledPicture(cell.picture, head) for cell, head in zip(lines[0], heads, strict=True)]]
    widths = _widths([*headed, *lines], gap)
    body, head = _lay(lines, gap, widths), _label_height(headed[0], widths, gap)
    sheet = Image.new(body.mode, (body.width + left, body.height + head), _PAPER)
    sheet.paste(body, (left, head))
    _write_labels(sheet, headed[0], widths, gap, (left, 0))
    pen, top = ImageDraw.Draw(sheet), head
    for line, side in zip(lines, sides, strict=True):
        label = _label_height(line, widths, gap)
        height = max(cell.picture.height for cell in line)
        write_text(pen, 2, top + label + (height - line_height()) // 2, side, _ink(sheet))
        top += label + height + gap
    return sheet


def near_square(cells: Sequence[LabelledPicture]) -> int:
    """Return the number of columns for which a sheet is about square."""
    width = max(_width(cell, GAP) for cell in cells)
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


def _lay(lines: Sequence[Sequence[LabelledPicture]], gap: int, widths: Sequence[int] = ()) -> Image.Image:
    widths = widths or _widths(lines, gap)
    heights = [_label_height(line, widths, gap) + max(cell.picture.height for cell in line) for line in lines]
    mode = "L" if {cell.picture.mode for line in lines for cell in line} == {"L"} else "RGB"
    size = (sum(widths) + gap * (len(widths) - 1), sum(heights) + gap * (len(heights) - 1))
    sheet = Image.new(mode, size, _PAPER)
    top = 0
    for line, height in zip(lines, heights, strict=True):
        left, label = 0, _label_height(line, widths, gap)
        _write_labels(sheet, line, widths, gap, (0, top))
        for cell, width in zip(line, widths, strict=False):
            sheet.paste(over_white(cell.picture), (left, top + label))
            left += width + gap
        top += height + gap
    return sheet


def _write_labels(
    sheet: Image.Image, line: Sequence[LabelledPicture], widths: Sequence[int], gap: int, corner: tuple[int, int]
) -> None:
    """Write the labels of a line of pictures, whose top left corner is given."""
    pen, (left, top) = ImageDraw.Draw(sheet), corner
    for cell, width in zip(line, widths, strict=False):
        for number, text in enumerate(wrap(cell.label, _room(width, gap))):
            write_text(pen, left, top + number * line_height(), text, _ink(sheet))
        left += width + gap


def _room(width: int, gap: int) -> int:
    """Return the width of the label of a column, so that it doesn't touch the next one."""
    return width - max(0, _APART - gap)


def wrap(text: str, width: int) -> list[str]:
    """Break a label at spaces into lines of at most `width` pixels; a word that is too long is cut."""
    lines: list[str] = []
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and text_length(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(_cut(word, width))
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], _cut(lines[_MOST_LINES - 1] + " …", width)]
    return lines


def _cut(word: str, width: int) -> str:
    if text_length(word) <= width:
        return word
    fits = bisect_left(range(len(word)), True, lo=1, key=lambda count: text_length(word[:count] + "…") > width) - 1
    return word[: fits or 1] + "…"


def _widths(lines: Sequence[Sequence[LabelledPicture]], gap: int) -> list[int]:
    columns = max(map(len, lines))
    return [max(_width(line[place], gap) for line in lines if place < len(line)) for place in range(columns)]


def _width(cell: LabelledPicture, gap: int) -> int:
    wanted = min(_NARROWEST, math.ceil(text_length(cell.label)) + max(0, _APART - gap)) if cell.label else 0
    return max(cell.picture.width, wanted)


def _label_height(line: Sequence[LabelledPicture], widths: Sequence[int], gap: int) -> int:
    lines = (len(wrap(cell.label, _room(width, gap))) for cell, width in zip(line, widths, strict=False))
    return max(lines) * line_height()


def _ink(sheet: Image.Image) -> Any:
    return 51 if sheet.mode == "L" else _INK
