"""Opening files that a user, a graph or another file names."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from io import BufferedReader
from pathlib import Path

from fgraph._sizes import in_words

_SYSTEM_FAILURES = (
    errno.EMFILE,
    errno.ENFILE,
    errno.EIO,
    errno.ENOMEM,
    errno.EINTR,
    errno.ESTALE,
    errno.EACCES,
    errno.EPERM,
    errno.ETIMEDOUT,
)
_SETTINGS = ("config.yaml", "hydra.yaml", "overrides.yaml")


def is_system_failure(error: Exception) -> bool:
    """Return whether an error comes from the system, which says nothing about the content of a file."""
    return isinstance(error, OSError) and error.errno in _SYSTEM_FAILURES


def remove_settings(settings: Path, directory: Path, files: Sequence[str] = _SETTINGS) -> None:
    """Remove the folder of an earlier run's settings if it is a link, otherwise files in it.

    They can be links, which a writer would follow.

    Args:
        settings: the folder of the settings.
        directory: the directory of the results, which the user may have made a link; it stays.
        files: the names of the files; default: those of Hydra.

    Raises:
        OSError: a file cannot be removed.
    """
    if settings.is_symlink() and settings != directory:
        settings.unlink()
        return
    for name in files:
        (settings / name).unlink(missing_ok=True)


def open_file(path: str | Path, most: int | None = None) -> BufferedReader:
    """Open a regular file for reading.

    FIFOs, sockets and devices are refused: they could block for ever, or never end.

    Args:
        path: the path of the file.
        most: the largest size, in bytes.

    Raises:
        OSError: the file does not exist, cannot be read, is not a regular file, or is larger than `most`.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    try:
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        if most is not None and found.st_size > most:
            raise OSError(errno.EFBIG, f"it is larger than {in_words(most)}", str(path))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_file(path: str | Path, most: int) -> bytes:
    """Return the content of a regular file of at most `most` bytes.

    Raises:
        OSError: as `open_file`, or the file grew meanwhile.
    """
    with open_file(path, most) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is larger than {in_words(most)}", str(path))
    return content
