"""`${...params.seed}` in a document -> the value it stands for, as OmegaConf reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from omegaconf import Container, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from fgraph.declare.document import Document
from fgraph.declare.source import DocumentPath

MISSING = "???"  # what Hydra's files write for a value that must be given


def resolve(document: Document) -> None:
    """Replace every interpolation of the document by its value; one that leads nowhere becomes a fault.

    Relative interpolation (`${..start}`, `${...params.seed}`) counts from the mapping that holds it, so it works
    alike in a graph file and in a graph that stands inside a larger config.
    """
    found = list(_find(document.data, ()))
    if not found:
        return
    root = OmegaConf.create(document.data, flags={"allow_objects": True})
    values: list[tuple[DocumentPath, Any]] = []
    for path, text in found:
        if text == MISSING:
            key = ".".join(map(str, path))
            document.report("this value must be given", *path, hint=f"on the command line: {key}=...")
            continue
        try:
            values.append((path, _value(root, path)))
        except OmegaConfBaseException as error:
            reason = str(error).splitlines()[0]
            document.report(f"'{text}' cannot be resolved: {reason}", *path, hint=_hint(text))
    for path, value in values:
        _put(document.data, path, value)


def _find(data: Any, path: DocumentPath) -> Iterator[tuple[DocumentPath, str]]:
    """Strings that hold `${`, or are `???`, with their paths."""
    if isinstance(data, str):
        if "${" in data or data == MISSING:
            yield path, data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _find(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _find(value, (*path, index))


def _value(root: Container, path: DocumentPath) -> Any:
    value: Any = root
    for key in path:
        value = value[key]
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value


def _put(data: Any, path: DocumentPath, value: Any) -> None:
    for key in path[:-1]:
        data = data[key]
    data[path[-1]] = value


def _hint(text: str) -> str | None:
    inside = text.split("${", 1)[1]
    if inside.startswith(".") or ":" in inside.split("}", 1)[0]:
        return None
    return "count from the node: in nodes.left.seed, '${...params.seed}' is params.seed"
