"""Expansion of paths from users."""

from __future__ import annotations

from pathlib import Path


def expanded(path: str | Path) -> Path:
    """Return the path with `~` expanded. The path of a user without a home folder is unchanged.

    >>> expanded("~nobody_of_this_name/x.npz").as_posix()
    '~nobody_of_this_name/x.npz'
    """
    path = Path(path)
    try:
        return path.expanduser()
    except RuntimeError:
        return path
