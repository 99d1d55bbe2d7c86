"""The record: how a picture was made, kept inside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from fgraph._errors import FgraphError
from fgraph._imaging.encode import INVERSION
from fgraph.save.reading import read_texts

PREFIX = "fgraph."


@dataclass(frozen=True)
class ModelRecord:
    """A model that took part: where it came from, and the digest of its file."""

    source: str
    digest: str


@dataclass(frozen=True)
class Record:
    """How a result was made: enough to make it again."""

    version: str = ""  # of fgraph
    graph: str = ""  # YAML, complete
    seeds: Mapping[str, Any] = field(default_factory=dict)  # node id -> the seed, or the seeds of its rows
    models: Mapping[str, ModelRecord] = field(default_factory=dict)  # name in the graph -> model
    row: int | None = None  # which row of the output this picture is
    files: Mapping[str, str] = field(default_factory=dict)  # path in the graph -> digest of a file that it reads
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the command line: precision, output.*

    def for_row(self, row: int) -> Record:
        """The same record, of one row."""
        return replace(self, row=row)

    def to_text(self) -> dict[str, str]:
        """The texts that a picture carries: the chunks of a PNG."""
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
        """The head of a manifest."""
        head = {"fgraph": self.version, "graph": self.graph, "seeds": dict(self.seeds), "models": self._models()}
        return {**head, "reads": dict(self.files), "settings": dict(self.settings)}

    def _models(self) -> dict[str, dict[str, str]]:
        return {name: asdict(model) for name, model in self.models.items()}

    @classmethod
    def from_text(cls, text: Mapping[str, str]) -> Record:
        """Read text chunks back.

        Raises:
            KeyError: a chunk is missing.
            ValueError: a chunk is damaged.
        """
        found = {key.removeprefix(PREFIX): value for key, value in text.items() if key.startswith(PREFIX)}
        models = {str(name): _read_model(model) for name, model in _mapping(found["models"]).items()}
        row = int(found["row"]) if "row" in found else None
        files = {str(path): str(digest) for path, digest in _mapping(found.get("files", "{}")).items()}
        settings = _mapping(found.get("settings", "{}"))
        return cls(found["version"], found["graph"], _mapping(found["seeds"]), models, row, files, settings)


def read_record(path: str | Path) -> Record:
    """Read how a picture or a film written by fgraph was made: a PNG, WebP, JPEG, TIFF or GIF.

    Raises:
        FgraphError: the file cannot be read, is no such picture, or carries no record.
    """
    text = read_texts(path)
    if INVERSION in text:
        raise FgraphError(
            f"{path} was found by mode=invert and has no graph: a latent node reads its code, the .safetensors beside"
        )
    try:
        return Record.from_text(text)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise FgraphError(
            f"{path} carries no record of fgraph: it was made, or saved again, by something else"
        ) from error


def _mapping(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError(f"expected a mapping, found {type(value).__name__}")
    return value


def _read_model(value: Any) -> ModelRecord:
    return ModelRecord(str(value["source"]), str(value["digest"]))
