"""Named edits: the published ones of StyleSpace and GANSpace, and tables of edits in files.

The published edits, in `named_edits.tsv`, are facts from the pages in `SOURCES`. A table in a file has the form of
StyleRes's `ganspace_configs.csv`: name, component, first row of W+, row after the last, and strength, separated by
tabs. There, a strength is the coordinate of the result.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fgraph._errors import nearest, show
from fgraph._files import open_file
from fgraph._limits import MIB
from fgraph.array_files.latents import find_file

SOURCES: Mapping[str, str] = {
    "StyleSpace": "Wu et al. 2021, StyleSpace Analysis; channels as in the program of StyleFeatureEditor",
    "fgraph": "measured on samples of a bundled model; with the model avatar, `glasses` means `avatar.glasses`",
    "GANSpace": "Härkönen et al. 2020; notebooks/figure_edit_zoo.ipynb of its program",
}
BUNDLED_SOURCE = "fgraph"
_FIELDS_OF_TABLE = 5
_COMPONENTS = Path(__file__).parents[1] / "stylegan" / "bundled" / "directions"


@dataclass(frozen=True)
class NamedEdit:
    """An edit: channels of StyleSpace, or a component of GANSpace or of a bundled model, for some rows of W+."""

    name: str
    model: str = ""  # the model that it was found for
    size: int | None = None  # size of the images of that model
    source: str = ""
    channels: tuple[tuple[int, int, float], ...] = ()  # σ index, channel, weight
    component: int | None = None
    rows: str | None = None
    strength: float = 1.0  # the published strength, in standard deviations

    @property
    def is_bundled(self) -> bool:
        """True if the edit is one of a bundled model, whose components come with the package."""
        return self.source == BUNDLED_SOURCE

    @property
    def file(self) -> str | None:
        """The file of the components, if it comes with the package."""
        has_file = self.is_bundled and self.component is not None
        return str(components_of(self.model)) if has_file else None

    @property
    def summary(self) -> str:
        """The channels, or the component with its rows."""
        if self.component is not None:
            return f"component {self.component}, rows {self.rows}, strength {self.strength:g}"
        weights = [f":{weight:g}" if weight != 1 else "" for _, _, weight in self.channels]
        shown = (f"{one[0]}:{one[1]}{weight}" for one, weight in zip(self.channels, weights, strict=True))
        return "channels " + " ".join(shown)


def components_of(model: str) -> Path:
    """Return the file of the measured directions of a bundled model, [n, w_dim]."""
    return _COMPONENTS / f"{model}.npy"


@lru_cache(maxsize=1)
def published_edits() -> Mapping[str, NamedEdit]:
    """Return the published edits by name."""
    with (Path(__file__).parent / "named_edits.tsv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: _published(row) for row in csv.DictReader(file, delimiter="\t")}


def _published(row: Mapping[str, str]) -> NamedEdit:
    channels = [[*one.split(":"), "1"][:3] for one in row["channels"].split(",") if one]
    return NamedEdit(
        name=row["name"],
        model=row["model"],
        size=int(row["size"]),
        source=row["source"],
        channels=tuple((int(layer), int(channel), float(weight)) for layer, channel, weight in channels),
        component=int(row["component"]) if row["component"] else None,
        rows=row["rows"] or None,
        strength=float(row["strength"] or 1),
    )


def read_edits(path: str) -> Mapping[str, NamedEdit]:
    """Return the edits of a table in a file by name.

    Raises:
        ValueError: the file cannot be read, or is not such a table.
    """
    return _read_edits(*find_file(path))


@lru_cache(maxsize=16)
def _read_edits(path: Path, modified: int, size: int) -> Mapping[str, NamedEdit]:
    try:
        with open_file(path, MIB) as file:
            lines = file.read().decode("utf-8").splitlines()
        rows = [row for row in csv.reader(lines, delimiter="\t") if row]
        return {row[0]: _of_table(row) for row in rows}
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(
            f"{show(path, 300)} is not a table of edits: name, component, start, end and strength, separated by tabs: "
            f"{show(reason, 300)}"
        ) from error


def _of_table(row: list[str]) -> NamedEdit:
    if len(row) != _FIELDS_OF_TABLE:
        raise ValueError(f"a line has {len(row)} fields instead of {_FIELDS_OF_TABLE}")
    component, start, end = (int(field) for field in row[1:4])
    if component < 0 or not 0 <= start < end:
        raise ValueError(f"'{row[0]}' has component {component} and rows from {start} to {end}")
    return NamedEdit(row[0], component=component, rows=f"{start}..{end - 1}", strength=float(row[4]))


def edit_for(edit: NamedEdit, model: str) -> NamedEdit:
    """Return the edit `MODEL.NAME` of a bundled model, such as `avatar.glasses` for `glasses`; otherwise `edit`."""
    return published_edits().get(f"{model}.{edit.name}", edit)


def find_edit(name: str, edits: Mapping[str, NamedEdit]) -> NamedEdit:
    """Return the edit of a name.

    Raises:
        ValueError: there is none.
    """
    if name in edits:
        return edits[name]
    hint = nearest(name, edits)
    raise ValueError(f"there is no edit '{show(name)}'" + (f": {hint}" if hint else "; fgraph list edits shows all"))
