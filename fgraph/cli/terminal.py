"""Output on the terminal, which never raises an error: no result is lost because its path can't be printed.

The reader of a pipe may have closed it (`| head -1`), the disk may be full (`> /dev/full`), or the encoding may lack a
character. The jobs continue, and they alone decide the exit code.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fgraph._errors import escape_controls


def say(text: object, end: str = "\n") -> None:
    """Print to standard output at once; control characters are escaped."""
    _clear_bars()
    print(escape_controls(str(text)), end=end, flush=True)


def warn(text: object) -> None:
    """Print to standard error; control characters are escaped."""
    _clear_bars()
    print(escape_controls(str(text)), file=sys.stderr, flush=True)


def _clear_bars() -> None:
    """Clear progress bars, so that a text begins on a line of its own; the next update draws them again."""
    bars = sys.modules.get("tqdm")
    for bar in list(getattr(bars.tqdm, "_instances", ())) if bars is not None else ():
        if not bar.disable:
            bar.clear()


def warn_traceback(error: BaseException) -> None:
    """Print a traceback to standard error; control characters, as of a file named in a message, are escaped."""
    warn("".join(traceback.format_exception(error)).rstrip("\n"))


@contextmanager
def guarded_streams() -> Iterator[None]:
    """Replace standard output and standard error within the block by streams that raise no error.

    They also serve Hydra, progress bars and libraries. After a failed write, the stream drops all text. A warning on
    standard error says so once for standard output, unless the reader has closed the pipe.
    """
    earlier = sys.stdout, sys.stderr
    guarded = _Guarded(earlier[0], "standard output"), _Guarded(earlier[1])
    sys.stdout, sys.stderr = guarded
    try:
        yield
    finally:
        for stream in guarded:
            stream.flush()
            stream.quiet = True  # the log handlers of Hydra refer to it longer
        sys.stdout, sys.stderr = earlier


class _Guarded:
    """A text stream that drops what can't be written."""

    def __init__(self, stream: Any, name: str = "") -> None:
        self._stream = stream
        self._name = name
        self.quiet = not name  # whether a failed write gives no warning
        self._lost = stream is None  # the process has no such stream

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
        with suppress(OSError, ValueError):  # the interpreter flushes its stream at exit
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)
        if not self.quiet and getattr(error, "errno", None) != errno.EPIPE:
            warn(f"{self._name} can't be written ({error}); the jobs continue, and write their files")

    def isatty(self) -> bool:
        return not self._lost and bool(self._stream.isatty())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
