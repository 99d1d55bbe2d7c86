"""Node classes -> the signatures and texts of a graph's methods, for `help` and completion."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from functools import cache
from inspect import Parameter, Signature
from typing import Any

from fgraph.declare.stubs import node_text, type_text
from fgraph.registry import NodeClass, field_order, kinds_of


class _Shown(str):
    """A text that is its own `repr`: an annotation or a default that a signature prints without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


_ID = Parameter("id", Parameter.KEYWORD_ONLY, default=None, annotation=_Shown("str | None"))
_MADE = _Shown("NodeRef")


def describe(op: str, entry: NodeClass | Mapping[str, NodeClass]) -> tuple[Signature, str]:
    """Return the signature and the docstring of the method for an op, which may have several kinds."""
    kinds = kinds_of(entry)
    if kinds is None:
        return _describe_class(entry)
    return _describe_kinds(op, tuple(kinds.items()))


@cache
def _describe_class(node_class: NodeClass) -> tuple[Signature, str]:
    parameters: list[Parameter] = []
    parameter_kind: Any = Parameter.POSITIONAL_OR_KEYWORD
    for name in field_order(node_class):
        field = node_class.model_fields[name]
        if field.is_required() and parameters and parameters[-1].default is not Parameter.empty:
            # after a parameter with a default, one without must be passed by keyword
            parameter_kind = Parameter.KEYWORD_ONLY
        default: Any = Parameter.empty if field.is_required() else field.get_default(call_default_factory=True)
        spelt = f"{name}_" if keyword.iskeyword(name) else name
        shown = _Shown(type_text(field.annotation, field.metadata))
        parameters.append(Parameter(spelt, parameter_kind, default=getattr(default, "text", default), annotation=shown))
    return Signature([*parameters, _ID], return_annotation=_MADE), "\n".join(node_text(node_class))


@cache
def _describe_kinds(op: str, kinds: tuple[tuple[str, NodeClass], ...]) -> tuple[Signature, str]:
    names = ", ".join(repr(kind) for kind, _ in kinds)
    parameters = [
        Parameter("kind", Parameter.POSITIONAL_OR_KEYWORD, annotation=_Shown(f"Literal[{names}]")),
        Parameter("values", Parameter.VAR_POSITIONAL),
        _ID,
        Parameter("fields", Parameter.VAR_KEYWORD),
    ]
    lines = [f"A {op}, of one of these kinds, which have fields of their own."]
    for kind, node_class in kinds:
        lines += ["", f"{op}({kind!r}):", *(f"    {line}".rstrip() for line in node_text(node_class))]
    return Signature(parameters, return_annotation=_MADE), "\n".join(lines)
