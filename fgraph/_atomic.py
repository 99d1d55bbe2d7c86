"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from fgraph._errors import SaveError

_CURES: Mapping[int, str] = {
    errno.ENOSPC: "the disk is full: free some space or choose another directory",
    errno.EDQUOT: "the disk quota is used up: free some space or choose another directory",
    errno.EACCES: "permission denied: choose a directory you may write to",
    errno.EPERM: "permission denied: choose a directory you may write to",
    errno.EROFS: "the file system is read-only: choose another directory",
    errno.ENOTDIR: "a part of this path is a file, not a directory",
    errno.EEXIST: "a file stands where a directory is needed",
    errno.EISDIR: "a directory stands where a file is to be written",
    errno.ENAMETOOLONG: "the name is too long: give the output a shorter one",
}


def save_error(path: Path, error: OSError) -> SaveError:
    """What to tell the user when `path` could not be written."""
    cure = _CURES.get(error.errno or 0, error.strerror or str(error))
    return SaveError(f"cannot write {path}: {cure}")


class Staging:
    """A set of files that takes its place together.

    `stage` writes each file in full under a temporary name in its own directory; `commit` renames them all. Leaving the
    `with` block without a commit removes the temporary files, so whatever stood there before still stands, whole.
    """

    def __init__(self) -> None:
        self._staged: list[tuple[Path, Path]] = []  # (temporary, final)

    def __enter__(self) -> Staging:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for temporary, _ in self._staged:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        self._staged.clear()

    def stage(self, path: Path, content: bytes) -> None:
        """Write `content` beside `path`, down to the disk.

        Raises:
            SaveError: the disk is full, the directory cannot be written, ...
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
            self._staged.append((Path(name), path))
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o666 & ~_umask())  # mkstemp makes files that only their owner may read
        except OSError as error:
            raise save_error(path, error) from error

    def commit(self) -> None:
        """Rename every staged file to its place, in the order they were staged.

        Raises:
            SaveError: a file could not be renamed; those renamed before it are in place, each whole.
        """
        while self._staged:
            temporary, path = self._staged[0]
            try:
                os.replace(temporary, path)
            except OSError as error:
                raise save_error(path, error) from error
            self._staged.pop(0)


def write_atomic(path: Path, content: bytes) -> None:
    """Write one file whole or not at all.

    Raises:
        SaveError: it could not be written; what stood there before still stands.
    """
    with Staging() as staging:
        staging.stage(path, content)
        staging.commit()


def _umask() -> int:
    mask = os.umask(0)  # the only portable way to read it is to set it
    os.umask(mask)
    return mask
