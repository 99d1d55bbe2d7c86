"""The source locations of a composed graph: files with lines, and overrides of the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from fgraph.declare.reading import trace_files
from fgraph.declare.source import DocumentPath, SourceMap, SourceMapBuilder

if TYPE_CHECKING:
    from fgraph.cli.restoring import RestoredPicture

PlacedFile: TypeAlias = tuple[Path, tuple[str, ...]]  # a file, and the place of its root in the graph

_FIELD = re.compile(r"[+~]{0,2}graph\.([A-Za-z0-9_.]+)(=|$)")
_SETTINGS: dict[str, DocumentPath] = {"model": ("models", "main"), "seed": ("seed",)}


def trace(files: Sequence[PlacedFile], overrides: Sequence[str], restored: RestoredPicture | None = None) -> SourceMap:
    """Return the source locations of a job's graph, with which a fault names its file and line, or its override.

    Args:
        files: the files that the graph is composed of, the chosen one first.
        overrides: the overrides of the command line.
        restored: the picture that the graph comes from, in place of files.
    """
    if restored is not None:
        from fgraph.save.restoring import places_of  # imports Pillow, which graph files don't need

        written = places_of(restored.record, restored.path)
    else:
        written = trace_files(files)
    places = SourceMapBuilder(written.file, dict(written.lines), dict(written.sources))
    for text in overrides:
        path = _changed(text)
        if path:
            places.override(path, f"override '{text}'")
    return places.freeze()


def _changed(override: str) -> DocumentPath | None:
    """Return the part of the graph that an override changes, or None."""
    field = _FIELD.match(override)
    if field:
        return tuple(field[1].split("."))
    return _SETTINGS.get(override.partition("=")[0])
