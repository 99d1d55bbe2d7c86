"""`fgraph cache`: the files that fgraph keeps between runs, and can make or download again."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from fgraph._cache import cache_folder
from fgraph._errors import FgraphError, nearest
from fgraph.cli.signals import Interrupts
from fgraph.cli.terminal import say

_KINDS = {
    "addresses": "which downloaded model belongs to which URL",
    "drags": "results of drags",
    "inversions": "results of inversions, and their statistics",
    "locks": "locks of downloads",
    "measured": "directions, clusters and effects, measured on models",
    "models": "downloaded models",
    "pictures": "decoded pictures of trainings",
    "profile": "measured speeds of devices",
}
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def main(arguments: Sequence[str], interrupts: Interrupts) -> int:
    """List or clear the cache."""
    parser = argparse.ArgumentParser(
        "fgraph cache", description="Show or remove the files that fgraph keeps between runs."
    )
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="show what is kept, with its size")
    clear = actions.add_parser("clear", help="remove what is kept; the next run makes or downloads it again")
    clear.add_argument("names", nargs="*", help="entries of `fgraph cache list`; default: all")
    chosen = parser.parse_args(arguments)
    folder = cache_folder()
    say("\n".join(_list(folder) if chosen.action == "list" else _clear(folder, chosen.names)))
    return 0


def _list(folder: Path) -> list[str]:
    entries = _entries(folder)
    lines = [f"{folder}  ({_in_words(sum(map(_size, entries)))})"]
    for entry in entries:
        lines.append(f"  {entry.name:<14}{_in_words(_size(entry)):>10}  {_KINDS.get(entry.name, '')}".rstrip())
    return lines


def _clear(folder: Path, names: Sequence[str]) -> list[str]:
    """Remove entries, by default all.

    Raises:
        FgraphError: there is no such entry, or one cannot be removed.
    """
    entries = {entry.name: entry for entry in _entries(folder)}
    for name in names:
        if name not in entries:
            hint = nearest(name, entries)
            raise FgraphError(f"there is no '{name}' in {folder}" + (f" ({hint})" if hint else ""))
    lines = []
    for name in names or entries:
        size = _size(entries[name])
        try:
            _remove(entries[name])
        except OSError as error:
            raise FgraphError(f"cannot remove {entries[name]}: {error.strerror}") from error
        lines.append(f"removed {entries[name]}  ({_in_words(size)})")
    return lines or [f"{folder} is empty"]


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _size(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder; symbolic links are not followed."""
    if path.is_symlink() or not path.is_dir():
        return _size_of_file(path)
    return sum(_size_of_file(Path(root, file)) for root, _, files in os.walk(path) for file in files)


def _size_of_file(path: Path) -> int:
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:  # a run evicted it
        return 0


def _in_words(size: float) -> str:
    for unit in _UNITS:
        if size < 1024 or unit == _UNITS[-1]:
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


def _remove(path: Path) -> None:
    """Remove a file or a folder; of a symbolic link, the link only."""
    while os.path.lexists(path):
        with suppress(FileNotFoundError):  # a run evicted a file; go on with the others
            if path.is_symlink() or not path.is_dir():
                path.unlink()
            else:
                shutil.rmtree(path)
