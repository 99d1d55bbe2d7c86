"""Where the parts of a composed graph came from: files with their lines, and overrides of the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from fgraph.declare.reading import trace_files
from fgraph.declare.source import DocumentPath, Places, Source

if TYPE_CHECKING:
    from fgraph.cli.restoring import Restored

PlacedFile: TypeAlias = tuple[Path, tuple[str, ...]]  # a file, and where its root stands in the graph

_FIELD = re.compile(r"[+~]{0,2}graph\.([A-Za-z0-9_.]+)(=|$)")
_SETTINGS: dict[str, DocumentPath] = {"model": ("models", "main"), "seed": ("seed",)}


def trace(files: Sequence[PlacedFile], overrides: Sequence[str], restored: Restored | None = None) -> Source:
    """Return the places of a job's graph, so that a fault names the file and line, or the override.

    Args:
        files: those the graph was composed of, the chosen one first.
        overrides: of the command line.
        restored: the picture that the graph comes from, in place of files.
    """
    if restored is not None:
        from fgraph.save.restoring import places_of  # with Pillow, which graph files can do without

        written = places_of(restored.record, restored.path)
    else:
        written = trace_files(files)
    places = Places(written.file, dict(written.lines), dict(written.origins))
    for text in overrides:
        path = _changed(text)
        if path:
            places.override(path, f"override '{text}'")
    return places.freeze()


def _changed(override: str) -> DocumentPath | None:
    """Which part of the graph an override changes, if any."""
    field = _FIELD.match(override)
    if field:
        return tuple(field[1].split("."))
    return _SETTINGS.get(override.partition("=")[0])
