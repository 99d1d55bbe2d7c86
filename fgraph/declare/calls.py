"""A call of a node method -> the node class and its fields by name."""

from __future__ import annotations

import keyword
import sys
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from fgraph._errors import Fault, GraphError, nearest
from fgraph.declare.source import DocumentPath, dotted
from fgraph.declare.wording import name_of, translate
from fgraph.registry import NodeClass, Registry, field_order, kinds_of

_PACKAGE = str(Path(__file__).resolve().parent.parent)


def bind(ops: Registry, op: str, args: tuple[Any, ...], fields: dict[str, Any]) -> tuple[NodeClass, dict[str, Any]]:
    """Return the node class of a call, and its fields. For an op with kinds, the kind comes first.

    Raises:
        GraphError: the kind does not exist, there are too many values, or a value is given twice.
    """
    entry = ops[op]
    kinds = kinds_of(entry)
    data: dict[str, Any] = {"op": op}
    if kinds is not None:
        if args and "kind" not in fields:
            kind, args = args[0], args[1:]
        else:
            kind = fields.get("kind")
        if not isinstance(kind, str) or kind not in kinds:
            message = f"{op} needs a kind" if kind is None else f"{op} has no kind '{kind}'"
            raise error(message, hint=nearest(str(kind), kinds) or f"one of {', '.join(kinds)}")
        entry, data["kind"] = kinds[kind], kind
    node_class = cast("NodeClass", entry)
    names = [name for name in field_order(node_class) if name not in data]
    if len(args) > len(names):
        raise error(f"{name_of(data)} takes at most {len(names)} values by position: {', '.join(names)}")
    fields = {_spelt(name): value for name, value in fields.items()}
    placed = dict(zip(names, args, strict=False))
    for twice in placed.keys() & fields.keys():
        raise error(f"{name_of(data)} is given '{twice}' twice: by position and by name")
    return node_class, {**data, **placed, **fields}


def _spelt(name: str) -> str:
    """Return the name of a field. Python keywords are written with a trailing `_`, such as `class_`."""
    plain = name.removesuffix("_")
    return plain if keyword.iskeyword(plain) else name


def validated(model: type[BaseModel], name: str, data: dict[str, Any], path: DocumentPath = ()) -> Any:
    """Return a model of these fields.

    Raises:
        GraphError: a field is wrong.
    """
    try:
        return model.model_validate(data)
    except ValidationError as failed:
        file, line = caller()
        found = translate(model, name, data, failed)
        raise GraphError(
            Fault(item.message, dotted((*path, *item.path)), file, line, item.hint) for item in found
        ) from None


def error(message: str, where: str = "", hint: str | None = None) -> GraphError:
    """Return a GraphError with one fault, at the line of the user's program."""
    file, line = caller()
    return GraphError([Fault(message, where, file, line, hint)])


def caller() -> tuple[str, int]:
    """Return file and line of the innermost frame outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno
