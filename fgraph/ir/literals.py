"""Literals: operations and row parameters as text, and back.

The syntax is a subset of Python expressions: numbers, tuples and `Class(field=value)` for frozen dataclasses. A
fraction is `1/4`. A string that is a dotted name has no quotes. A value without a text form, such as an array or a
function, is `ref(name)`, a reference to a resource beside the text.
"""

from __future__ import annotations

import ast
import dataclasses
import keyword
import math
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from pydantic import BaseModel

from fgraph import _geometry
from fgraph._arrays import Array
from fgraph.dragging.settings import DragSettings
from fgraph.inversion.settings import InversionSettings
from fgraph.ir import bendings
from fgraph.ir.ops import OPS, Op
from fgraph.ir.types import Type
from fgraph.masks import MaskExpr
from fgraph.photographs import Pasting, PhotoCrop
from fgraph.stylegan.tables.base import Layer, Table

Resources = dict[str, object]  # name -> a value without a text form

_BARE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_WORDS = {"inf": math.inf, "nan": math.nan}
_MISSING = object()


class Writer:
    """A writer of operations and values.

    Args:
        resources: the writer adds values without a text form to it, by name.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._classes = known_classes()

    def op(self, op: Op) -> str:
        """Write an operation: `conv(main, b8.conv0, wrap_x=True)`."""
        return f"{op.name}({', '.join(self._fields(op))})"

    def value(self, value: object) -> str:
        """Write a value."""
        if (text := _scalar(value)) is not None:
            return text
        if type(value) is tuple:
            return f"({', '.join(map(self.value, value))}{',' * (len(value) == 1)})"
        if isinstance(value, Layer):
            return _word(value.name)
        if self._classes.get(type(value).__name__) is type(value):
            return f"{type(value).__name__}({', '.join(self._fields(value))})"
        return f"ref({self._resource(value)})"

    def _fields(self, value: object) -> Iterator[str]:
        """Write fields without a default by position, and others by name if they differ from their default."""
        named = False
        for name, default in _defaults(type(value)):
            field_value = getattr(value, name)
            named = named or default is not _MISSING
            if default is _MISSING or type(field_value) is not type(default) or field_value != default:
                yield f"{name}={self.value(field_value)}" if named else self.value(field_value)

    def _resource(self, value: object) -> str:
        if isinstance(value, Array):
            stem = f"array_{value.digest[:12]}"
        else:
            stem = re.sub(r"\W+", "_", getattr(value, "__qualname__", type(value).__name__)).strip("_")
        name, number = stem, 1
        while name in self._resources and not _is_same(self._resources[name], value):
            number += 1
            name = f"{stem}_{number}"
        self._resources[name] = value
        return name


class Reader:
    """A reader of the text of a `Writer`.

    Args:
        tables: the layer tables of the models, for looking up layers by name.
        resources: the values that the text refers to by `ref(name)`.
    """

    def __init__(self, tables: Mapping[str, Table], resources: Mapping[str, object]) -> None:
        self._tables = tables
        self._resources = resources
        self._classes = known_classes()
        self._ops = {op.name: op for op in OPS}

    def op(self, text: str) -> Op:
        """Read an operation.

        Raises:
            ValueError: the operation, a field or a layer does not exist.
        """
        tree = _parsed(text)
        if not (isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in self._ops):
            raise ValueError(
                f"'{text}' is not an operation: expected one of {', '.join(sorted(self._ops))} with its fields"
            )
        op: Op = self._built(self._ops[tree.func.id], tree)
        return op

    def value(self, text: str) -> Any:
        """Read a value.

        Raises:
            ValueError: the text is not a value.
        """
        return self._value(_parsed(text))

    def _value(self, tree: ast.expr) -> Any:
        match tree:
            case ast.Constant():
                return tree.value
            case ast.Tuple():
                return tuple(map(self._value, tree.elts))
            case ast.UnaryOp(op=ast.USub()):
                return -self._value(tree.operand)
            case ast.BinOp(op=ast.Div()):
                return Fraction(self._value(tree.left), self._value(tree.right))
            case ast.Name() | ast.Attribute():
                word = ast.unparse(tree)
                return _WORDS.get(word, word)
        return self._called(tree)

    def _called(self, tree: ast.expr) -> Any:
        match tree:
            case ast.Call(func=ast.Name(id="ref"), args=[name]):
                return self._resource(ast.unparse(name))
            case ast.Call(func=ast.Name(id=name)) if name in self._classes:
                return self._built(self._classes[name], tree)
        raise ValueError(f"'{ast.unparse(tree)}' is not a value of a program")

    def _resource(self, name: str) -> object:
        if name not in self._resources:
            raise ValueError(f"the text refers to '{name}', which is not among the resources")
        return self._resources[name]

    def _built(self, made: type[Any], call: ast.Call) -> Any:
        names = [name for name, _ in _defaults(made)]
        given = {name: self._value(value) for name, value in zip(names, call.args, strict=False)}
        given |= {str(word.arg): self._value(word.value) for word in call.keywords}
        types = {one.name: str(one.type) for one in dataclasses.fields(made)} if dataclasses.is_dataclass(made) else {}
        for name, value in given.items():
            if types.get(name, "").endswith("Layer"):
                given[name] = self._layer(given["model"], value)
        try:
            return made(**given)
        except TypeError as error:
            raise ValueError(f"'{ast.unparse(call)}': {error}") from error

    def _layer(self, model: str, name: str) -> Layer:
        layers = self._tables[model].layers if model in self._tables else ()
        found = next((layer for layer in layers if layer.name == name), None)
        if found is None:
            raise ValueError(f"model '{model}' has no layer '{name}'")
        return found


def known_classes() -> dict[str, type[Any]]:
    """Return the classes that are written with their fields, by name."""
    masks = [one for one in _subclasses(MaskExpr) if dataclasses.is_dataclass(one)]
    types = [one for module in (_geometry, bendings) for one in vars(module).values() if isinstance(one, type)]
    frozen = [one for one in types if dataclasses.is_dataclass(one) and one is not _geometry.AxisMap]
    classes = [*frozen, *masks, PhotoCrop, Pasting, Type, InversionSettings, DragSettings]
    known = {one.__name__: one for one in classes}
    assert len(known) == len(set(classes)), "two classes of row parameters have one name"
    return known


def _subclasses(parent: type[Any]) -> Iterator[type[Any]]:
    for one in parent.__subclasses__():
        yield one
        yield from _subclasses(one)


def _defaults(made: type[Any]) -> list[tuple[str, object]]:
    """Return the fields that a class is constructed from, with their defaults."""
    if issubclass(made, BaseModel):
        return [(name, _MISSING if one.is_required() else one.default) for name, one in made.model_fields.items()]
    return [
        (one.name, _MISSING if one.default is dataclasses.MISSING else one.default)
        for one in dataclasses.fields(made)
        if one.init
    ]


def _scalar(value: object) -> str | None:
    """Write a number, a string, a boolean or None; return None for every other value."""
    if value is None or isinstance(value, bool | np.bool_):
        return str(value)
    if type(value) is str:
        return _word(value)
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return repr(float(value))
    return f"{value.numerator}/{value.denominator}" if isinstance(value, Fraction) else None


def _word(text: str) -> str:
    bare = _BARE.fullmatch(text) and text not in _WORDS and not any(map(keyword.iskeyword, text.split(".")))
    return text if bare else repr(text)


def _is_same(a: object, b: object) -> bool:
    return a is b or (isinstance(a, Array) and a == b)


def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"'{text}' cannot be read: {error.msg}") from error
