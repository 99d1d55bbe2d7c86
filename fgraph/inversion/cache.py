"""The disk cache of inversions: results by content, and snapshots of unfinished searches.

    statistics/{model}.safetensors      moments of the codes of a model
    results/{key}.safetensors           one image, one model, one set of settings
    searches/{key}.safetensors          an unfinished batch, as of a few seconds ago
    tunings/{key}.safetensors           the changes of a model by pivotal tuning

Files are written whole or not at all, with a digest. A file that can't be read is treated as missing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from fgraph._cache import read_cached, write_cached
from fgraph._errors import SaveError
from fgraph._limits import CACHED_SEARCH
from fgraph._log import get_logger
from fgraph._temporary import clean

_LOG = get_logger()
_VERSION = 1  # part of every key; raised when results change


@dataclass(frozen=True)
class CachedTensors:
    """An entry: tensors with metadata."""

    tensors: dict[str, Tensor]
    facts: dict[str, str]


class InversionCache:
    """A folder of cache entries; without a folder, nothing is cached.

    `read` checks the digest of an entry; its caller checks shapes and values. If the folder can't be written, a warning
    says so.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._writable = True

    def read(self, kind: str, key: str) -> CachedTensors | None:
        """Return the entry of a key, or None."""
        if self.folder is None:
            return None
        return read_entry(self._path(kind, key), key)

    def write(self, kind: str, key: str, tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> None:
        """Store tensors under a key; warn once if the folder can't be written."""
        if self.folder is None or not self._writable:
            return
        try:
            write_entry(self._path(kind, key), key, tensors, facts)
        except SaveError as error:
            self._writable = False
            _LOG.warning("%s; results are not cached, and an interrupted job starts over", error)

    def remove(self, kind: str, key: str) -> None:
        """Remove an entry, if there is one, and the leftovers of killed processes beside it."""
        if self.folder is not None:
            path = self._path(kind, key)
            with suppress(OSError):
                clean(path.parent)  # there may be no later read or write to do it
                path.unlink(missing_ok=True)

    def _path(self, kind: str, key: str) -> Path:
        assert self.folder is not None
        return self.folder / kind / f"{key}.safetensors"


def read_entry(path: Path, key: str) -> CachedTensors | None:
    """Return the entry in a cache file, or None if the file is absent, damaged or of another key."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        content = read_cached(path, CACHED_SEARCH)
        if content is None:
            return None
        size = int.from_bytes(content[:8], "little")
        facts = json.loads(content[8 : 8 + size].decode()).get("__metadata__", {})
        tensors = load(content)
    except (OSError, SafetensorError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return CachedTensors(tensors, facts) if facts.get("key") == key else None


def write_entry(path: Path, key: str, tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> None:
    """Write tensors as a cache file.

    Raises:
        SaveError: the file can't be written.
    """
    from safetensors.torch import save

    write_cached(path, save(dict(tensors), metadata={**facts, "key": key}))


def is_sound(check: Callable[[], bool]) -> bool:
    """Return the result of a check of an entry; False if the check fails because the entry has another form."""
    try:
        return check()
    except (LookupError, TypeError, ValueError, RuntimeError, ArithmeticError):
        return False


def are_tensors(tensors: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Return whether tensors of these names have these shapes and finite values."""
    return all(
        name in tensors and tuple(tensors[name].shape) == shape and bool(tensors[name].isfinite().all())
        for name, shape in shapes.items()
    )


def make_key(*parts: str | Sequence[str]) -> str:
    """Return the key of everything that a result depends on."""
    return hashlib.sha256(json.dumps([_VERSION, *parts]).encode()).hexdigest()
