r"""Interpolations such as `${...params.seed}` in a document -> the values that they name.

The grammar is OmegaConf's, without resolvers. `${a.b[0]}` is relative to the root, and `${.x}` to the mapping that
contains the text; each further dot goes up by one. `\${` is the literal text `${`. Values outside the document are not
accessible, and the work is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fgraph.declare.document import Document
from fgraph.declare.source import DocumentPath, dotted

MISSING = "???"  # a mandatory value in the files of Hydra
LONGEST = 64 * 1024  # characters of a resolved text
MOST_VALUES = 100_000  # values of one interpolation, and of all interpolations of a document together
DEEPEST = 64  # length of a chain of interpolations

_OPEN = re.compile(r"(?<!\\)(\\*)\$\{")  # only at the start of a run of backslashes, so that a search is linear
_KEY = r"[A-Za-z0-9_-]+"
_INSIDE = re.compile(rf"\s*(?P<dots>\.*)(?P<path>(?:{_KEY}|\[{_KEY}\])(?:\.{_KEY}|\[{_KEY}\])*)\s*\}}")
_RESOLVER = re.compile(r"[^{}]*:")


class Unresolved(ValueError):
    """An interpolation cannot be resolved; the message gives the reason."""


def resolve(document: Document) -> None:
    """Replace every interpolation of the document by its value; report those that cannot be resolved."""
    found = list(_find(document.data, ()))
    resolver = _Resolver(document.data)
    values: list[tuple[DocumentPath, Any]] = []
    remaining = MOST_VALUES
    for path, text in found:
        if text == MISSING:
            document.report("this value must be given", *path, hint=f"on the command line: {dotted(path)}=...")
            continue
        try:
            value = resolver.value(path)
            remaining -= resolver.size(value) - 1 + (len(value) // 100 if isinstance(value, str) else 0)
            if remaining < 0:
                raise Unresolved(f"all interpolations together expand to more than {MOST_VALUES} values")
        except Unresolved as error:
            document.report(f"'{text:.80}' cannot be resolved: {error}", *path, hint=_hint(text))
        else:
            values.append((path, value))
    for path, value in values:
        _put(document.data, path, _copied(value))  # the resolver shares values


def check_interpolations(document: Document) -> None:
    """Report texts whose interpolations do not match the grammar, without resolving them."""
    for path, text in _find(document.data, ()):
        try:
            list(_parts(text))
        except Unresolved as error:
            document.report(f"'{text:.80}' cannot be resolved: {error}", *path)


def escaped(data: Any) -> Any:
    r"""Escape resolved data, `${` as `\${`, so that it resolves to itself."""
    if isinstance(data, str):
        return _OPEN.sub(lambda match: match[1] * 2 + r"\${", data) if "${" in data else data
    if isinstance(data, dict):
        return {key: escaped(value) for key, value in data.items()}
    return [escaped(value) for value in data] if isinstance(data, list) else data


class _Resolver:
    """The resolved values of one document, cached by path."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._values: dict[DocumentPath, Any] = {}
        self._failed: dict[DocumentPath, Unresolved] = {}
        self._sizes: dict[int, tuple[int, Any]] = {}  # id -> size, and the value, which keeps its id unique
        self._open: list[DocumentPath] = []

    def value(self, path: DocumentPath) -> Any:
        """Return the value at a path of the document, with everything inside it resolved.

        Raises:
            Unresolved: an interpolation in it has no value, or exceeds a bound.
        """
        if path in self._values:
            return self._values[path]
        if path in self._failed:
            raise self._failed[path]
        if path in self._open:
            circle = [*self._open[self._open.index(path) :], path]
            raise Unresolved(f"it is circular: {' -> '.join(map(dotted, circle))}")
        if len(self._open) >= DEEPEST:
            raise Unresolved(f"it is a chain of more than {DEEPEST} values")
        self._open.append(path)
        try:
            value = self._inside(self._raw(path), path)
            if self.size(value) > MOST_VALUES:
                raise Unresolved(f"it expands to more than {MOST_VALUES} values")
        except Unresolved as error:
            self._failed[path] = error
            raise
        finally:
            self._open.pop()
        self._values[path] = value
        return value

    def size(self, value: Any) -> int:
        """Return the number of values in a resolved value, itself included."""
        if not isinstance(value, dict | list):
            return 1
        if id(value) not in self._sizes:
            inner = value.values() if isinstance(value, dict) else value
            self._sizes[id(value)] = 1 + sum(map(self.size, inner)), value
        return self._sizes[id(value)][0]

    def _inside(self, raw: Any, path: DocumentPath) -> Any:
        if isinstance(raw, str):
            return self._text(raw, path) if "${" in raw else raw
        if isinstance(raw, dict):
            return {key: self.value((*path, key)) for key in raw}
        return [self.value((*path, index)) for index in range(len(raw))] if isinstance(raw, list) else raw

    def _raw(self, path: DocumentPath) -> Any:
        value = self._root
        for key in path:
            value = value[key]
        return value

    def _text(self, text: str, path: DocumentPath) -> Any:
        parts = list(_parts(text))
        if len(parts) == 1 and isinstance(parts[0], re.Match):
            return self._target(parts[0], path)
        whole, length = [], 0
        for part in parts:
            shown = part if isinstance(part, str) else str(self._target(part, path))
            whole.append(shown)
            length += len(shown)
            if length > LONGEST:
                raise Unresolved(f"its text is longer than {LONGEST} characters")
        return "".join(whole)

    def _target(self, match: re.Match[str], path: DocumentPath) -> Any:
        """Return the value that an interpolation of the text at `path` names."""
        up = len(match["dots"])
        if up > len(path):
            raise Unresolved("it has more dots than there are mappings around it")
        here: DocumentPath = path[: len(path) - up] if up else ()
        keys = re.findall(_KEY, match["path"])
        if not up and keys[0] == "graph" and isinstance(self._root, dict) and "graph" not in self._root:
            keys = keys[1:]  # the command line has the graph under this key
        for number, key in enumerate(keys):
            raw = self._raw(here)
            if isinstance(raw, str):  # an interpolation of a mapping
                return _descend(self.value(here), keys[number:])
            here = (*here, _child(raw, key))
        value = self.value(here)
        if value == MISSING and isinstance(value, str):
            raise Unresolved(f"{dotted(here)} must be given")
        return value


