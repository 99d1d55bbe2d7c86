"""Latent codes and noise in files of several programs. No code in a file is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast, get_args

import numpy as np
from numpy.typing import NDArray

from fgraph._arrays import Array
from fgraph._errors import ModelError, show
from fgraph._paths import expanded
from fgraph.array_files.archives import read_archive
from fgraph.array_files.pickled import STYLES, is_pickled, read_all, read_pickled_arrays
from fgraph.array_files.spaces import Space
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused
from fgraph.stylegan.checkpoints.tensor_file import read_tensor_header

_CODES = ("latent", "pivots")  # codes in files that have other arrays too: SOAT's and others'; STIT's
_OF_GANSPACE = "lat_comp"  # the array of a file of directions


@dataclass(frozen=True)
class LatentFile:
    """Codes as stored in a file, and their space if the file states it."""

    codes: Array
    space: Space | None = None


def read_arrays(path: str | Path) -> Mapping[str, Array]:
    """Return the arrays of a `.npz` or `.npy` file by name; the array of a `.npy` is named `array`.

    Raises:
        ValueError: the file does not exist, or is not a `.npz` or `.npy` of plain numbers within the limits.
    """
    file, modified, size = find_file(path)
    return _read_arrays(file, modified, size)


def read_latent(path: str, name: str | None = None) -> LatentFile:
    """Return the codes in a `.npz`, `.npy`, `.safetensors`, `.pt` or `.pkl` file, or in StyleCLIP's `S`.

    The codes are the array `name`, otherwise the array `latent` or `pivots`, otherwise the only array. Some files state
    their space: files of fgraph, the `inversion_codes` of SOAT (a vector of S, or one W+), `S`, and W+ that has three
    axes, such as `projected_w.npz` of NVlabs' projector. In a list or dict of codes, as encoders such as e4e write
    them, an entry with two axes is the W+ of one image.

    Raises:
        ValueError: the file cannot be read, exceeds the limits, or it is not clear which array is meant.
    """
    file, modified, size = find_file(path)
    return _read_latent(file, name, modified, size)


def find_file(path: str | Path) -> tuple[Path, int, int]:
    """Return a path that exists, with the time of its last change in ns and its size in bytes.

    Raises:
        ValueError: there is no such file or folder.
    """
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
    found, space = read_named_arrays(path)
    if _OF_GANSPACE in found and name is None:
        raise ValueError(f"{show(path, 300)} holds directions of GANSpace: read it by a direction of kind file")
    known = next((one for one in _CODES if one in found), None)
    wanted = name or known or (next(iter(found)) if len(found) == 1 else None)
    if wanted is None and _are_alike(found):
        together = Array(np.concatenate([_with_rows(one) for one in found.values()]))
        return LatentFile(_checked(together, path), "w+" if together.array.ndim == 3 else None)
    if wanted is None or wanted not in found:
        holds = ", ".join(map(show, list(found)[:20])) or "nothing"
        raise ValueError(f"{show(path, 300)} holds {holds}: name the array" + (f", not '{show(name)}'" if name else ""))
    codes = _checked(found[wanted], path)
    if space is None and is_pickled(path) and codes.array.ndim < 3 and (wanted == STYLES or [*found] == ["latent"]):
        space = "s" if wanted == STYLES or codes.array.ndim == 1 else None  # StyleCLIP, SOAT
    return LatentFile(codes, space or ("w+" if codes.array.ndim == 3 else None))


def read_named_arrays(path: Path) -> tuple[Mapping[str, Array], Space | None]:
    """Return the arrays of a file by name, and their space, where the file states it.

    Raises:
        ValueError: the file cannot be read, or exceeds the limits.
    """
    if path.suffix.lower() == ".safetensors":
        return _read_safetensors(path)
    try:
        pickled = is_pickled(path)
    except OSError as error:
        raise ValueError(f"cannot read {show(path, 300)}: {error.strerror or error}") from error
    return (read_pickled_arrays(path) if pickled else read_archive(path)), None


def _with_rows(array: Array) -> NDArray[np.float32]:
    """Return the codes [1, ...] of one image; an array with two axes, the first longer than 1, is one W+."""
    return array.array[None] if array.array.ndim == 2 and len(array) > 1 else array.array


def _checked(array: Array, path: Path) -> Array:
    try:
        return array.check()
    except ValueError as error:
        raise ValueError(f"in {show(path, 300)} {error}") from None


def _are_alike(found: Mapping[str, Array]) -> bool:
    """Return whether the arrays are codes of one shape, one for the name of each image."""
    shapes = {one.shape for one in map(_with_rows, found.values())}
    return len(shapes) == 1 and all(len(shape) in (2, 3) and shape[0] == 1 for shape in shapes)


def _read_safetensors(path: Path) -> tuple[Mapping[str, Array], Space | None]:
    try:
        header = read_tensor_header(path)
        arrays = read_all(dict(header.tensors), path.stat().st_size)
    except (ModelError, PickleRefused, OSError, ValueError) as error:
        raise ValueError(f"cannot read {show(path, 300)}: {error}") from error
    space = header.metadata.get("space")
    return arrays, cast("Space", space) if space in get_args(Space) else None
