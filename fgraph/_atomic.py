"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from fgraph._errors import SaveError
from fgraph._temporary import exclusive, sync_directory, sync_file, temporary_folder

_TRIES = 3  # for a directory that another process removes meanwhile, such as an evicted cache
_CURES: Mapping[int, str] = {
    errno.ENOSPC: "the disk is full: free some space or choose another directory",
    errno.EDQUOT: "the disk quota is used up: free some space or choose another directory",
    errno.EACCES: "permission denied: choose a directory you may write to",
    errno.EPERM: "permission denied: choose a directory you may write to",
    errno.EROFS: "the file system is read-only: choose another directory",
    errno.ENOTDIR: "a part of this path is a file, not a directory",
    errno.EEXIST: "there is a file of this name, and a directory is needed",
    errno.EISDIR: "there is a directory of this name, and a file is to be written",
    errno.ENAMETOOLONG: "the name is too long: give the output a shorter one",
}


def save_error(path: Path | str, error: OSError) -> SaveError:
    """Return the error for a path that can't be written, with the cure."""
    cure = _CURES.get(error.errno or 0, error.strerror or str(error))
    return SaveError(f"cannot write {path}: {cure}")


class Staging:
    """Files of one directory that take their places together.

    Each file is written in full to a temporary folder of the directory, then `commit` renames them all. Leaving the
    `with` block without a commit removes the temporary folder, and does not change the directory. If the process is
    killed, the next one that writes there removes the folder.

    Raises:
        SaveError: the directory can't be made or written.
    """

    def __init__(self, directory: Path, label: str = "fgraph") -> None:
        self.directory = directory
        self._label = label
        self._names: list[str] = []  # names in the order of staging
        self._unsynced: list[Path] = []  # paths that the caller writes itself
        self._stack = ExitStack()

    def __enter__(self) -> Staging:
        try:
            self.folder = self._stack.enter_context(temporary_folder(self.directory, self._label))
        except OSError as error:
            raise save_error(self.directory, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def stage(self, name: str, content: bytes) -> None:
        """Write the content of a file, and flush it to the disk.

        Raises:
            SaveError: the disk is full, the name is too long, ...
        """
        try:
            self._names.append(name)
            _write_synced(self.folder / name, content)
        except OSError as error:
            raise save_error(self.directory / name, error) from error

    def place(self, name: str) -> Path:
        """Return the path where the caller writes a file or a folder that `commit` renames to `name`."""
        self._names.append(name)
        self._unsynced.append(self.folder / name)
        return self._unsynced[-1]

    def commit(self, *, obsolete: Sequence[str] = (), look: Callable[[], object] | None = None) -> None:
        """Remove files, then rename all staged files, in the order of staging.

        Other processes that commit to the same directory wait meanwhile. A folder that is to be replaced first moves
        out of the way as a whole. A symbolic link is replaced, not followed.

        Args:
            obsolete: names of files that the staged files make obsolete, such as an earlier manifest.
            look: called before anything changes, while no other process commits.

        Raises:
            SaveError: a file can't be renamed; those renamed before it are in place, each whole.
        """
        path = self.directory
        try:
            self._sync()
            with exclusive(self.directory):
                if look is not None:
                    look()
                for name in obsolete:
                    path = self.directory / name
                    path.unlink(missing_ok=True)
                for name in self._names:
                    path = self.directory / name
                    self._rename(self.folder / name, path)
                sync_directory(self.directory)
                sync_directory(self.directory.parent)
        except OSError as error:
            raise save_error(path, error) from error
        self._names.clear()

    def _sync(self) -> None:
        for path in self._unsynced:
            if not path.is_dir():
                sync_file(path)
            elif hasattr(os, "sync"):
                os.sync()  # for a folder with thousands of files, one call is faster than one for each file
            else:  # on Windows
                for file in filter(Path.is_file, path.rglob("*")):
                    sync_file(file)

    def _rename(self, source: Path, path: Path) -> None:
        if source.is_dir() and (path.is_symlink() or path.exists()):
            path.rename(source.with_name(f"{source.name}.replaced"))
        os.replace(source, path)


def write_atomic(path: Path, content: bytes) -> None:
    """Write one file whole or not at all.

    Raises:
        SaveError: the file can't be written; an earlier file of this name does not change.
    """
    for left in reversed(range(_TRIES)):
        try:
            _write(path, content)
            return
        except FileNotFoundError as error:
            if not left:
                raise save_error(path, error) from error
        except OSError as error:
            raise save_error(path, error) from error


def _write(path: Path, content: bytes) -> None:
    with temporary_folder(path.parent, path.name) as folder:
        made = folder / path.name
        _write_synced(made, content)
        os.replace(made, path)
        sync_directory(path.parent)


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
