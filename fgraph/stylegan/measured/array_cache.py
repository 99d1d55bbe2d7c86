"""What is measured of a generator once, kept in the user's cache by the digest of its tensors."""

from __future__ import annotations

import hashlib
import io
import logging
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fgraph._atomic import write_atomic
from fgraph._errors import SaveError
from fgraph.stylegan.checkpoints.sources import default_folder
from fgraph.stylegan.generators.base import Generator

Arrays = Mapping[str, NDArray[Any]]
_LOG = logging.getLogger("fgraph")
_DAMAGED = (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)


def kept_arrays(generator: Generator, what: str, make: Callable[[], Arrays]) -> Arrays:
    """The arrays that `make` gives, or gave in an earlier process for a generator of equal tensors.

    Args:
        generator: what was measured; its digest names the file.
        what: what was measured, with its settings and its version; another text is measured anew.
        make: measures. It is called where nothing is kept, or the file is damaged.
    """
    return _kept(generator.digest, what, default_folder(), _Maker(make))


class _Maker:
    """A function that is no part of a cache's key."""

    def __init__(self, make: Callable[[], Arrays]) -> None:
        self.make = make

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Maker)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=64)
def _kept(digest: str, what: str, folder: Path, maker: _Maker) -> Arrays:
    name = hashlib.sha256(f"{digest}|{what}".encode()).hexdigest()[:32]
    path = folder / "measured" / f"{name}.npz"
    found = _read(path)
    if found is None:
        found = dict(maker.make())
        _write(path, found)
    for array in found.values():
        array.setflags(write=False)
    return found


def _read(path: Path) -> dict[str, NDArray[Any]] | None:
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as loaded:
            return {name: loaded[name] for name in loaded.files}
    except _DAMAGED as error:
        _LOG.warning("%s is damaged and made anew: %s", path, error)
        return None


def _write(path: Path, arrays: Arrays) -> None:
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]
    try:
        write_atomic(path, content.getvalue())
    except SaveError as error:
        _LOG.warning("not kept for later: %s", error)
