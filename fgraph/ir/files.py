"""Arrays in files: noise and codes, of whatever program wrote them. Nothing in a file is run."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from fgraph._arrays import Array
from fgraph._errors import ModelError
from fgraph.stylegan.pickles.files import read_torch
from fgraph.stylegan.pickles.refusal import Refused
from fgraph.stylegan.pickles.stored import StoredTensor
from fgraph.stylegan.tensor_file import read_tensor_header

_NUMBERS = "fiub"  # kinds of numpy types: fractions, whole numbers, truth values
_LARGEST = 1 << 30  # bytes of arrays in a file


def read_arrays(path: str | Path) -> Mapping[str, Array]:
    """The arrays of a file by name; that of an `.npy` file is named `array`.

    Raises:
        ValueError: the file is not there, or is no `.npz` or `.npy` of plain numbers.
    """
    file = Path(path).expanduser()
    try:
        stat = file.stat()
    except OSError as error:
        raise ValueError(f"cannot read {file}: {error.strerror}") from error
    return _read(file, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=16)
def _read(file: Path, modified: int, size: int) -> Mapping[str, Array]:
    try:
        _check_sizes(file)
        with file.open("rb") as handle:  # numpy leaves a damaged file open
            loaded = np.load(handle, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return {"array": Array(loaded)}
            with loaded:
                arrays = {name: loaded[name] for name in loaded.files}
                return {name: Array(array) for name, array in arrays.items() if array.dtype.kind in _NUMBERS}
    except (ValueError, TypeError, OSError, EOFError, KeyError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{file} is no .npz or .npy file of plain numbers: {error}") from error


def _check_sizes(file: Path) -> None:
    """Refuse a zip whose arrays are far larger than any codes or noise."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            if (total := sum(info.file_size for info in archive.infolist())) > _LARGEST:
                raise ValueError(f"its arrays take {total >> 20} MiB; {_LARGEST >> 20} are the most")


@dataclass(frozen=True)
class LatentFile:
    """Codes as a file holds them, and the space they stand in, where the file tells."""

    codes: Array
    space: Literal["z", "w", "w+", "s"] | None = None


def read_latent(path: str, name: str | None = None) -> LatentFile:
    """The codes in a `.npz`, `.npy`, `.safetensors` or `.pt` file: its array `name`, or `latent`, or its only one.

    Known files tell their space: ours, the `inversion_codes` of SOAT (a vector of S, or one W+), `projected_w.npz` of
    NVlabs' projector, and W+ of encoders such as e4e, which has three axes, or a name for each image.

    Raises:
        ValueError: the file cannot be read, or which array is meant is not clear.
    """
    file = Path(path).expanduser()
    try:
        stat = file.stat()
    except OSError as error:
        raise ValueError(f"cannot read {file}: {error.strerror}") from error
    return _read_latent(str(file), name, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _read_latent(path: str, name: str | None, modified: int, size: int) -> LatentFile:
    suffix = Path(path).suffix.lower()
    if suffix == ".safetensors":
        found, space = _read_safetensors(path)
    elif suffix in (".pt", ".pth"):
        found, space = _read_torch(path), None
    else:
        found, space = read_arrays(path), None
    wanted = name or ("latent" if "latent" in found else next(iter(found)) if len(found) == 1 else None)
    if wanted is None and _are_alike(found):
        return LatentFile(Array(np.concatenate([np.atleast_3d(one.array.T).T for one in found.values()])), "w+")
    if wanted is None or wanted not in found:
        holds = ", ".join(list(found)[:20]) or "nothing"
        raise ValueError(f"{path} holds {holds}: say which one with array" + (f", not '{name}'" if name else ""))
    codes = found[wanted]
    if suffix in (".pt", ".pth") and wanted == "latent" and len(found) == 1 and codes.array.ndim < 3:
        return LatentFile(codes, "s" if codes.array.ndim == 1 else "w+")  # SOAT
    return LatentFile(codes, space or ("w+" if codes.array.ndim == 3 else None))


def _are_alike(found: Mapping[str, Array]) -> bool:
    """Whether these are W+ codes, one for each image's name."""
    shapes = {one.shape[-2:] for one in found.values()}
    return len(shapes) == 1 and all(one.array.ndim == 2 or one.shape[:-2] == (1,) for one in found.values())


def _read_safetensors(path: str) -> tuple[Mapping[str, Array], Any]:
    try:
        header = read_tensor_header(Path(path))
        arrays = {name: Array(stored.array()) for name, stored in header.tensors.items()}
    except (ModelError, Refused, OSError) as error:
        raise ValueError(f"cannot read {path}: {error}") from error
    space = header.metadata.get("space")
    return arrays, space if space in ("z", "w", "w+", "s") else None


def _read_torch(path: str) -> Mapping[str, Array]:
    """A torch file of tensors; nothing in the file is run, nor torch loaded."""
    try:
        found = read_torch(Path(path))
    except ModelError as error:
        raise ValueError(f"cannot read {path}: {error}") from error
    named = {"tensor": found} if type(found) is StoredTensor else found
    if type(named) is list:
        named = {str(number): one for number, one in enumerate(named)}
    if type(named) is not dict:
        raise ValueError(f"{path} holds neither a tensor nor a dictionary of tensors")
    try:
        return {
            str(key): Array(value.array())
            for key, value in named.items()
            if type(value) is StoredTensor and math.prod(value.shape) <= _LARGEST // 8
        }
    except (Refused, OSError) as error:
        raise ValueError(f"cannot read {path}: {error}") from error
