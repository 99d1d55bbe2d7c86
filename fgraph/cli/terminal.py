"""The two streams of the command line: what can't be printed never costs a result.

A pipe may be closed (`| head -1`), a disk full (`> /dev/full`), an encoding too small for a file's name. Jobs go on
then, and the exit code is that of their results.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fgraph._errors import escape_controls


def say(text: object, end: str = "\n") -> None:
    """Print to standard output at once; control characters are escaped."""
    print(escape_controls(str(text)), end=end, flush=True)


def warn(text: object) -> None:
    """Print to standard error; control characters are escaped."""
    print(escape_controls(str(text)), file=sys.stderr, flush=True)


@contextmanager
def guarded_streams() -> Iterator[None]:
    """Within the block, writing to standard output or standard error raises no error.

    That holds for Hydra, progress bars and libraries as well. What fails to be written is dropped, as is everything
    after it on the same stream; unless a reader has closed its pipe, standard error tells so once.
    """
    earlier = sys.stdout, sys.stderr
    guarded = _Guarded(earlier[0], "standard output"), _Guarded(earlier[1])
    sys.stdout, sys.stderr = guarded
    try:
        yield
    finally:
        for stream in guarded:
            stream.flush()
            stream.quiet = True  # Hydra's log handlers keep it
        sys.stdout, sys.stderr = earlier


class _Guarded:
    """A text stream that drops what can't be written."""

    def __init__(self, stream: Any, name: str = "") -> None:
        self._stream = stream
        self._name = name
        self.quiet = not name  # whether a loss is told
        self._lost = stream is None  # the process was started without it

    def write(self, text: str) -> int:
        if not self._lost:
            try:
                self._stream.write(text)
            except UnicodeEncodeError as error:
                self.write(text.encode(error.encoding, "backslashreplace").decode(error.encoding))
            except (OSError, ValueError) as error:
                self._lose(error)
        return len(text)

    def flush(self) -> None:
        if not self._lost:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._lose(error)

    def _lose(self, error: Exception) -> None:
        self._lost = True
        with suppress(OSError, ValueError):  # the interpreter flushes once more when it ends: into nothing
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)
        if not self.quiet and getattr(error, "errno", None) != errno.EPIPE:
            warn(f"{self._name} can't be written ({error}); the jobs go on, and write their files")

    def isatty(self) -> bool:
        return not self._lost and bool(self._stream.isatty())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
