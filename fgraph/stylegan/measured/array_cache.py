"""Arrays that are measured once for a generator and cached by the digest of its tensors."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fgraph._cache import cache_folder, read_cached, write_cached
from fgraph._errors import SaveError
from fgraph._limits import CACHED_ARRAYS
from fgraph._log import get_logger
from fgraph.stylegan.generators.base import Generator

Arrays = Mapping[str, NDArray[Any]]
Schema = Mapping[str, tuple[str, tuple[int, ...]]]  # name -> type and shape of an array
_LOG = get_logger()
_DAMAGED = (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)


def cached_arrays(generator: Generator, description: str, schema: Schema, measure: Callable[[], Arrays]) -> Arrays:
    """Return the arrays that `measure` returns, from the cache if it has them.

    A cached file is used only if its digest is right, its arrays have the types and shapes of `schema`, and every
    number is finite. Otherwise, a warning names the file, and the arrays are measured again.

    Args:
        generator: the generator; the digest of its tensors is part of the key.
        description: the measurement, its settings and its version; also part of the key.
        schema: the type (such as `float64`) and the shape of each array.
        measure: the measurement.
    """
    return _cached(generator.digest, description, cache_folder(), _Measurement(schema, measure))


class _Measurement:
    """A schema and a function that are not part of the key of a cache."""

    def __init__(self, schema: Schema, run: Callable[[], Arrays]) -> None:
        self.schema = schema
        self.run = run

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Measurement)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=64)
def _cached(digest: str, description: str, folder: Path, measurement: _Measurement) -> Arrays:
    name = hashlib.sha256(f"{digest}|{description}".encode()).hexdigest()[:32]
    path = folder / "measured" / f"{name}.npz"
    found = _read(path, measurement.schema)
    if found is None:
        found = dict(measurement.run())
        _check(found, measurement.schema)
        _write(path, found)
    for array in found.values():
        array.setflags(write=False)
    return found


def _read(path: Path, schema: Schema) -> dict[str, NDArray[Any]] | None:
    try:
        if (content := read_cached(path, CACHED_ARRAYS)) is None:
            return None
        with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
            found = {name: loaded[name] for name in schema}
        _check(found, schema)
        return found
    except _DAMAGED as error:
        _LOG.warning("%s is damaged and made again: %s", path, error)
        return None


def _check(arrays: Arrays, schema: Schema) -> None:
    for name, (dtype, shape) in schema.items():
        array = arrays[name]
        if (array.dtype.name, array.shape) != (dtype, shape):
            raise ValueError(f"'{name}' is {array.dtype} {list(array.shape)} instead of {dtype} {list(shape)}")
        if not np.isfinite(array).all():
            raise ValueError(f"'{name}' holds numbers that are not finite")


def _write(path: Path, arrays: Arrays) -> None:
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]
    try:
        write_cached(path, content.getvalue())
    except SaveError as error:
        _LOG.warning("not cached: %s", error)
