"""Reading `manifest.json`, the list of the files of a run. A directory may hold the manifest of a stranger."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fgraph._files import read_file
from fgraph._limits import MANIFEST_FILE
from fgraph._paths import is_inside

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class ListedFile:
    """A file that a manifest lists."""

    file: str  # its path within the directory
    output: str
    kind: str

    @property
    def is_tile(self) -> bool:
        """True if it is a tile of a Deep Zoom picture, in the folder `NAME_files/`."""
        return "_files/" in self.file


def listed_files(directory: Path) -> list[ListedFile]:
    """Return the files that the manifest of a directory lists; none if there is no valid one."""
    try:
        return _read(directory)
    except (OSError, ValueError):
        return []


def outdated(directory: Path, names: Iterable[str]) -> list[str]:
    """Return the name of the directory's manifest if it lists one of these files, which are about to be replaced."""
    try:
        listed = {one.file for one in _read(directory)}
    except FileNotFoundError:
        return []
    except (OSError, ValueError):
        return [MANIFEST]
    return [MANIFEST] if listed & set(names) else []


def remaining(directory: Path, earlier: Iterable[str], files: Iterable[str]) -> list[str]:
    """Return the files of an earlier manifest that still exist, and that are not among `files`."""
    return sorted(name for name in {*earlier} - {*files} if os.path.isfile(directory / name))


def _read(directory: Path) -> list[ListedFile]:
    """Return the entries of a manifest.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a manifest that fgraph wrote.
    """
    try:
        entries = json.loads(read_file(directory / MANIFEST, MANIFEST_FILE))["files"]
        return [_entry(one) for one in entries]
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("it is not a manifest") from error


def _entry(entry: Any) -> ListedFile:
    found = ListedFile(entry["file"], entry["output"], entry["kind"])
    if not is_inside(found.file) or not isinstance(found.output, str) or not isinstance(found.kind, str):
        raise ValueError("a file is outside the directory, or an entry is not text")
    return found
