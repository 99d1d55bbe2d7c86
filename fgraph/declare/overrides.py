"""Overrides in Hydra's grammar (`nodes.fade.start=0.4`), and their application to a document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fgraph.declare.document import Document
from fgraph.declare.source import DocumentPath

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

_PREFIX = re.compile(r"^([+~]{0,2})graph\.")


def parse_overrides(texts: Iterable[str], document: Document) -> list[Override]:
    """Parse overrides, without a leading `graph.`; add a fault to the document for each that is invalid."""
    from hydra.core.override_parser.overrides_parser import OverridesParser  # slow: only if there are overrides
    from hydra.errors import HydraException

    parser = OverridesParser.create()
    found = []
    for text in texts:
        without_graph = without_prefix(text)
        try:
            (override,) = parser.parse_overrides([without_graph])
        except HydraException as error:
            document.report(f"override '{text}' cannot be read{_reason(error)}", hint="write key=value")
            continue
        if override.is_sweep_override():
            hint = "a list is key=[1,2]; a sweep needs the command line with -m"
            document.report(f"override '{text}' is a sweep: one graph needs one value", hint=hint)
            continue
        override.input_line = text
        found.append(override)
    return found


def without_prefix(text: str) -> str:
    """Return an override without `graph.`, its prefix on the command line."""
    return _PREFIX.sub(r"\1", text).replace("@graph.", "@", 1)


def apply(overrides: Sequence[Override], document: Document) -> None:
    """Apply overrides to the document. New fields do not need `+`."""
    if overrides and not isinstance(document.data, dict):
        return  # another stage reports this
    for override in overrides:
        if override.package is not None or "/" in override.key_or_group:
            text = f"override '{override.input_line}' chooses from a group that no `defaults` list of this graph names"
            document.report(text)
            continue
        path = tuple(int(part) if part.isdecimal() else part for part in override.key_or_group.split("."))
        if override.is_delete():
            _delete(document, path, override)
        else:
            _change(document, path, override)


def _change(document: Document, path: DocumentPath, override: Override) -> None:
    holder = document.data
    for depth, key in enumerate(path[:-1]):
        if isinstance(holder, dict) and (key not in holder or holder[key] is None):
            holder[key] = {}
            document.places.override(path[: depth + 1], _origin(override))
        found = _enter(holder, key)
        if not isinstance(found, dict | list):
            inner = ".".join(map(str, path[: depth + 1]))
            document.report(f"override '{override.input_line}' finds nothing to change: {inner} holds no fields")
            return
        holder = found
    key = path[-1]
    value: Any = override.value()
    if isinstance(holder, list):
        if not isinstance(key, int) or key >= len(holder):
            message = f"override '{override.input_line}' finds no item {key} in a list of {len(holder)}"
            document.report(message, *path[:-1])
            return
        holder[key] = value
    else:
        both = isinstance(holder.get(key), dict) and isinstance(value, dict)
        holder[str(key)] = _merged(holder[key], value) if both else value
    document.places.override(path, _origin(override))


def _delete(document: Document, path: DocumentPath, override: Override) -> None:
    holder = document.data
    for key in path[:-1]:
        holder = _enter(holder, key)
    if _enter(holder, path[-1]) is _NOTHING:
        document.report(f"override '{override.input_line}' finds nothing to delete")
        return
    del holder[path[-1]]


_NOTHING = object()


def _enter(holder: Any, key: str | int) -> Any:
    if isinstance(holder, dict):
        return holder.get(key, _NOTHING)
    if isinstance(holder, list) and isinstance(key, int) and key < len(holder):
        return holder[key]
    return _NOTHING


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Merge as Hydra does: mappings by key; other values are replaced."""
    whole = dict(old)
    for key, value in new.items():
        both = isinstance(whole.get(key), dict) and isinstance(value, dict)
        whole[key] = _merged(whole[key], value) if both else value
    return whole


def _origin(override: Override) -> str:
    return f"override '{override.input_line}'"


def _reason(error: Exception) -> str:
    first = str(error).strip().partition("\n")[0]
    return f": {first}" if first and "Exception" not in first else ""
