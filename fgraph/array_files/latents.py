"""Latent codes and noise in files, of whichever program wrote them. No code in a file is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast, get_args

import numpy as np

from fgraph._arrays import Array
from fgraph._errors import ModelError, show
from fgraph._imaging.files import SUFFIXES
from fgraph._paths import expanded
from fgraph.array_files.archives import read_archive
from fgraph.array_files.pickled import read_all, read_pickled_arrays
from fgraph.stylegan.checkpoints.pickles.refusal import Refused
from fgraph.stylegan.checkpoints.tensor_file import read_tensor_header

Space = Literal["z", "w", "w+", "s"]  # of latent codes
_PICKLED = (".pt", ".pth", ".pkl")
_CODES = ("latent", "pivots")  # names of codes beside other arrays: of SOAT and others, of STIT


@dataclass(frozen=True)
class LatentFile:
    """Codes as a file holds them, and their space, where the file states it."""

    codes: Array
    space: Space | None = None


def read_arrays(path: str | Path) -> Mapping[str, Array]:
    """Return the arrays of a `.npz` or `.npy` file by name; the array of a `.npy` is named `array`.

    Raises:
        ValueError: the file does not exist, or is not a `.npz` or `.npy` of plain numbers within the limits.
    """
    file, modified, size = _find(path)
    return _read_arrays(file, modified, size)


def read_latent(path: str, name: str | None = None) -> LatentFile:
    """Return the codes in a `.npz`, `.npy`, `.safetensors`, `.pt` or `.pkl` file.

    The codes are the array `name`, else the array `latent` or `pivots`, else the only array. Some files state their
    space: files of fgraph, the `inversion_codes` of SOAT (a vector of S, or one W+), `projected_w.npz` of NVlabs'
    projector, and W+ of encoders such as e4e, which has three axes, or a name for each image.

    Raises:
        ValueError: the file cannot be read, exceeds the limits, or it is not clear which array is meant.
    """
    file, modified, size = _find(path)
    return _read_latent(file, name, modified, size)


def _find(path: str | Path) -> tuple[Path, int, int]:
    try:
        file = expanded(path)
        found = file.stat()
    except (OSError, ValueError) as error:  # ValueError: a null byte
        raise ValueError(f"cannot read {show(path, 300)}: {getattr(error, 'strerror', None) or error}") from error
    return file, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=16)
def _read_arrays(file: Path, modified: int, size: int) -> Mapping[str, Array]:
    return read_archive(file)


@lru_cache(maxsize=64)
def _read_latent(path: Path, name: str | None, modified: int, size: int) -> LatentFile:
    suffix = path.suffix.lower()
    if suffix == ".safetensors":
        found, space = _read_safetensors(path)
    else:
        found, space = (read_pickled_arrays(path) if suffix in _PICKLED else read_archive(path)), None
    known = next((one for one in _CODES if one in found), None)
    wanted = name or known or (next(iter(found)) if len(found) == 1 else None)
    if wanted is None and _are_alike(found):
        together = Array(np.concatenate([np.atleast_3d(one.array.T).T for one in found.values()]))
        return LatentFile(_checked(together, path), "w+")
    if wanted is None or wanted not in found:
        holds = ", ".join(map(show, list(found)[:20])) or "nothing"
        raise ValueError(f"{show(path, 300)} holds {holds}: name the array" + (f", not '{show(name)}'" if name else ""))
    codes = _checked(found[wanted], path)
    if suffix in _PICKLED and wanted == "latent" and len(found) == 1 and codes.array.ndim < 3:
        return LatentFile(codes, "s" if codes.array.ndim == 1 else "w+")  # SOAT
    if wanted.lower().endswith(SUFFIXES) and codes.array.ndim == 2:
        return LatentFile(codes, "w+")  # of an encoder, for one image
    return LatentFile(codes, space or ("w+" if codes.array.ndim == 3 else None))


def _checked(array: Array, path: Path) -> Array:
    try:
        return array.check()
    except ValueError as error:
        raise ValueError(f"in {show(path, 300)} {error}") from None


def _are_alike(found: Mapping[str, Array]) -> bool:
    """Return whether the arrays are W+ codes, one for the name of each image."""
    shapes = {one.shape[-2:] for one in found.values()}
    return len(shapes) == 1 and all(one.array.ndim == 2 or one.shape[:-2] == (1,) for one in found.values())


def _read_safetensors(path: Path) -> tuple[Mapping[str, Array], Space | None]:
    try:
        header = read_tensor_header(path)
        arrays = read_all(dict(header.tensors), path.stat().st_size)
    except (ModelError, Refused, OSError, ValueError) as error:
        raise ValueError(f"cannot read {show(path, 300)}: {error}") from error
    space = header.metadata.get("space")
    return arrays, cast("Space", space) if space in get_args(Space) else None
