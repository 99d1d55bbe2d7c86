"""What inversions keep: results by content, and searches that are under way.

    statistics/{model}.safetensors      moments of a model's codes
    results/{key}.safetensors           one image, one model, one set of settings
    searches/{key}.safetensors          a batch that is not done, as it stood some seconds ago
    tunings/{key}.safetensors           what pivotal tuning changed

Files appear whole or not at all; one that cannot be read counts as not there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from fgraph._atomic import write_atomic

_VERSION = 1  # of what is computed: raised when results change


@dataclass(frozen=True)
class Kept:
    """Tensors with their metadata."""

    tensors: dict[str, Tensor]
    facts: dict[str, str]


class Store:
    """A folder of kept files; with no folder, nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def read(self, kind: str, key: str) -> Kept | None:
        """What was kept under a key, or None."""
        if self.folder is None:
            return None
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self._path(kind, key), framework="pt") as file:
                tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
                facts = file.metadata() or {}
        except (OSError, SafetensorError, ValueError):
            return None
        return Kept(tensors, facts) if facts.get("key") == key else None

    def write(self, kind: str, key: str, tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> None:
        """Keep tensors under a key.

        Raises:
            SaveError: the folder cannot be written.
        """
        if self.folder is None:
            return
        from safetensors.torch import save

        write_atomic(self._path(kind, key), save(dict(tensors), metadata={**facts, "key": key}))

    def remove(self, kind: str, key: str) -> None:
        """Keep it no longer."""
        if self.folder is not None:
            with suppress(OSError):
                self._path(kind, key).unlink(missing_ok=True)

    def _path(self, kind: str, key: str) -> Path:
        assert self.folder is not None
        return self.folder / kind / f"{key}.safetensors"


def make_key(*parts: str | Sequence[str]) -> str:
    """A key of everything that a result depends on."""
    return hashlib.sha256(json.dumps([_VERSION, *parts]).encode()).hexdigest()
