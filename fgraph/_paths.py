"""Expansion of paths from users, and the text form of names that are not text."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

_LONE = re.compile("[\ud800-\udfff]")  # Python decodes bytes of a file name that are not text to these
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|\Z)", re.IGNORECASE)
_ESCAPED = re.compile(r"\0(d[89a-f][0-9a-f]{2})")


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


def is_inside(name: Any) -> bool:
    """Return whether a value from a file is a path that stays inside the directory that it is relative to.

    >>> [is_inside(name) for name in ("0/view.png", "../view.png", "/view.png", "C:view.png", ["view.png"])]
    [True, False, False, False, False]
    """
    if not isinstance(name, str) or any(one in name for one in "\\:\0"):
        return False
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def is_device(name: str) -> bool:
    """Return whether a file of this name is a device on Windows.

    >>> is_device("nul.yaml"), is_device("null.yaml")
    (True, False)
    """
    return _DEVICE.match(name) is not None


def as_text(name: str) -> str:
    r"""Return a name as text that UTF-8 can hold: NUL and four digits stand for each part that is not text.

    No file name has a NUL, so `from_text` restores the name.

    >>> as_text("lat\udcf6n.png")
    'lat\x00dcf6n.png'
    """
    return _LONE.sub(lambda found: f"\0{ord(found[0]):04x}", name)


def from_text(text: str) -> str:
    r"""Return the name that `as_text` turned into a text.

    >>> from_text("lat\0dcf6n.png") == "lat\udcf6n.png"
    True
    """
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def row_paths(path: Path, rows: int) -> list[Path]:
    """Return a path for each row of a picture: `path` itself for one row, numbered names for several.

    >>> [path.name for path in row_paths(Path("view.png"), 2)]
    ['view_000.png', 'view_001.png']
    """
    if rows == 1:
        return [path]
    digits = max(3, len(str(rows - 1)))
    return [path.with_name(f"{path.stem}_{row:0{digits}d}{path.suffix}") for row in range(rows)]