def _child(holder: Any, key: str) -> str | int:
    """Return the key of a child of a mapping or a list."""
    if isinstance(holder, dict) and key in holder:
        return key
    if isinstance(holder, list) and key.isdecimal() and len(key) < 10 and int(key) < len(holder):
        return int(key)
    raise Unresolved(f"there is no '{key}'")


def _descend(value: Any, keys: list[str]) -> Any:
    for key in keys:
        value = value[_child(value, key)]
    return value


def _parts(text: str) -> Iterator[str | re.Match[str]]:
    """Yield the parts of a text: literal text and interpolations.

    Raises:
        Unresolved: an interpolation does not match the grammar.
    """
    start = 0
    while opening := _OPEN.search(text, start):
        literal = text[start : opening.start()] + "\\" * (len(opening[1]) // 2)
        start = opening.end()
        if len(opening[1]) % 2:
            yield literal + "${"
            continue
        if literal:
            yield literal
        inside = _INSIDE.match(text, start)
        if inside is None:
            if _RESOLVER.match(text, start):
                raise Unresolved("resolvers do not run in graphs; name a value of the graph, such as ${params.x}")
            raise Unresolved("write '${' with the path of a value and '}', such as ${params.x}")
        yield inside
        start = inside.end()
    if start < len(text):
        yield text[start:]


def _find(data: Any, path: DocumentPath) -> Iterator[tuple[DocumentPath, str]]:
    """Yield texts that contain `${` or are `???`, with their paths."""
    if isinstance(data, str):
        if "${" in data or data == MISSING:
            yield path, data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _find(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _find(value, (*path, index))


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def _put(data: Any, path: DocumentPath, value: Any) -> None:
    for key in path[:-1]:
        data = data[key]
    data[path[-1]] = value


def _hint(text: str) -> str | None:
    inside = text.split("${", 1)[1] if "${" in text else "."
    if inside.startswith(".") or ":" in inside.split("}", 1)[0]:
        return None
    return "each further dot goes up by one: in nodes.left.seed, '${...params.seed}' is params.seed"
