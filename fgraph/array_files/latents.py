"""Arrays in files: noise and codes, of whatever program wrote them. Nothing in a file is run."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np

from fgraph._arrays import Array
from fgraph._errors import ModelError
from fgraph._imaging.files import SUFFIXES
from fgraph._paths import expanded
from fgraph.array_files.pickled import read_object_array, read_pickled_arrays
from fgraph.stylegan.checkpoints.pickles.refusal import Refused
from fgraph.stylegan.checkpoints.tensor_file import read_tensor_header

Space = Literal["z", "w", "w+", "s"]  # of latent codes
_ZIP_MAGIC = b"PK\x03\x04"
_NPY_MAGIC = b"\x93NUMPY"
_PICKLED = (".pt", ".pth", ".pkl")
_NUMBERS = "fiub"  # kinds of numpy types: fractions, whole numbers, truth values
_LARGEST = 1 << 30  # bytes of arrays in a file


def read_arrays(path: str | Path) -> Mapping[str, Array]:
    """The arrays of a file by name; that of an `.npy` file is named `array`.

    Raises:
        ValueError: the file is not there, or is no `.npz` or `.npy` of plain numbers.
    """
    file = expanded(path)
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
            start = handle.read(len(_NPY_MAGIC))
            if not start.startswith((_NPY_MAGIC, _ZIP_MAGIC)):
                raise ValueError(f"it starts with {start!r}")
            handle.seek(0)
            if start == _NPY_MAGIC:
                return _read_array(handle, file)
            with np.load(handle, allow_pickle=False) as loaded:
                arrays: dict[str, Array] = {}
                for name in loaded.files:
                    with loaded.zip.open(f"{name}.npy") as member:
                        found = _read_array(io.BytesIO(member.read()), file)
                    arrays |= {name: found["array"]} if set(found) == {"array"} else found
            return {name: array for name, array in arrays.items() if array.array.dtype.kind in _NUMBERS}
    except (ValueError, TypeError, OSError, EOFError, KeyError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{file} is no .npz or .npy file of plain numbers: {error}") from error


def _read_array(handle: BinaryIO, file: Path) -> dict[str, Array]:
    """What an `.npy` holds: its array, or those among its objects."""
    if (objects := read_object_array(handle, file)) is not None:
        return objects
    handle.seek(0)
    return {"array": Array(np.load(handle, allow_pickle=False))}


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
    space: Space | None = None


def read_latent(path: str, name: str | None = None) -> LatentFile:
    """The codes in a `.npz`, `.npy`, `.safetensors`, `.pt` or `.pkl` file: its array `name`, `latent`, or its only one.

    Known files tell their space: ours, the `inversion_codes` of SOAT (a vector of S, or one W+), `projected_w.npz` of
    NVlabs' projector, and W+ of encoders such as e4e, which has three axes, or a name for each image.

    Raises:
        ValueError: the file cannot be read, or which array is meant is not clear.
    """
    file = expanded(path)
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
    elif suffix in _PICKLED:
        found, space = read_pickled_arrays(Path(path)), None
    else:
        found, space = read_arrays(path), None
    wanted = name or ("latent" if "latent" in found else next(iter(found)) if len(found) == 1 else None)
    if wanted is None and _are_alike(found):
        together = Array(np.concatenate([np.atleast_3d(one.array.T).T for one in found.values()]))
        return LatentFile(_checked(together, path), "w+")
    if wanted is None or wanted not in found:
        holds = ", ".join(list(found)[:20]) or "nothing"
        raise ValueError(f"{path} holds {holds}: say which one with array" + (f", not '{name}'" if name else ""))
    codes = _checked(found[wanted], path)
    if suffix in _PICKLED and wanted == "latent" and len(found) == 1 and codes.array.ndim < 3:
        return LatentFile(codes, "s" if codes.array.ndim == 1 else "w+")  # SOAT
    if wanted.lower().endswith(SUFFIXES) and codes.array.ndim == 2:
        return LatentFile(codes, "w+")  # of an encoder, for one image
    return LatentFile(codes, space or ("w+" if codes.array.ndim == 3 else None))


def _checked(array: Array, path: str) -> Array:
    try:
        return array.check()
    except ValueError as error:
        raise ValueError(f"in {path} {error}") from None


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
