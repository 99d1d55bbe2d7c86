"""Paths as people write them."""

from __future__ import annotations

from pathlib import Path


def expanded(path: str | Path) -> Path:
    """Return the path with `~` as the home folder; of a user who has none it stays as it is written.

    >>> expanded("~nobody_of_this_name/x.npz").as_posix()
    '~nobody_of_this_name/x.npz'
    """
    path = Path(path)
    try:
        return path.expanduser()
    except RuntimeError:
        return path
