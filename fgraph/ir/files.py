"""Arrays in files: `.npz` and `.npy`, read once, without pickles."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from fgraph._arrays import Array


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
        loaded = np.load(file, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {"array": Array(loaded)}
        with loaded:
            return {name: Array(loaded[name]) for name in loaded.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"{file} is no .npz or .npy file of plain numbers: {error}") from error


def read_latent(path: str, name: str | None = None) -> Array:
    """The codes in a `.npz`, `.npy`, `.safetensors` or `.pt` file: its array `name`, or `latent`, or its only one.

    Raises:
        ValueError: the file cannot be read, or which array is meant is not clear.
    """
    suffix = Path(path).suffix.lower()
    readers = {".safetensors": _read_safetensors, ".pt": _read_torch, ".pth": _read_torch}
    arrays = readers.get(suffix, read_arrays)(path)
    wanted = name or ("latent" if "latent" in arrays else next(iter(arrays)) if len(arrays) == 1 else None)
    if wanted is None or wanted not in arrays:
        found = ", ".join(arrays) or "nothing"
        raise ValueError(f"{path} holds {found}: say which one with array" + (f", not '{name}'" if name else ""))
    return arrays[wanted]


def _read_safetensors(path: str) -> Mapping[str, Array]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return {name: Array(value) for name, value in load_file(path).items()}
    except (SafetensorError, OSError) as error:
        raise ValueError(f"cannot read {path}: {error}") from error


def _read_torch(path: str) -> Mapping[str, Array]:
    """A torch file of tensors; torch is loaded for it, and nothing in the file is run."""
    import pickle

    import torch

    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise ValueError(f"cannot read {path}: {error}") from error
    named = {"latent": found} if isinstance(found, torch.Tensor) else found
    if not isinstance(named, dict):
        raise ValueError(f"{path} holds neither a tensor nor a dictionary of tensors")
    return {
        str(key): Array(value.detach().float().numpy())
        for key, value in named.items()
        if isinstance(value, torch.Tensor)
    }
