"""A record -> its graph, checked before anything else reads it, and the changes since it was written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fgraph._errors import GraphError
from fgraph._version import __version__
from fgraph.declare.document import parse
from fgraph.declare.graph_file import parse_graph
from fgraph.declare.source import SourceMap
from fgraph.save.cells import find_picture
from fgraph.save.record import Record, read_record

_KEYS = ("version", "seed", "params", "models", "noise", "nodes", "outputs")  # keys of the graphs that fgraph writes
_OPEN = re.compile(r"(?<!\\)(\\*)\$\{")  # an interpolation, unless an odd number of backslashes precedes it


def restore(source: str | Path | bytes) -> tuple[Record, dict[str, Any]]:
    """Read the record of a picture, given by its path or its content, and its graph as plain data.

    The picture is untrusted. The graph is refused if it has keys that fgraph doesn't write, `defaults` or
    interpolations. Like a graph file, it may name models and other files.

    Raises:
        FgraphError: the file holds no record.
        GraphError: the graph isn't valid YAML, or has something that no record has.
    """
    record = read_record(source)
    document = parse_graph(record.graph, None if isinstance(source, bytes) else str(source))
    data = document.data
    if not document.faults and not isinstance(data, dict):
        document.report("a graph is a mapping")
    if document.faults:
        raise GraphError(document.faults)
    for key in data:
        if key not in _KEYS:
            document.report("the graph of a record has no such key", key)
    _check_strings(data, document)
    if document.faults:
        raise GraphError(document.faults)
    return record, data


def restore_graph(path: str | Path) -> tuple[dict[str, Any], SourceMap]:
    """Read the graph of a picture, or of a cell such as `sheet.png#3`, with the line of each part for faults.

    Raises:
        FgraphError: as `restore`.
    """
    path = find_picture(path)
    record, data = restore(path)
    return data, places_of(record, path)


def places_of(record: Record, path: str | Path) -> SourceMap:
    """Return the line of each part of a record's graph; the file is the picture."""
    return parse(record.graph, str(path)).places.freeze()


def describe_changes(then: Record, now: Record, path: str | Path) -> list[str]:
    """Describe changes of models, files, and the version of fgraph since a picture was written.

    Models and files are compared only if both records name the same source: another source is a deliberate change.
    """
    changes = []
    for name, model in then.models.items():
        other = now.models.get(name)
        if other is None or not _is_same(other.source, model.source) or "" in (model.digest, other.digest):
            continue
        if other.digest != model.digest:
            changes.append(f"model '{name}' ({model.source}) is another file: {_both(model.digest, other.digest)}")
    for file, digest in then.files.items():
        others = [found for name, found in now.files.items() if _is_same(name, file)]
        if others and digest not in others:
            changes.append(f"{file} is another file: {_both(digest, others[0])}")
    if changes:
        changes = [f"{path}: {one}; the pixels will differ" for one in changes]
    if then.version != __version__:
        changes.append(f"{path} was made by fgraph {then.version:.20}, this is {__version__}: pixels may differ")
    return changes


def _is_same(one: str, other: str) -> bool:
    """Return whether two sources are equal, or are files of equal names, since one may lie beside the picture."""
    return one == other or (bool(Path(one).suffix) and Path(one).name == Path(other).name)


def _both(then: str, now: str) -> str:
    return f"it was {then[:23] or 'not there'}, it is {now[:23] or 'not there'}"


def _check_strings(data: Any, document: Any, *path: str | int) -> None:
    if isinstance(data, str):
        if data == "???" or any(len(found[1]) % 2 == 0 for found in _OPEN.finditer(data)):
            document.report(f"the graph of a record has no interpolation, found '{data:.40}'", *path)
    elif isinstance(data, dict):
        for key, value in data.items():
            _check_strings(key, document, *path, key)
            _check_strings(value, document, *path, key)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            _check_strings(value, document, *path, index)
