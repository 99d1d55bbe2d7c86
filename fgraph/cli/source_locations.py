"""Where the parts of a composed graph came from: files with their lines, and overrides of the command line."""

from __future__ import annotations

import re

from fgraph.cli.configuration import JobSettings
from fgraph.declare.reading import trace_files
from fgraph.declare.source import DocumentPath, Places, Source
from fgraph.save.restoring import places_of

_FIELD = re.compile(r"[+~]{0,2}graph\.([A-Za-z0-9_.]+)(=|$)")
_SETTINGS: dict[str, DocumentPath] = {"model": ("models", "main"), "seed": ("seed",)}


def trace(settings: JobSettings) -> Source:
    """The places of a job's graph, so that a fault names the file and line, or the override, that it stands in."""
    if settings.restored is not None:
        files = places_of(settings.restored.record, settings.restored.path)
    else:
        files = trace_files(settings.files)
    places = Places(files.file, dict(files.lines), dict(files.origins))
    for text in settings.overrides:
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
