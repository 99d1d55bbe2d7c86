"""The text of the contact sheet of a sweep: the jobs that its cells show, and `sheet.png#12`, which names one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fgraph._errors import FgraphError, show
from fgraph._paths import is_inside
from fgraph.save.reading import read_texts

CELLS = "fgraph.cells"  # the key of the text
_NAMED = re.compile(r"(?P<sheet>.+)#(?P<number>[0-9]{1,9})\Z", re.DOTALL)
_MOST_LISTED = 100  # cells in a message


@dataclass(frozen=True)
class Cell:
    """A job of a sweep as its sheet shows it."""

    number: int  # number of the job
    overrides: tuple[str, ...]
    picture: str | None  # the path of its first picture, relative to the sheet; None: it has none

    def __str__(self) -> str:
        return f"#{self.number} {' '.join(map(show, self.overrides))}" + ("" if self.picture else " (no picture)")


def cells_text(cells: Iterable[Cell]) -> dict[str, str]:
    """Return the text of a sheet with these cells."""
    entries = [{"job": one.number, "overrides": list(one.overrides), "picture": one.picture} for one in cells]
    return {CELLS: json.dumps(entries)}


def find_picture(path: str | Path) -> Path:
    """Return the picture that a path names: the file, or with a path such as `sheet.png#12` the picture of a job.

    Raises:
        FgraphError: the sheet has no such cell, or the job has no picture.
    """
    named = _NAMED.match(str(path))
    if named is None or Path(path).exists():
        return Path(path)
    sheet, number = Path(named["sheet"]), int(named["number"])
    texts = read_texts(sheet)
    if CELLS not in texts:
        raise FgraphError(f"{sheet} is not the sheet of a sweep, so it has no cell {number}")
    cells = {one.number: one for one in _read_cells(texts[CELLS], sheet)}
    if number not in cells:
        raise FgraphError(f"{sheet} has no cell {number}. {list_cells(texts[CELLS], sheet)}")
    picture = cells[number].picture
    if picture is None:
        raise FgraphError(f"{sheet}: job {number} failed and has no picture: run its overrides again")
    if not (found := sheet.parent / picture).is_file():
        raise FgraphError(f"{found}, cell {number} of {sheet}, is missing: keep the sheet and its jobs in one folder")
    return found


def list_cells(text: str, sheet: Path) -> str:
    """Return the cells of a sheet as text.

    Raises:
        FgraphError: the text is damaged.
    """
    cells = _read_cells(text, sheet)
    lines = [f"These are its cells, with the overrides of their jobs ({sheet.name}#NUMBER names one):"]
    lines += [f"  {one}" for one in cells[:_MOST_LISTED]]
    return "\n".join(lines + [f"  and {len(cells) - _MOST_LISTED} more"] * (len(cells) > _MOST_LISTED))


def _read_cells(text: str, sheet: Path) -> list[Cell]:
    """Parse the untrusted text of a sheet.

    Raises:
        FgraphError: it isn't such a text, or a picture isn't in the directory of the sheet.
    """
    try:
        return [_read_cell(entry) for entry in json.loads(text)]
    except (TypeError, ValueError, KeyError, RecursionError) as error:
        raise FgraphError(f"{sheet}: the list of its cells is damaged") from error


def _read_cell(entry: Any) -> Cell:
    picture = entry["picture"]
    if picture is not None and not is_inside(picture):
        raise ValueError
    return Cell(int(entry["job"]), tuple(map(str, entry["overrides"])), picture)
