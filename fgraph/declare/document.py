"""YAML text -> plain data, with the line of every key and item."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from fgraph._errors import Fault
from fgraph.declare.source import DocumentPath, Places, dotted

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STRING, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"

# As Hydra reads YAML: 1e-3 is a number, and a date is a string.
FLOAT = re.compile(
    r"""^(?:[-+]?[0-9]+(?:_[0-9]+)*\.[0-9_]*(?:[eE][-+]?[0-9]+)?
    |[-+]?[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+)
    |\.[0-9]+(?:_[0-9]+)*(?:[eE][-+][0-9]+)?
    |[-+]?[0-9]+(?:_[0-9]+)*(?::[0-5]?[0-9])+\.[0-9_]*
    |[-+]?\.(?:inf|Inf|INF)
    |\.(?:nan|NaN|NAN))$""",
    re.VERBOSE,
)


def read_scalars_as_hydra(resolver: Any) -> None:
    """Give a loader or dumper class Hydra's reading of plain scalars."""
    resolver.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+0123456789."))
    resolver.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith(":timestamp")]
        for first, pairs in resolver.yaml_implicit_resolvers.items()
    }


class _Loader(_BASE):  # type: ignore[misc]
    """A safe loader that reads scalars as Hydra does."""


read_scalars_as_hydra(_Loader)


@dataclass
class Document:
    """Plain data, where it stands, and what was wrong with it; `broken` are the paths with faults."""

    data: Any = None
    places: Places = field(default_factory=Places)
    faults: list[Fault] = field(default_factory=list)
    broken: set[DocumentPath] = field(default_factory=set)
    interpolates: bool = False  # whether it may hold `${...}` or `???`

    def report(self, message: str, *path: str | int, hint: str | None = None, line: int | None = None) -> None:
        """Note a fault at a path."""
        file, own_line = self.places.freeze().place(*path)
        self.faults.append(Fault(message, dotted(path), file, line or own_line, hint))
        self.broken.add(path)


def parse(text: str, file: str | None = None) -> Document:
    """Read YAML text; syntax errors and doubled keys become faults."""
    document = Document(places=Places(file), interpolates="${" in text or "???" in text)
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is not None:
            document.data = _Walk(loader, document).visit(root, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.problem, error.context) if part)
        document.report(f"this is not YAML: {said}", line=mark.line + 1 if mark else None)
    except yaml.YAMLError as error:
        document.report(f"this is not YAML: {str(error).splitlines()[0]}")
    finally:
        loader.dispose()
    return document


class _Walk:
    """Turns the composed nodes of a document into data, noting lines on the way."""

    def __init__(self, loader: Any, document: Document) -> None:
        self.loader = loader
        self.document = document
        self.lines = document.places.lines
        self.open: set[int] = set()  # what is being walked: an anchor may contain itself

    def visit(self, node: Any, path: DocumentPath) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return node.value if node.tag == _STRING else self.loader.construct_object(node)
        if id(node) in self.open:
            self.document.report("this anchor contains itself", *path)
            return None
        self.open.add(id(node))
        try:
            return self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._sequence(node, path)
        finally:
            self.open.discard(id(node))

    def _sequence(self, node: Any, path: DocumentPath) -> list[Any]:
        items = []
        for index, item in enumerate(node.value):
            where = (*path, index)
            self.lines[where] = item.start_mark.line + 1
            items.append(self.visit(item, where))
        return items

    def _mapping(self, node: Any, path: DocumentPath) -> dict[str, Any]:
        data: dict[str, Any] = {}
        merged = []
        for key_node, value in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag == _MERGE:
                merged.append(value)
                continue
            key = self._key(key_node)
            where = (*path, key)
            if key in data:
                message = f"'{key}' is given twice, in line {self.lines[where]} and in line {line}"
                self.document.report(message, *where, line=line)
                continue
            self.lines[where] = line
            data[key] = self.visit(value, where)
        for value in merged:
            self._merge(value, data, path)
        return data

    def _key(self, node: Any) -> str:
        # `y: 1` and `0: 1` mean the keys 'y' and '0', whatever YAML 1.1 makes of a bare y
        return str(node.value) if isinstance(node, yaml.ScalarNode) else "[...]"

    def _merge(self, value: Any, data: dict[str, Any], path: DocumentPath) -> None:
        for source in _merge_sources(value):
            if not isinstance(source, yaml.MappingNode):
                self.document.report("'<<' takes the anchor of a mapping, or a list of these", *path)
                continue
            if id(source) in self.open:
                self.document.report("this anchor contains itself", *path)
                continue
            self.open.add(id(source))
            self._merge_one(source, data, path)
            self.open.discard(id(source))

    def _merge_one(self, source: Any, data: dict[str, Any], path: DocumentPath) -> None:
        for key_node, inner in source.value:
            key = self._key(key_node)
            if key_node.tag == _MERGE:
                self._merge(inner, data, path)
            elif key not in data:  # what stands in the mapping itself, or was merged first, wins
                self.lines[*path, key] = key_node.start_mark.line + 1
                data[key] = self.visit(inner, (*path, key))


def _merge_sources(value: Any) -> Iterator[Any]:
    return iter(value.value) if isinstance(value, yaml.SequenceNode) else iter([value])
