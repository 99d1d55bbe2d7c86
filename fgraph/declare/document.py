"""YAML text -> plain data, with the line of every key and item."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from fgraph import _limits
from fgraph._errors import Fault
from fgraph._paths import from_text
from fgraph.declare.source import DocumentPath, SourceMapBuilder, dotted

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_STRING, _MERGE = f"{_TAG}str", f"{_TAG}merge"
_COLLECTIONS = {f"{_TAG}map", f"{_TAG}seq"}
_SCALARS = {f"{_TAG}{name}" for name in ("null", "bool", "int", "float", "str")}

DEEPEST = 64  # nesting depth of mappings and lists
MOST_EVENTS = 4_000_000  # events of the YAML parser in a text: starts and ends of mappings and lists, keys and values
MOST_REPEATED = 100_000  # values that aliases and merges add to those in the text
LONGEST_NUMBER = 100  # characters
_NODE_DEPTH = 3  # nesting depth of a node: a mapping in the mapping `nodes` of the graph
_STARTS, _ENDS = (yaml.MappingStartEvent, yaml.SequenceStartEvent), (yaml.MappingEndEvent, yaml.SequenceEndEvent)
_OCTAL = re.compile(r"[-+]?0[0-7_]+\Z")

# Equal to Hydra: 1e-3 is a number, and a date is a string.
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
    """Make a loader or dumper class resolve plain scalars as Hydra does."""
    resolver.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+0123456789."))
    resolver.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith(":timestamp")]
        for first, pairs in resolver.yaml_implicit_resolvers.items()
    }


class _Loader(_BASE):  # type: ignore[misc]
    """A safe loader that resolves plain scalars as overrides do: booleans are `true` and `false`, as in YAML 1.2."""


read_scalars_as_hydra(_Loader)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith(":bool")]
    for first, pairs in _Loader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


@dataclass
class Document:
    """Plain data with the places of its parts and its faults; `broken` are the paths with faults."""

    data: Any = None
    places: SourceMapBuilder = field(default_factory=SourceMapBuilder)
    faults: list[Fault] = field(default_factory=list)
    broken: set[DocumentPath] = field(default_factory=set)
    interpolates: bool = False  # whether it may contain `${...}` or `???`

    def copy(self) -> Document:
        """Return a copy that can be changed."""
        places = SourceMapBuilder(self.places.file, dict(self.places.lines), dict(self.places.sources))
        return replace(self, data=_copied(self.data), places=places, faults=list(self.faults), broken=set(self.broken))

    def report(self, message: str, *path: str | int, hint: str | None = None, line: int | None = None) -> None:
        """Add a fault at a path."""
        file, own_line = self.places.freeze().place(*path)
        self.faults.append(Fault(message, dotted(path), file, line or own_line, hint))
        self.broken.add(path)


def _copied(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _copied(value) for key, value in data.items()}
    return [_copied(value) for value in data] if isinstance(data, list) else data


def parse(text: str, file: str | None = None) -> Document:
    """Parse YAML text. Syntax errors, duplicate keys and values without a JSON type become faults.

    `DEEPEST`, `MOST_EVENTS` and, for aliases and merges, `MOST_REPEATED` limit the cost.
    """
    document = Document(places=SourceMapBuilder(file), interpolates="${" in text or "???" in text)
    loader = _Loader(text)
    try:
        count = _count_within_bounds(text)
        root = loader.get_single_node()
        if root is not None:
            document.data = _Walk(loader, document, count + MOST_REPEATED).visit(root, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.problem, error.context) if part)
        document.report(f"this is not YAML: {problem}", line=mark.line + 1 if mark else None)
    except yaml.YAMLError as error:
        document.report(f"this is not YAML: {str(error).splitlines()[0]}")
    except _OutOfBounds as error:
        document.data = None
        document.report(str(error), line=error.line)
    finally:
        loader.dispose()
    return document


class _OutOfBounds(Exception):
    """A text exceeds the bounds of a graph."""

    def __init__(self, message: str, mark: Any) -> None:
        super().__init__(message)
        self.line = mark.line + 1 if mark is not None else None


def _count_within_bounds(text: str) -> int:
    """Count the events of a text without building data.

    Raises:
        _OutOfBounds: there are too many events or nodes, or the nesting is too deep.
        yaml.YAMLError: the text is not YAML.
    """
    depth = count = nodes = 0
    for event in yaml.parse(text, Loader=_BASE):
        count += 1
        depth += isinstance(event, _STARTS) - isinstance(event, _ENDS)
        nodes += depth == _NODE_DEPTH and isinstance(event, yaml.MappingStartEvent)
        if nodes > _limits.NODES:
            raise _OutOfBounds(f"the graph has more than {_limits.NODES} nodes", event.start_mark)
        if depth > DEEPEST:
            raise _OutOfBounds(f"mappings and lists are nested more than {DEEPEST} deep", event.start_mark)
        if count > MOST_EVENTS:
            raise _OutOfBounds(f"the text has more than {MOST_EVENTS} keys and values", event.start_mark)
    return count


class _Walk:
    """A walk over the composed nodes of a document that makes data and records lines."""

    def __init__(self, loader: Any, document: Document, most: int) -> None:
        self.loader = loader
        self.document = document
        self.lines = document.places.lines
        self.open: set[int] = set()  # ids on the current path: an anchor can contain itself
        self.remaining = most  # number of nodes that can still be visited

    def visit(self, node: Any, path: DocumentPath) -> Any:
        self._spend(node)
        if isinstance(node, yaml.ScalarNode):
            return from_text(node.value) if node.tag == _STRING else self._scalar(node, path)
        if id(node) in self.open:
            self.document.report("this anchor contains itself", *path)
            return None
        if node.tag not in _COLLECTIONS:
            self._report_tag(node, "a mapping" if isinstance(node, yaml.MappingNode) else "a list", path)
            return None
        self.open.add(id(node))
        try:
            return self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._sequence(node, path)
        finally:
            self.open.discard(id(node))

    def _spend(self, node: Any) -> None:
        self.remaining -= 1
        if self.remaining < 0:
            raise _OutOfBounds(f"aliases and merges expand to more than {MOST_REPEATED} values", node.start_mark)

    def _scalar(self, node: Any, path: DocumentPath) -> Any:
        """Return the value of a scalar that is not text; report a fault if it has none."""
        line, text = node.start_mark.line + 1, node.value
        shown = text if len(text) <= 40 else f"{text[:40]}..."
        if node.tag not in _SCALARS:
            self._report_tag(node, f"'{shown}'", path)
            return None
        if node.tag.endswith((":int", ":float")) and (advice := _misread_number(text)):
            self.document.report(f"found the number '{shown}', {advice}", *path, line=line)
            return None
        try:
            return self.loader.construct_object(node)
        except (ValueError, KeyError, OverflowError):
            kind = node.tag.removeprefix(_TAG)
            message = f"this is not YAML: '{shown}' is not a value of type {kind}"
            self.document.report(message, *path, line=line)
            return None

    def _report_tag(self, node: Any, what: str, path: DocumentPath) -> None:
        tag, line = node.tag.removeprefix(_TAG), node.start_mark.line + 1
        message = f"this is not YAML of a graph: {what} has the tag '{tag:.40}'"
        self.document.report(message, *path, hint="leave the tag out", line=line)

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
        # The keys of `off: 1` and `0: 1` are 'off' and '0', as written.
        return str(node.value) if isinstance(node, yaml.ScalarNode) else "[...]"

    def _merge(self, value: Any, data: dict[str, Any], path: DocumentPath) -> None:
        for source in _merge_sources(value):
            if not isinstance(source, yaml.MappingNode):
                self.document.report("'<<' takes the anchor of a mapping, or a list of these", *path)
                continue
            if id(source) in self.open:
                self.document.report("this anchor contains itself", *path)
                continue
            self._spend(source)
            self.open.add(id(source))
            self._merge_one(source, data, path)
            self.open.discard(id(source))

    def _merge_one(self, source: Any, data: dict[str, Any], path: DocumentPath) -> None:
        for key_node, inner in source.value:
            self._spend(key_node)
            key = self._key(key_node)
            if key_node.tag == _MERGE:
                self._merge(inner, data, path)
            elif key not in data:  # keys of the mapping itself, and earlier merges, win
                self.lines[*path, key] = key_node.start_mark.line + 1
                data[key] = self.visit(inner, (*path, key))


def _merge_sources(value: Any) -> Iterator[Any]:
    return iter(value.value) if isinstance(value, yaml.SequenceNode) else iter([value])


def _misread_number(text: str) -> str | None:
    """Return the reason why YAML misreads or cannot read a number; None if there is none."""
    if len(text) > LONGEST_NUMBER:
        return f"which has {len(text)} characters; at most {LONGEST_NUMBER} are allowed"
    if ":" in text:
        return "which YAML reads in base 60: quote it, or write it in decimal"
    if _OCTAL.match(text):
        return "which YAML reads in base 8: leave out the zero in front, or quote it"
    return None
