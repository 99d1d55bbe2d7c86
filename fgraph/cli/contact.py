"""The contact sheet of a sweep: a picture of each job, labelled with its number and its overrides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from fgraph._atomic import write_atomic
from fgraph._imaging.encode import LONGEST, encode_picture, over_white
from fgraph._imaging.files import open_image
from fgraph._imaging.fonts import missing_letters, no_font
from fgraph._imaging.layout import LabelledPicture, enlarge, lay_grid, lay_strip, lay_table, shrink
from fgraph.cli.terminal import warn
from fgraph.save.cells import Cell, cells_text
from fgraph.save.manifest import ListedFile, listed_files

NAME = "sheet"
_MOST_ROWS = 8  # most rows of a job
_LEAST, _MOST = 128, 256  # pixels of the longer side of a picture
_SMALLEST = 32
_PIXELS = 48_000_000  # pixels of a sheet, about; many pictures are reduced
_GAP = 6
_FORMATS = {"png": "png", "webp": "webp", "jpg": "jpeg"}
_SHOWN = ("Image", "Photographs")  # kinds of files


@dataclass(frozen=True)
class SheetEntry:
    """A job of a sweep: its overrides, and its directory or None if it failed. Its number is its place in the list."""

    overrides: tuple[str, ...]
    directory: Path | None

    @property
    def given(self) -> dict[str, str]:
        """The overrides, key -> value."""
        return dict((text.partition("=")[0].lstrip("+~"), text.partition("=")[2]) for text in self.overrides)


def write_contact_sheet(jobs: Sequence[SheetEntry], directory: Path, quality: int) -> Path | None:
    """Write the sheet into the directory of a sweep, as `.png`, `.webp` or `.jpg` like its pictures.

    The sheet shows the first image or photograph of each job. If the jobs are all combinations of two keys, it is a
    table. Its text lists the jobs, if the format has room.

    Returns:
        The path, or None if no job has a picture.

    Raises:
        SaveError: the sheet can't be written.
    """
    found = [_pictures(job) for job in jobs]
    first = next((files[0] for files in found if files), None)
    if first is None:
        return None
    most = max(_SMALLEST, min(_MOST, int(math.sqrt(_PIXELS / len(jobs)))))
    shown = [_show(files, most) for files in found]
    blank = Image.new("RGB", next(one.size for one in shown if one is not None), "#dddddd")
    sheet = ImageOps.expand(_lay([one or blank for one in shown], [job.given for job in jobs]), _GAP, "white")
    suffix = first.suffix.lstrip(".")
    if max(sheet.size) > LONGEST.get(_FORMATS[suffix], max(sheet.size)):
        suffix = "png"
    path = directory / f"{NAME}.{suffix}"
    text = cells_text(
        _cell(number, job, files, directory) for number, (job, files) in enumerate(zip(jobs, found, strict=True))
    )
    write_atomic(path, encode_picture(sheet, _FORMATS[suffix], text, quality=quality))
    return path


def _cell(number: int, job: SheetEntry, files: Sequence[Path], directory: Path) -> Cell:
    inside = [file for file in files if file.is_relative_to(directory)]
    return Cell(number, job.overrides, inside[0].relative_to(directory).as_posix() if inside else None)


def _pictures(job: SheetEntry) -> list[Path]:
    """Return the files of the first image of a job, one for each row, by its manifest."""
    if job.directory is None:
        return []
    listed = [one for one in listed_files(job.directory) if not one.is_tile]
    images = [one for one in listed if one.kind in _SHOWN and _suffix(one) in _FORMATS]
    same = [one for one in images if one.output == images[0].output and _suffix(one) == _suffix(images[0])]
    return [job.directory / one.file for one in same[:_MOST_ROWS]]


def _suffix(entry: ListedFile) -> str:
    return entry.file.rpartition(".")[2]


def _show(files: Sequence[Path], most: int) -> Image.Image | None:
    rows = []
    for file in files:
        with open_image(file, bounded=False) as picture:  # this sweep wrote the picture
            longer = most * math.sqrt(max(picture.size) / min(picture.size))  # about equal areas
            rows.append(
                LabelledPicture(enlarge(shrink(over_white(picture).convert("RGB"), int(longer)), min(_LEAST, most)))
            )
    if not rows:
        return None
    return lay_strip(rows, "y" if rows[0].picture.width > rows[0].picture.height else "x")


def _lay(pictures: Sequence[Image.Image], given: Sequence[dict[str, str]]) -> Image.Image:
    differing = varying(given)
    if missing := missing_letters(value for values in differing.values() for value in values):
        warn(f"warning: {no_font(missing)}")
    names = short_names(list(differing))
    if len(differing) == 2 and _is_product(given, differing):
        (down, sides), (across, heads) = differing.items()
        place = {
            (one[down], one[across]): LabelledPicture(picture, f"#{number}")
            for number, (one, picture) in enumerate(zip(given, pictures, strict=True))
        }
        lines = [[place[side, head] for head in heads] for side in sides]
        labels = [f"{names[across]}={head}" for head in heads], [f"{names[down]}={side}" for side in sides]
        return lay_table(lines, *labels, gap=_GAP)
    labelled = [[f"{names[key]}={one[key]}" for key in differing if key in one] for one in given]
    cells = [
        LabelledPicture(picture, " ".join([f"#{number}", *label]))
        for number, (picture, label) in enumerate(zip(pictures, labelled, strict=True))
    ]
    columns = len(list(differing.values())[-1]) if len(differing) > 2 and _is_product(given, differing) else None
    return lay_grid(cells, columns, _GAP)


def varying(given: Sequence[dict[str, str]]) -> dict[str, list[str]]:
    """Return the keys whose values differ between jobs, each with its distinct values in order.

    >>> varying([{"seed": "1", "model": "a"}, {"seed": "2", "model": "a"}])
    {'seed': ['1', '2']}
    """
    keys = dict.fromkeys(key for one in given for key in one)
    found = {key: list(dict.fromkeys(one.get(key, "") for one in given)) for key in keys}
    return {key: values for key, values in found.items() if len(values) > 1}


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """Shorten each key to as few last parts as distinguish it from the others; a list index alone is not enough.

    >>> short_names(["seed", "graph.nodes.fade.start", "graph.nodes.box.start", "graph.nodes.fade.box.0"])
    {'seed': 'seed', 'graph.nodes.fade.start': 'fade.start', 'graph.nodes.box.start': 'box.start', \
'graph.nodes.fade.box.0': 'box.0'}
    """
    found = {}
    for key in keys:
        parts = key.split(".")
        tails = [".".join(parts[-length:]) for length in range(1, len(parts) + 1)]
        found[key] = next(
            (
                tail
                for tail in tails
                if not tail.partition(".")[0].isdecimal()
                and sum(other == tail or other.endswith(f".{tail}") for other in keys) == 1
            ),
            key,
        )
    return found


def _is_product(given: Sequence[dict[str, str]], differing: dict[str, list[str]]) -> bool:
    places = {tuple(one.get(key, "") for key in differing) for one in given}
    return len(places) == len(given) == math.prod(map(len, differing.values()))
