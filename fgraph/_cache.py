"""The user's cache folder, and cache files that carry the digest of their content."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from fgraph._atomic import write_atomic
from fgraph._files import open_file
from fgraph._temporary import clean

_MAGIC = b"fgraph cache 1\n"
_DIGEST = hashlib.sha256().digest_size


def cache_folder() -> Path:
    """Return the folder for files that fgraph can make again, as the platform's conventions place it."""
    return user_cache_path("fgraph")


def write_cached(path: Path, content: bytes) -> None:
    """Write a cache file, which `read_cached` reads.

    Raises:
        SaveError: the file cannot be written.
    """
    write_atomic(path, sealed(content))


def sealed(content: bytes) -> bytes:
    """Return the bytes of a cache file: a magic, the SHA-256 of the content, then the content."""
    return _MAGIC + hashlib.sha256(content).digest() + content


def read_cached(path: Path, most: int) -> bytes | None:
    """Return the content of a cache file of at most `most` bytes, or None if there is no such file.

    Remove leftovers of killed processes from the folder of the file, in which perhaps nothing is written again.

    Raises:
        ValueError: the file is not a cache file, is larger than `most` bytes, or its content does not match its digest.
        OSError: the file cannot be read.
    """
    head = len(_MAGIC) + _DIGEST
    with suppress(OSError):  # a cache may be read-only
        clean(path.parent)
    try:
        with open_file(path) as file:
            found = file.read(most + head + 1)
    except FileNotFoundError:  # never written, or evicted
        return None
    content = found[head:]
    if len(content) > most:
        raise ValueError(f"it is larger than {most} bytes")
    if found[:head] != _MAGIC + hashlib.sha256(content).digest():
        raise ValueError("its digest does not match its content")
    return content
