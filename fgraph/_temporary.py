"""Temporary folders, each in the directory that its finished files move to.

A folder is locked while it is in use. A process that is killed leaves its folder behind unlocked, and the next process
that writes to the same directory removes it. Where there are no locks, as on Windows and on some network file systems,
a folder is a leftover once nothing in it has changed for a day.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no locks on folders
    fcntl = None  # type: ignore[assignment]

_NAME = re.compile(r"\..{0,40}\.[0-9a-f]{8}\.part")
_DAY = 24 * 60 * 60  # seconds
_in_use: set[Path] = set()
_cleaned: set[Path] = set()  # directories whose leftovers this process has removed


@contextmanager
def temporary_folder(directory: Path, label: str) -> Iterator[Path]:
    """Make a hidden folder in a directory, and remove it with its content at the end of the block.

    Args:
        directory: where the folder goes; made if it is missing.
        label: a part of the folder's name, for people who find it.

    Raises:
        OSError: the directory can't be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    clean(directory)
    path = directory / f".{label[:40]}.{os.urandom(4).hex()}.part"
    _in_use.add(path)
    lock = None
    try:
        path.mkdir()
        lock = _lock(path)
        yield path
    finally:
        _remove(path)
        _in_use.discard(path)
        if lock is not None:
            os.close(lock)


@contextmanager
def exclusive(directory: Path) -> Iterator[None]:
    """Hold the lock of a directory within the block; first, wait until no other process holds it."""
    lock = _lock(directory)
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)


@contextmanager
def claimed(directory: Path, label: str) -> Iterator[bool]:
    """Claim a directory for a long job; the value is False if a job of this label in another process has claimed it.

    The claim is a temporary folder, so that it ends with the process. Where there are no locks, every claim succeeds.

    Args:
        directory: made if it is missing.
        label: the label of the kind of job.

    Raises:
        OSError: the directory can't be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        with exclusive(directory):
            taken = any(_is_locked(path) for path in directory.glob(f".{label}.*.part") if path not in _in_use)
            if not taken:
                stack.enter_context(temporary_folder(directory, label))
        yield not taken


def _is_locked(path: Path) -> bool:
    try:
        lock = _lock(path, wait=False)
    except BlockingIOError:
        return True
    except OSError:  # it has gone
        return False
    if lock is not None:
        os.close(lock)
    return False


def _remove(path: Path) -> None:
    """Remove a folder and its content if possible; what remains after a second attempt is left to a later process."""
    with suppress(OSError):  # it has content, or has gone
        path.rmdir()  # this needs no free file descriptor
    for _ in range(2):  # the first attempt fails if no file descriptor is free
        if not path.exists():
            return
        shutil.rmtree(path, ignore_errors=True)


def remove_folders_in_use() -> None:
    """Remove all temporary folders of this process, which is about to end."""
    for path in list(_in_use):
        _remove(path)


def remove_leftovers(root: Path, depth: int) -> None:
    """Remove the temporary folders that killed processes have left in the directories below a directory.

    Args:
        root: the directory; temporary folders directly in it stay.
        depth: how many levels of directories are searched; symbolic links are not followed.
    """
    with suppress(OSError):
        for path in root.iterdir():
            if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
                clean(path)
                if depth > 1:
                    remove_leftovers(path, depth - 1)


def sync_file(path: Path) -> None:
    """Flush the content of a file to the disk.

    Raises:
        OSError: the disk fails.
    """
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_directory(directory: Path) -> None:
    """Flush the entries of a directory to the disk, if the system can sync directories.

    Raises:
        OSError: the disk fails.
    """
    try:
        handle = os.open(directory, os.O_RDONLY)
    except PermissionError:  # Windows cannot open directories, and some directories may be written but not read
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def _lock(directory: Path, *, wait: bool = True) -> int | None:
    """Return a descriptor that holds the lock of a directory; None where the file system has no locks.

    Raises:
        BlockingIOError: another process holds the lock, and `wait` is False.
    """
    if fcntl is None:
        return None
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW * (not wait))
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException as error:
        os.close(handle)
        if isinstance(error, BlockingIOError) or not isinstance(error, OSError):
            raise
        return None
    return handle


def clean(directory: Path) -> None:
    """Remove folders that killed processes have left in a directory, if it exists; once per directory and process."""
    place = directory.absolute()  # the current directory may change
    if place in _cleaned or not directory.is_dir():
        return
    _cleaned.add(place)
    for path in directory.iterdir():
        if _NAME.fullmatch(path.name) and path not in _in_use:
            with suppress(OSError):  # it is in use, or gone
                lock = _lock(path, wait=False)
                if lock is not None or _is_abandoned(path):
                    _remove(path)
                if lock is not None:
                    os.close(lock)


def _is_abandoned(path: Path) -> bool:
    """Return whether nothing in a folder has changed for a day."""
    return time.time() - max(one.lstat().st_mtime for one in (path, *path.rglob("*"))) > _DAY
