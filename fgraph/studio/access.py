"""The files that a graph in the studio may name: those that were granted on this machine, not by the page."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import graphs
from fgraph.declare.document import Document
from fgraph.declare.files import named_files
from fgraph.declare.interpolation import resolve
from fgraph.registry import Registry, registry_with
from fgraph.studio.text import GraphText

_HINT = "drop the picture on the page, or open the graph file by fgraph studio FILE"


class FileAccess:
    """The paths and models that graphs may name."""

    def __init__(self, models: Iterable[str] = (), granted: Iterable[str] = ()) -> None:
        self._models = set(models)
        self._granted: set[str] = set(granted)

    @property
    def granted(self) -> list[str]:
        """Everything that was granted, for the next launch."""
        return sorted(self._granted)

    def grant(self, path: Path) -> None:
        """Allow a file."""
        self._granted.add(os.path.abspath(path))

    def grant_all(self, text: GraphText, place: Path) -> None:
        """Allow everything that is named in a graph that a person on this machine has opened.

        Args:
            text: the graph.
            place: its file, beside which relative paths are looked up.
        """
        document = text.document.copy()
        if document.interpolates:
            resolve(document)
        for value in _named(document, registry_with()):
            self._granted.update((value, *_candidates(value, place)))

    def restrict(self, document: Document, place: Path) -> None:
        """Report each path or model of a graph that is not allowed, and remove it, before anything reads it."""
        if not isinstance(document.data, dict):
            return
        for holder, key, path in list(named_files(document.data, registry_with())):
            value = holder[key]
            if path[-2:-1] == ("models",):
                allowed = not isinstance(value, str) or value in self._models or value in self._granted
                message = f"'{value:.80}' is not among the models of the studio" if not allowed else ""
                hint = "choose one of the list; start fgraph studio with models=FOLDER to add some"
            else:
                known = self._models if path[-1] == "encoder" else ()  # a published file holds both
                refused = [one for one in _texts(value) if one not in known and not self._permits(one, place)]
                allowed, hint = not refused, _HINT
                message = f"the studio does not read '{refused[0]:.80}' for the page" if refused else ""
            if not allowed:
                document.report(message, *path, hint=hint)
                del holder[key]

    def moved(self, text: GraphText, before: Path, after: Path) -> GraphText:
        """Return the text of a graph for a file in another folder, with its relative paths adapted.

        Args:
            text: the text.
            before: its file.
            after: the file that it will have.
        """
        document = text.document.copy()
        if not isinstance(document.data, dict):
            return text
        if document.interpolates:
            resolve(document)
        for holder, key, path in named_files(document.data, registry_with()):
            value = holder[key]
            one = self._from(value, before, after) if isinstance(value, str) else value
            if one != value:
                text = text.set(path, one)
        return text

    def _from(self, value: str, before: Path, after: Path) -> str:
        beside = _candidates(value, before)[0]
        if value in _bundled_pictures() or os.path.isabs(value) or beside not in self._granted:
            return value
        return relative(Path(beside), after)

    def _permits(self, value: str, place: Path) -> bool:
        return value in _bundled_pictures() or any(one in self._granted for one in _candidates(value, place))


def relative(path: Path, place: Path) -> str:
    """Return the path of a file as a graph file names it: relative to its folder, where that is possible."""
    try:
        return Path(os.path.relpath(path, place.parent)).as_posix()
    except ValueError:  # another drive
        return str(path)


def _named(document: Document, ops: Registry) -> list[str]:
    if not isinstance(document.data, dict):
        return []
    return [one for holder, key, _ in named_files(document.data, ops) for one in _texts(holder[key])]


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)


def _candidates(value: str, place: Path) -> list[str]:
    """Return the paths that a value may mean: beside the graph file, or in the current directory.

    Both are computed without reading the disk, so that the page learns nothing about it.
    """
    given = os.path.expanduser(value)
    return [os.path.normpath(os.path.join(folder, given)) for folder in (os.path.abspath(place.parent), os.getcwd())]


@cache
def _bundled_pictures() -> frozenset[str]:
    folder = Path(next(iter(graphs.__path__))) / "pictures"
    return frozenset(one.name for one in folder.iterdir())
