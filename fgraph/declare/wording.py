"""Validation errors of pydantic in plain words."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from fgraph._errors import nearest
from fgraph.declare.annotations import in_words, item_in_words, models_in, port_words, words
from fgraph.declare.source import DocumentPath
from fgraph.node import Node, field_roles

_LONGEST = 60  # most characters of a value in a message


@dataclass(frozen=True)
class FieldError:
    """One error in a mapping, at a path relative to it."""

    path: DocumentPath
    message: str
    hint: str | None = None


def translate(model: type[BaseModel], name: str, data: Mapping[str, Any], error: ValidationError) -> list[FieldError]:
    """Describe a validation error of `data` as a `model`, which messages call `name`, with one error per field."""
    by_path: dict[DocumentPath, list[Any]] = {}
    for detail in error.errors(include_url=False):
        if not _is_meant(model, data, detail["loc"]):
            continue
        by_path.setdefault(_real_path(detail["loc"], data, detail["type"]), []).append(detail)
    errors: list[FieldError] = []
    for path, details in by_path.items():
        # Each branch of a union has errors. The branch with the longest path fits best.
        if any(other[: len(path)] == path and len(other) > len(path) for other in by_path) and path:
            continue
        errors.append(_field_error(model, name, data, path, details))
    return errors


def _is_meant(model: type[BaseModel], data: Mapping[str, Any], location: tuple[str | int, ...]) -> bool:
    """Return whether an error concerns the form in which a per-row field was given: a value, or a list of values.

    If a value is itself a list, such as a point, the depth of the lists distinguishes the two forms.
    """
    depth = field_roles(model).per_row.get(str(location[0]), 0) if location and issubclass(model, Node) else 0
    if depth < 2 or len(location) < 2 or not str(location[1]).startswith("tuple["):
        return True
    branch, found = str(location[1]), data.get(str(location[0]))
    is_rows = branch.startswith("tuple[" * depth)
    return is_rows == (_list_depth(found) >= depth)


def _list_depth(value: Any) -> int:
    return 1 + _list_depth(value[0]) if isinstance(value, list | tuple) and value else 0


def show(value: Any) -> str:
    """Format a value for a message."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def name_of(data: Mapping[str, Any]) -> str:
    """Return the name of a node in messages: `mask of kind ramp`, `blend`."""
    kind = data.get("kind")
    return f"{data.get('op')} of kind {kind}" if isinstance(kind, str) else str(data.get("op"))


def unknown_field(name: str, field: str, known: Iterable[str]) -> tuple[str, str]:
    """Return message and hint for an unknown field."""
    names = [other for other in known if other not in ("op", "kind")]
    has = f"it has {', '.join(names)}" if names else "it has none"
    return f"{name} has no field '{field}'", nearest(field, names) or has


def _field_error(
    model: type[BaseModel], name: str, data: Mapping[str, Any], path: DocumentPath, details: list[Any]
) -> FieldError:
    owner, field = _field_at(model, path)
    if owner is not model:
        name = next(key for key in reversed(path[:-1]) if isinstance(key, str))
    last = str(path[-1]) if path else ""
    for detail in details:
        if detail["type"] == "extra_forbidden" and owner is not None:
            return FieldError(path, *unknown_field(name, last, owner.model_fields))
        absent = detail["type"] == "missing" and detail["loc"][-1] == last  # otherwise, a list is too short
        if absent and owner is not None and field is not None:
            return FieldError(path, _missing(owner, name, last, field))
        if detail["type"] == "finite_number":
            return FieldError(path, f"found {show(_at(data, path))}, expected a finite number")
        if detail["type"] in ("value_error", "assertion_error"):
            reason = str(detail["msg"]).split(", ", 1)[-1]
            return FieldError(path, f"found {show(_at(data, path))}: {reason}" if path else reason)
    found = show(_at(data, path))
    if field is None:
        value = _value_in_words(model, path)
        return FieldError(path, f"found {found}, expected {value}" if value else f"found {found}: {details[0]['msg']}")
    indexed = bool(path) and isinstance(path[-1], int)
    return FieldError(path, f"found {found}, expected {item_in_words(field) if indexed else in_words(field)}")


def _value_in_words(model: type[BaseModel], path: DocumentPath) -> str | None:
    """Describe the values of a mapping such as `inputs`, for a path into it."""
    field = _field_at(model, path[:-1])[1]
    arguments = typing.get_args(field.annotation) if field is not None else ()
    return words(arguments[1]) if len(arguments) == 2 and path[:-1] else None


def _missing(owner: type[BaseModel], name: str, field_name: str, field: FieldInfo) -> str:
    port = field_roles(owner).ports.get(field_name) if issubclass(owner, Node) else None
    if port is not None:
        return f"{name} needs its port '{field_name}', which reads {port_words(port)}"
    return f"{name} needs a field '{field_name}': {in_words(field)}"


def _real_path(location: tuple[str | int, ...], data: Any, kind: str) -> DocumentPath:
    """Return the part of a location of pydantic that is a path in the data; it also names branches of unions."""
    path: list[str | int] = []
    for index, key in enumerate(location):
        last = index == len(location) - 1
        inside = (isinstance(data, Mapping) and key in data) or (
            isinstance(data, list | tuple) and isinstance(key, int) and key < len(data)
        )
        if inside:
            data = data[key]
            path.append(key)
        elif last and kind == "missing" and isinstance(key, str):
            path.append(key)
    return tuple(path)


def _at(data: Any, path: DocumentPath) -> Any:
    for key in path:
        data = data[key]
    return data


def _field_at(model: type[BaseModel], path: DocumentPath) -> tuple[type[BaseModel] | None, FieldInfo | None]:
    """Return the model that contains the last named part of a path, and its field there, if it has one."""
    owner: type[BaseModel] | None = model
    field: FieldInfo | None = None
    names = [key for key in path if isinstance(key, str)]
    for depth, key in enumerate(names):
        field = owner.model_fields.get(key) if owner is not None else None
        if depth < len(names) - 1:
            indexed = isinstance(path[path.index(key) + 1], int)
            owner = _model_of(field, names[depth + 1], indexed) if field is not None else None
    return owner, field


def _model_of(field: FieldInfo, name: str, indexed: bool) -> type[BaseModel] | None:
    """Return the first model in an annotation with a field of this name.

    Without one, return the first model for an item of a list, otherwise the last.
    """
    models = list(models_in(field.annotation))
    matching = [model for model in models if name in model.model_fields]
    return next(iter(matching or (models if indexed else models[::-1])), None)
