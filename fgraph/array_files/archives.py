"""Readers of `.npy` and `.npz` files, which check sizes before they allocate."""

from __future__ import annotations

import lzma
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np

from fgraph._arrays import Array
from fgraph._errors import show
from fgraph._files import open_file
from fgraph._limits import ARRAY_FILE, ARRAY_FREE, ARRAY_MEMBERS, ARRAY_RATIO
from fgraph._sizes import in_words
from fgraph.array_files.pickled import read_last_arrays, read_object_array

ZIP_MAGIC = b"PK\x03\x04"
NPY_MAGIC = b"\x93NUMPY"
_NUMBERS = "fiub"  # kinds of numpy types: floating point, integers, booleans
_ENCRYPTED = 1
_DAMAGED = (  # RuntimeError: also RecursionError and NotImplementedError
    ValueError, TypeError, OSError, EOFError, KeyError, IndexError, MemoryError, RuntimeError, SyntaxError,
    OverflowError, zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, struct.error, TokenError,
)  # fmt: skip


def read_archive(path: Path) -> dict[str, Array]:
    """Return the arrays of plain numbers in a `.npz` or `.npy` file, by name; the array of a `.npy` is `array`.

    Raises:
        ValueError: the file cannot be read, is damaged, or its arrays are larger than the limits allow.
    """
    with _named_errors(path, ".npz or .npy file of plain numbers"), open_file(path, ARRAY_FILE) as file:
        start = file.read(len(NPY_MAGIC))
        file.seek(0)
        if start == NPY_MAGIC:
            return _read_member(file, path, _size(file))
        if start.startswith(ZIP_MAGIC):
            return _read_zip(file, path)
        raise ValueError(f"it starts with {start!r}")


def read_last_entries(path: Path) -> dict[str, Array]:
    """Return the last array of each entry in a `.npy` file of one dict of lists, by name.

    Raises:
        ValueError: the file cannot be read, is damaged, or holds something else.
    """
    with _named_errors(path, ".npy file of arrays by name"), open_file(path, ARRAY_FILE) as file:
        shape, _, dtype = _read_header(file)
        if dtype.kind != "O":
            raise ValueError("it holds plain numbers")
        return read_last_arrays(file, shape, _size(file))


@contextmanager
def _named_errors(path: Path, kind: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        reason = show(str(error) or type(error).__name__, 300)
        raise ValueError(f"{show(path, 300)} is not a {kind}: {reason}") from error


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read the header of a `.npy`: the shape of its array, whether the order is column-major, and the type."""
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    return read_header(file)


def _size(file: IO[bytes]) -> int:
    at = file.tell()
    size = file.seek(0, 2)
    file.seek(at)
    return size


def _read_zip(file: IO[bytes], path: Path) -> dict[str, Array]:
    allowed = min(ARRAY_FILE, ARRAY_FREE + ARRAY_RATIO * _size(file))
    with zipfile.ZipFile(file) as archive:
        entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
        if len(entries) > ARRAY_MEMBERS:
            raise ValueError(f"it has {len(entries)} arrays; at most {ARRAY_MEMBERS} are allowed")
        if (total := sum(entry.file_size for entry in entries)) > allowed:
            raise ValueError(f"its arrays take {in_words(total)}; at most {in_words(allowed)} are allowed for its size")
        arrays: dict[str, Array] = {}
        remaining = allowed
        for entry in entries:
            if entry.flag_bits & _ENCRYPTED or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"'{show(entry.filename)}' is encrypted, or compressed by another method than deflate")
            name = entry.filename.removesuffix(".npy")
            with archive.open(entry) as member:
                found = _read_member(member, path, entry.file_size, remaining)
            remaining -= sum(4 * array.array.size for array in found.values())
            arrays |= {name: found["array"]} if set(found) == {"array"} else found
    return arrays


def _read_member(file: IO[bytes], path: Path, size: int, most: int = ARRAY_FILE) -> dict[str, Array]:
    """Read the arrays of a `.npy` by name; an array of another type than numbers or objects is skipped.

    Args:
        file: the stream, at the start of the `.npy`.
        path: the file, for messages.
        size: the bytes of the `.npy`.
        most: the bytes that the arrays may take as float32.
    """
    shape, fortran, dtype = _read_header(file)
    if dtype.kind == "O":
        return read_object_array(file, path, shape, size)
    count = math.prod(shape)
    if dtype.kind not in _NUMBERS:
        return {}
    if count * dtype.itemsize > size or count * 4 > most:
        raise ValueError(f"an array of shape {list(shape)} is larger than the {in_words(min(size, most))} it may take")
    raw = bytearray(count * dtype.itemsize)
    done = 0
    while done < len(raw) and (part := file.read(min(len(raw) - done, 1 << 20))):
        raw[done : done + len(part)] = part
        done += len(part)
    if done < len(raw):
        raise EOFError("it is cut short")
    flat = np.frombuffer(raw, dtype)
    return {"array": Array(flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape))}
