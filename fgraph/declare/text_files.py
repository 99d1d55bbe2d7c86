"""Bounded reading of text files from untrusted sources."""

from __future__ import annotations

from pathlib import Path

from fgraph import _limits
from fgraph._files import read_file


class UnreadableText(ValueError):
    """A file cannot be read as text; the message has the reason without the path."""


def read_text(path: Path) -> str:
    """Read a regular file of at most `GRAPH_FILE` bytes as UTF-8, with or without a byte order mark.

    Raises:
        FileNotFoundError: the file does not exist.
        UnreadableText: the file is not regular, too large, not UTF-8, or not readable.
    """
    try:
        return read_file(path, _limits.GRAPH_FILE).decode("utf-8-sig")
    except FileNotFoundError:
        raise
    except UnicodeDecodeError as error:
        raise UnreadableText("it is not text in UTF-8: save it as UTF-8") from error
    except OSError as error:
        raise UnreadableText(error.strerror or str(error)) from error
    except ValueError as error:  # a zero byte in the path
        raise UnreadableText(str(error)) from error
