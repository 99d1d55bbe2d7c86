"""Picture files by name: those of a folder, and those that come with the graphs. Nothing is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fgraph._errors import FgraphError
from fgraph._paths import expanded

SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif")


def find_pictures(place: str | Path) -> list[Path]:
    """Find the picture files in a folder by their endings, in order of name; for a file, return it alone.

    Hidden files are left out.

    Raises:
        FgraphError: there is no such file or folder, or no picture in it.
    """
    place = expanded(place)
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise FgraphError(f"there is neither a folder nor a picture at '{place}' (looked in {Path.cwd()})")
    named = [path for path in place.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    found = sorted(path for path in named if not path.is_dir())
    if not found:
        raise FgraphError(f"there are no pictures in '{place}'; their names end in .png, .jpg, .webp, ...")
    return found


def locate(path: str, what: str = "picture") -> Path:
    """Return the file that a path names: as it is, or among the pictures bundled with the graphs.

    Args:
        path: the path of the file.
        what: the kind of file, for the message.

    Raises:
        ValueError: there is no such file.
    """
    given = expanded(path)
    if given.is_file():
        return given
    import graphs

    bundled = Path(next(iter(graphs.__path__))) / "pictures" / path
    if bundled.is_file():
        return bundled
    raise ValueError(f"there is no {what} at '{path}', nor among the bundled pictures")
