"""The resolution of relative paths in a graph file to the files beside it.

A relative path is searched beside the file that contains it, then in the current directory. This module does the first
search, and leaves other paths unchanged. Paths from overrides are relative to the current directory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from fgraph._paths import expanded
from fgraph.declare.document import Document
from fgraph.declare.source import DocumentPath, SourceMap
from fgraph.node import FILE, Node, Noise, field_roles
from fgraph.registry import NodeClass, Registry, kinds_of

Place = tuple[MutableMapping[str, Any], str, DocumentPath]  # a mapping, a key whose value can name files, its path


def place_files(document: Document, ops: Registry) -> None:
    """Resolve each relative path of a graph file for which a file exists beside the graph file."""
    places = document.places.freeze()
    if isinstance(document.data, dict) and (places.file or places.sources):
        for holder, key, path in named_files(document.data, ops):
            value = holder[key]
            if isinstance(value, list):
                holder[key] = [_beside(one, places, path) for one in value]
            else:
                holder[key] = _beside(value, places, path)


def named_files(graph: dict[str, Any], ops: Registry, path: DocumentPath = ()) -> Iterator[Place]:
    """Yield the places that can name files in a graph and its sub-graphs, including those that name models."""
    for holder, where in [(graph.get("models"), "models"), (graph.get("noise"), "noise")]:
        if isinstance(holder, dict):
            names = list(holder) if where == "models" else [name for name in _FILES_OF_NOISE if name in holder]
            yield from ((holder, name, (*path, where, name)) for name in names)
    nodes = graph.get("nodes")
    for name, node in nodes.items() if isinstance(nodes, dict) else ():
        if isinstance(node, dict):
            here = (*path, "nodes", name)
            yield from ((node, field, (*here, field)) for field in _files_of(node, ops) if field in node)
            yield from _curves(node, here, ops)
            yield from named_files(node, ops, here)


def _curves(node: dict[str, Any], path: DocumentPath, ops: Registry) -> Iterator[Place]:
    """Yield the curves in files that give the values of rows."""
    node_class = _class_of(node, ops)
    for field in field_roles(node_class).row_lists if node_class is not None else ():
        value = node.get(field)
        if isinstance(value, dict) and "file" in value:
            yield value, "file", (*path, field, "file")


def _files_of(node: Mapping[str, Any], ops: Registry) -> tuple[str, ...]:
    node_class = _class_of(node, ops)
    return file_fields(node_class) if node_class is not None else ()


def _class_of(node: Mapping[str, Any], ops: Registry) -> NodeClass | None:
    op = node.get("op")
    entry = ops.get(op) if isinstance(op, str) else None
    if entry is None:
        return None
    return entry if isinstance(entry, type) else (kinds_of(entry) or {}).get(str(node.get("kind")))


def search_hint(value: Any, file: str | None) -> str | None:
    """Return a hint with the folders in which a missing file was looked for; None if the value is not a relative path.

    Args:
        value: the value of a field that names a file.
        file: the graph file that contains the value, or an override.
    """
    if not isinstance(value, str) or "://" in value or not Path(value).suffix:
        return None
    try:
        if expanded(value).is_absolute() or Path(value).exists():
            return None
        beside = [Path(file).absolute().parent] if file is not None and Path(file).is_file() else []
    except (OSError, ValueError):  # not a path: too long, or with a zero byte
        return None
    return f"looked in {' and '.join(map(str, dict.fromkeys([*beside, Path.cwd()])))}"


def hint_of_node(node: Node, path: DocumentPath, source: SourceMap, message: str) -> str | None:
    """Return a hint with the folders in which a node looked for the file in a message; None if it names no file."""
    for name in file_fields(type(node)):
        given = getattr(node, name)
        for value in given if isinstance(given, tuple) else (given,):
            if isinstance(value, str) and value in message:
                return search_hint(value, source.place(*path, name)[0])
    return None


def file_fields(model: Any) -> tuple[str, ...]:
    """Return the fields of a node that name files."""
    return tuple(name for name, field in model.model_fields.items() if field.json_schema_extra == FILE)


_FILES_OF_NOISE = file_fields(Noise)


def _beside(value: Any, places: SourceMap, path: DocumentPath) -> Any:
    """Return the path of an existing file or folder beside the file that contains `value`; otherwise `value`."""
    file, line = places.place(*path)
    if not isinstance(value, str) or not value or file is None or line is None or "://" in value:
        return value  # a value without a file comes from an override
    if (path[-2:-1] == ("models",) or path[-1:] == ("encoder",)) and not Path(value).suffix:
        return value  # a bundled model, or the encoder that comes with it
    try:
        found = Path(file).parent / value
        return str(found) if not expanded(value).is_absolute() and found.exists() else value
    except (OSError, ValueError):  # not a path: too long, or with a zero byte
        return value
