"""Minimal edits of the text of a graph: all other text, with its comments and layout, stays as written.

A text is composed to nodes with their places. An edit replaces, inserts or removes a span of the text, and is checked:
the new text must read as the old data with exactly that change.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import yaml

from fgraph._cached import cached_property
from fgraph._errors import FgraphError
from fgraph.declare.document import Document
from fgraph.declare.graph_file import parse_graph
from fgraph.declare.source import DocumentPath, dotted
from fgraph.declare.writing import flow_text

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ALIAS = re.compile(r"\*[^\s,\[\]{}]+")
_BLOCK_TEXT = ("|", ">")
_DEADLINE: ContextVar[float] = ContextVar("deadline", default=math.inf)  # of edits, on the monotonic clock


class EditError(FgraphError):
    """An edit that the text does not allow."""


@contextmanager
def limit_edits(seconds: float) -> Iterator[None]:
    """Refuse edits that come later than this: each reads the whole text again, which is slow in a large graph."""
    token = _DEADLINE.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


@dataclass(frozen=True)
class GraphText:
    """The text of a graph. Edits return a new one."""

    text: str

    @cached_property
    def document(self) -> Document:
        """The parsed text; do not change it."""
        return parse_graph(self.text)

    def expect_sound(self) -> None:
        """Check that the text is YAML of a graph.

        Raises:
            EditError: it is not.
        """
        if self.document.faults or not isinstance(self.document.data, dict):
            raise EditError("the text has mistakes: correct them first")

    @cached_property
    def _root(self) -> Any:
        self.expect_sound()
        return yaml.compose(self.text, Loader=_LOADER)

    def get(self, *path: str | int) -> Any:
        """Return the value at a path, or None."""
        value = self.document.data
        for key in path:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def set(self, path: DocumentPath, value: Any) -> GraphText:
        """Return the text with a value at a path. Missing mappings on the way are added.

        Raises:
            EditError: the text cannot be changed there.
        """
        holder, missing = self._deepest(path)
        for key in reversed(missing[1:]):
            value = {key: value}
        key = missing[0]
        where = path[: len(path) - len(missing)]
        pair = _find(holder, key)
        if pair is not None:
            made = self._replaced(pair, _flow(value))
        elif isinstance(holder, yaml.MappingNode):
            made = self._inserted(holder, f"{_flow(str(key))}: {_flow(value)}")
        else:
            raise EditError(f"{dotted((*where, key))} cannot be set: {dotted(where)} has no such item")
        return self._checked(made, (*where, key), value)

    def remove(self, path: DocumentPath) -> GraphText:
        """Return the text without the value at a path; the text itself if there is none.

        Raises:
            EditError: the text cannot be changed there.
        """
        holder, missing = self._deepest(path)
        if len(missing) > 1 or (pair := _find(holder, missing[0])) is None:
            return self
        if not isinstance(holder, yaml.MappingNode):
            raise EditError(f"{dotted(path)} is an item of a list: set the list")
        if len(holder.value) == 1 and len(path) > 1:
            return self.set(path[:-1], {})
        return self._checked(self._without(holder, pair), path, _GONE)

    def rename(self, path: DocumentPath, key: str) -> GraphText:
        """Return the text with another key in place of the last one of a path.

        Raises:
            EditError: the text cannot be changed there.
        """
        holder, missing = self._deepest(path)
        pair = _find(holder, missing[0])
        if pair is None or len(missing) > 1:
            raise EditError(f"there is no {dotted(path)}")
        node = pair[0]
        made = _spliced(self.text, node.start_mark.index, node.end_mark.index, _flow(key))
        value = self.get(*path)
        return self._checked(made, path, _GONE, extra=((*path[:-1], key), value))

    def _deepest(self, path: DocumentPath) -> tuple[Any, DocumentPath]:
        """Return the deepest node on the way to a path whose next key is absent or last, and the keys that are left."""
        holder = self._root
        for depth, key in enumerate(path[:-1]):
            pair = _find(holder, key)
            if pair is None or not isinstance(pair[1], yaml.CollectionNode):
                return holder, path[depth:]
            holder = pair[1]
        return holder, path[-1:]

    def _replaced(self, pair: tuple[Any, Any], value: str) -> str:
        key, node = pair
        start, end = node.start_mark.index, _end(node)
        after = self.text.index(":", key.end_mark.index) + 1 if key is not node else start
        if start < after or (start == end and key is not node):  # an alias, whose node is elsewhere; or nothing
            alias = _ALIAS.match(self.text, after + _blanks(self.text, after))
            return _spliced(self.text, after, alias.end() if alias else after, f" {value}")
        if isinstance(node, yaml.ScalarNode) or node.flow_style:
            return _spliced(self.text, start, end, value)
        return _spliced(self.text, after, end, f" {value}")

    def _inserted(self, holder: Any, entry: str) -> str:
        if holder.flow_style:
            if not holder.value:
                start, end = holder.start_mark.index, holder.end_mark.index
                return _spliced(self.text, start, end, f"{{{entry}}}")
            end = _end_of_pair(self.text, holder.value[-1])
            return _spliced(self.text, end, end, f", {entry}")
        end = _line_end(self.text, _end_of_pair(self.text, holder.value[-1]))
        indent = " " * holder.value[0][0].start_mark.column
        return _spliced(self.text, end, end, f"\n{indent}{entry}")

    def _without(self, holder: Any, pair: tuple[Any, Any]) -> str:
        place = holder.value.index(pair)
        start, end = pair[0].start_mark.index, _end_of_pair(self.text, pair)
        if holder.flow_style:
            if place + 1 < len(holder.value):
                return _spliced(self.text, start, holder.value[place + 1][0].start_mark.index, "")
            return _spliced(self.text, _end_of_pair(self.text, holder.value[place - 1]) if place else start, end, "")
        before = self.text.rfind("\n", 0, start) + 1
        if self.text[before:start].strip():  # the first key of a mapping in a list
            return _spliced(self.text, start, holder.value[place + 1][0].start_mark.index, "")
        return _spliced(self.text, before, min(_line_end(self.text, end) + 1, len(self.text)), "")

    def _checked(
        self, text: str, path: DocumentPath, value: Any, extra: tuple[DocumentPath, Any] | None = None
    ) -> GraphText:
        """Return the new text if it reads as the old data with the change."""
        if time.monotonic() > _DEADLINE.get():
            raise EditError("these changes take too long, and none of them is made: make fewer at once")
        wanted = deepcopy(self.document.data)
        for place, one in [(path, value), *([extra] if extra else [])]:
            _put(wanted, place, one)
        made = GraphText(text)
        if made.document.faults or made.document.data != wanted:
            raise EditError(f"{dotted(path)} cannot be changed from here: edit the text")
        return made


_GONE = object()


def _find(holder: Any, key: str | int) -> tuple[Any, Any] | None:
    """Return the nodes of a key and its value; an item of a list is its own key."""
    if isinstance(holder, yaml.SequenceNode):
        inside = isinstance(key, int) and 0 <= key < len(holder.value)
        return (holder.value[key], holder.value[key]) if inside else None
    return next((pair for pair in holder.value if pair[0].value == str(key)), None)


def _end(node: Any) -> int:
    """Return where the text of a node ends, without the comments and line ends after it."""
    if isinstance(node, yaml.ScalarNode):
        return int(node.end_mark.index) - (node.style in _BLOCK_TEXT and node.end_mark.column == 0)
    if node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return max(_end(one) for one in (last if isinstance(last, tuple) else (last,)))


def _end_of_pair(text: str, pair: tuple[Any, Any]) -> int:
    """Return where a key and its value end."""
    key, node = pair
    after = text.index(":", key.end_mark.index) + 1
    if node.start_mark.index >= after:
        return max(after, _end(node))
    alias = _ALIAS.match(text, after + _blanks(text, after))
    return alias.end() if alias else after


def _flow(value: Any) -> str:
    """Return a value as it is written inside a mapping on one line, where more text needs quotes."""
    return flow_text([value])[1:-1]


def _blanks(text: str, start: int) -> int:
    return len(text[start:]) - len(text[start:].lstrip(" \t"))


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _spliced(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def _put(data: Any, path: DocumentPath, value: Any) -> None:
    for key in path[:-1]:
        data = data.setdefault(key, {}) if isinstance(data, dict) else data[key]
    if value is _GONE:
        del data[path[-1]]
    else:
        data[path[-1]] = deepcopy(value) if isinstance(value, Mapping | list) else value
