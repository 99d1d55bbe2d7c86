"""Descriptions of field annotations in words."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Any

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fgraph._arrays import Array
from fgraph._ports import Kind, LayerSet
from fgraph.node import DataMark, Port

_PLAIN: Mapping[Any, str] = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    Array: "numbers as nested lists",
    LayerSet: "layers such as b8..b32",
    Any: "any value",
    type(None): "nothing",
}

_PLURALS: Mapping[str, str] = {
    "a whole number": "whole numbers",
    "a number": "numbers",
    "text": "texts",
    "a list": "lists",
    "a mapping": "mappings",
    "the id of a node that makes": "ids of nodes that make",
}


def in_words(field: FieldInfo) -> str:
    """Describe the values of a field: `a whole number of at least 0, or a list of these`."""
    return words(field.annotation, field.metadata)


def item_in_words(field: FieldInfo) -> str:
    """Describe one item of a field, if the field is a list."""
    return next((words(item) for item in _items(field.annotation)), in_words(field))


def words(annotation: Any, metadata: typing.Iterable[Any] = ()) -> str:
    """Describe the values of an annotation with its marks and bounds."""
    metadata = list(_flat(metadata))
    port = next((mark for mark in metadata if isinstance(mark, Port)), None)
    if port is not None:
        return f"the id of a node that makes {port_words(port)}"
    bounded = _bounds_in_words(metadata, whole=annotation is int)
    if any(isinstance(mark, DataMark) and mark.per_row for mark in metadata):
        single = typing.get_args(annotation)[0]  # the other branches are lists of the first
        return f"{words(single)}{bounded}, or a list of these"
    if typing.get_origin(annotation) in (tuple, list):
        return _list_words(annotation, metadata)
    return _unmarked(annotation) + bounded


def port_words(port: Port) -> str:
    """Describe the kinds of a port: `Features or Image`."""
    return "any kind" if set(port.kinds) == set(Kind) else " or ".join(port.kinds)


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the pydantic models inside an annotation, also inside unions, lists and `Annotated`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in typing.get_args(annotation) for model in models_in(part)]


def choices_of(annotation: Any) -> list[str]:
    """Return the values that an annotation names: those of `Literal`, and true and false."""
    if annotation is bool:
        return ["true", "false"]
    if typing.get_origin(annotation) is typing.Literal:
        return [str(value) for value in typing.get_args(annotation)]
    return [value for part in typing.get_args(annotation) for value in choices_of(part)]


def _unmarked(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is None:
        return _class_words(annotation)
    if origin is typing.Annotated:
        return words(arguments[0], arguments[1:])
    if origin in (typing.Union, types.UnionType):
        parts = dict.fromkeys(words(part) for part in arguments if part is not type(None))
        return (", or " if any(", " in part or "lists" in part for part in parts) else " or ").join(parts)
    if origin is typing.Literal:
        return ("one of " if len(arguments) > 1 else "") + ", ".join(map(str, arguments))
    return "a mapping" if issubclass(origin, Mapping) else str(annotation)


def _class_words(annotation: Any) -> str:
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    models = models_in(annotation)
    if models:
        return f"a mapping of {', '.join(models[0].model_fields)}"
    return str(getattr(annotation, "__name__", annotation))


def _bounds_in_words(metadata: list[Any], whole: bool) -> str:
    """Describe bounds of numbers: ` from 0 to 1`, ` of at least 0`, ` above 0`; the empty string for none."""
    low = next((mark.ge for mark in metadata if isinstance(mark, annotated_types.Ge)), None)
    above = next((mark.gt for mark in metadata if isinstance(mark, annotated_types.Gt)), None)
    high = next((mark.le for mark in metadata if isinstance(mark, annotated_types.Le)), None)
    below = next((mark.lt for mark in metadata if isinstance(mark, annotated_types.Lt)), None)
    if whole and high is None and below is not None:
        high, below = int(str(below)) - 1, None
    if low is not None and high is not None:
        return f" from {low} to {high}"
    parts = [
        f"of at least {low}" if low is not None else "",
        f"above {above}" if above is not None else "",
        f"of at most {high}" if high is not None else "",
        f"below {below}" if below is not None else "",
    ]
    limits = " and ".join(part for part in parts if part)
    return f" {limits}" if limits else ""


def _list_words(annotation: Any, metadata: list[Any]) -> str:
    """Describe a list with its length: `a list of 2 numbers`, `a list of 1 to 64 texts`, `a list of 2: text; true`."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if not arguments:
        return "a list"
    parts = [words(part) for part in arguments if part is not Ellipsis]
    if len(set(parts)) > 1:
        return f"a list of {len(parts)}: {'; '.join(parts)}"
    count = _length(metadata) if origin is list or Ellipsis in arguments else f"{len(parts)} "
    return f"a list of {count}{_plural(parts[0])}"


def _length(metadata: list[Any]) -> str:
    """Describe bounds of a length: `1 to 64 `, `2 or more `; the empty string for none."""
    least = next((mark.min_length for mark in metadata if isinstance(mark, annotated_types.MinLen)), 0)
    most = next((mark.max_length for mark in metadata if isinstance(mark, annotated_types.MaxLen)), None)
    if most is not None:
        return f"{least} to {most} " if least else f"at most {most} "
    return f"{least} or more " if least else ""


def _plural(singular: str) -> str:
    """Return the plural of a description: `whole numbers from 0 to 9 or texts`."""
    first, *others = [singular] if ": " in singular else singular.split(" or ")
    several = _plural_of_one(first)
    return " or ".join([several, *map(_plural_of_one, others)]) if several != first else f"values, each {singular}"


def _plural_of_one(singular: str) -> str:
    """Return the plural of a description without alternatives; the description itself if no rule fits."""
    rules = ((several + singular[len(one) :]) for one, several in _PLURALS.items() if singular.startswith(one))
    return next(rules, singular)


def _items(annotation: Any) -> list[Any]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (tuple, list):
        return [arguments[0]] if arguments else []
    if origin is typing.Annotated:
        return _items(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return [item for part in arguments for item in _items(part)]
    return []


def _is_list(annotation: Any) -> bool:
    if typing.get_origin(annotation) is typing.Annotated:
        return _is_list(typing.get_args(annotation)[0])
    return typing.get_origin(annotation) in (tuple, list)


def _flat(metadata: typing.Iterable[Any]) -> typing.Iterator[Any]:
    """Yield marks, also those inside a `Field(...)` or a grouped bound."""
    for mark in metadata:
        if isinstance(mark, FieldInfo):
            yield from _flat(mark.metadata)
        elif isinstance(mark, annotated_types.GroupedMetadata):
            yield from _flat(mark)
        else:
            yield mark
