"""The record: how a picture was made, kept inside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image as PillowImage

from fgraph._errors import FgraphError

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

    def for_row(self, row: int) -> Record:
        """The same record, of one row."""
        return replace(self, row=row)

    def to_text(self) -> dict[str, str]:
        """The text chunks of a PNG."""
        text = {
            "version": self.version,
            "graph": self.graph,
            "seeds": json.dumps(dict(self.seeds)),
            "models": json.dumps(self._models()),
        }
        if self.row is not None:
            text["row"] = str(self.row)
        return {PREFIX + key: value for key, value in text.items()}

    def to_json(self) -> dict[str, Any]:
        """The head of a manifest."""
        return {"fgraph": self.version, "graph": self.graph, "seeds": dict(self.seeds), "models": self._models()}

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
        models = {str(name): ModelRecord(**model) for name, model in json.loads(found["models"]).items()}
        row = int(found["row"]) if "row" in found else None
        return cls(found["version"], found["graph"], json.loads(found["seeds"]), models, row)


def read_record(path: str | Path) -> Record:
    """Read how a PNG or a GIF written by fgraph was made.

    Raises:
        FgraphError: the file cannot be read, is neither, or carries no record.
    """
    try:
        with PillowImage.open(path) as picture:
            text = _text_of(picture)
    except OSError as error:
        raise FgraphError(f"cannot read {path}: {error}") from error
    try:
        return Record.from_text(text)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FgraphError(
            f"{path} carries no record of fgraph: it was made, or saved again, by something else"
        ) from error


def _text_of(picture: PillowImage.Image) -> dict[str, str]:
    """The text chunks of a PNG, or the JSON in the comment of a GIF."""
    comment = picture.info.get("comment")
    if picture.format == "GIF" and isinstance(comment, bytes):
        try:
            found = json.loads(comment)
        except ValueError:
            return {}
        return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
    return {str(key): value for key, value in picture.info.items() if isinstance(value, str)}
