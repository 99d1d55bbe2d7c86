"""The disk cache of inversions: results by content, and snapshots of unfinished searches.

    statistics/{model}.safetensors      moments of a model's codes
    results/{key}.safetensors           one image, one model, one set of settings
    searches/{key}.safetensors          an unfinished batch, as of some seconds ago
    tunings/{key}.safetensors           what pivotal tuning added to a model

Files are written atomically; a file that cannot be read counts as absent.
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
class CachedTensors:
    """One entry: tensors with their metadata."""

    tensors: dict[str, Tensor]
    facts: dict[str, str]


class InversionCache:
    """A folder of cache entries; without a folder, nothing is cached."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def read(self, kind: str, key: str) -> CachedTensors | None:
        """Return the entry of a key, or None."""
        if self.folder is None:
            return None
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self._path(kind, key), framework="pt") as file:
                tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
                facts = file.metadata() or {}
        except (OSError, SafetensorError, ValueError):
            return None
        return CachedTensors(tensors, facts) if facts.get("key") == key else None

    def write(self, kind: str, key: str, tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> None:
        """Store tensors under a key.

        Raises:
            SaveError: the folder cannot be written.
        """
        if self.folder is None:
            return
        from safetensors.torch import save

        write_atomic(self._path(kind, key), save(dict(tensors), metadata={**facts, "key": key}))

    def remove(self, kind: str, key: str) -> None:
        """Remove an entry, if there is one."""
        if self.folder is not None:
            with suppress(OSError):
                self._path(kind, key).unlink(missing_ok=True)

    def _path(self, kind: str, key: str) -> Path:
        assert self.folder is not None
        return self.folder / kind / f"{key}.safetensors"


def make_key(*parts: str | Sequence[str]) -> str:
    """Return the key of everything that a result depends on."""
    return hashlib.sha256(json.dumps([_VERSION, *parts]).encode()).hexdigest()
