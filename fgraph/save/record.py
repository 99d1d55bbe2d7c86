"""The record: the provenance of a picture, stored inside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from fgraph._errors import FgraphError
from fgraph._imaging.encode import INVERSION
from fgraph.save.cells import CELLS, list_cells
from fgraph.save.reading import read_texts

PREFIX = "fgraph."


@dataclass(frozen=True)
class ModelRecord:
    """A model that was used: its source, and the digest of its file."""

    source: str
    digest: str


@dataclass(frozen=True)
class Record:
    """The provenance of a result, which is enough to make it again."""

    version: str = ""  # version of fgraph
    graph: str = ""  # YAML, complete
    seeds: Mapping[str, Any] = field(default_factory=dict)  # node id -> the seed, or the seeds of its rows
    models: Mapping[str, ModelRecord] = field(default_factory=dict)  # name in the graph -> model
    row: int | None = None  # row of the output that this picture shows
    files: Mapping[str, str] = field(default_factory=dict)  # path in the graph -> digest of the file there
    settings: Mapping[str, Any] = field(default_factory=dict)  # settings of the command line: precision, output.*

    def for_row(self, row: int) -> Record:
        """Return the record of one row."""
        return replace(self, row=row)

    def to_text(self) -> dict[str, str]:
        """Return the texts that a picture stores."""
        text = {
            "version": self.version,
            "graph": self.graph,
            "seeds": json.dumps(dict(self.seeds)),
            "models": json.dumps(self._models()),
        }
        if self.row is not None:
            text["row"] = str(self.row)
        if self.files:
            text["files"] = json.dumps(dict(self.files))
        if self.settings:
            text["settings"] = json.dumps(dict(self.settings))
        return {PREFIX + key: value for key, value in text.items()}

    def to_json(self) -> dict[str, Any]:
        """Return the head of a manifest."""
        head = {"fgraph": self.version, "graph": self.graph, "seeds": dict(self.seeds), "models": self._models()}
        return {**head, "reads": dict(self.files), "settings": dict(self.settings)}

    def _models(self) -> dict[str, dict[str, str]]:
        return {name: asdict(model) for name, model in self.models.items()}

    @classmethod
    def from_text(cls, text: Mapping[str, str]) -> Record:
        """Make a record from the texts of a picture.

        Raises:
            KeyError: a text is missing.
            ValueError: a text is damaged.
        """
        found = {key.removeprefix(PREFIX): value for key, value in text.items() if key.startswith(PREFIX)}
        models = {str(name): _read_model(model) for name, model in _mapping(found["models"]).items()}
        row = int(found["row"]) if "row" in found else None
        files = {str(path): str(digest) for path, digest in _mapping(found.get("files", "{}")).items()}
        settings = _mapping(found.get("settings", "{}"))
        return cls(found["version"], found["graph"], _mapping(found["seeds"]), models, row, files, settings)


def read_record(source: str | Path | bytes) -> Record:
    """Read the record of a picture or film that fgraph wrote, a PNG, WebP, JPEG, TIFF or GIF.

    Args:
        source: the file, or its content.

    Raises:
        FgraphError: the file can't be read, isn't such a picture, or holds no record.
    """
    text = read_texts(source)
    path = "the picture" if isinstance(source, bytes) else source
    if CELLS in text:
        raise FgraphError(
            f"{path} is the sheet of a sweep, which shows many jobs. {list_cells(text[CELLS], Path(path))}"
        )
    if INVERSION in text:
        raise FgraphError(
            f"{path} was written by mode=invert and holds no graph: read its code by a latent node, from the "
            ".safetensors beside it"
        )
    try:
        return Record.from_text(text)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise FgraphError(
            f"{path} holds no record of fgraph: it was written, or saved again, by another program"
        ) from error


def _mapping(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError(f"expected a mapping, found {type(value).__name__}")
    return value


def _read_model(value: Any) -> ModelRecord:
    return ModelRecord(str(value["source"]), str(value["digest"]))
