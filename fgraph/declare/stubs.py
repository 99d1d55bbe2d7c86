"""Node classes -> the typed stub of a graph's methods.

Each overload repeats its fields, because neither a base class nor a TypedDict can hold positional parameters. With
`**fields: Unpack[...]`, `g.blend(left, right)` would not type-check, and a signature would hide names and defaults.
"""

from __future__ import annotations

import inspect
import keyword
import re
import textwrap
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fgraph._arrays import Array
from fgraph._ports import LayerSet
from fgraph.node import DataMark, Port
from fgraph.registry import NodeClass, field_order, kinds_of, registry

_HEADER = '''"""The nodes as methods of a graph. Generated from the node classes: do not edit."""
'''
_FOOTER = """\
    # a node class of your own, given to Graph(nodes=...)
    def __getattr__(self, name: str) -> Callable[..., NodeRef]: ...
    def __dir__(self) -> list[str]: ...
"""
_WIDTH = 108  # width of the lines of a docstring
_LONGEST = 120  # characters of a line
_ABC, _TYPING = ("Callable", "Mapping", "Sequence"), ("Any", "Literal", "TypeAlias", "overload")
_PLAIN: Mapping[Any, str] = {
    int: "int", float: "float", str: "str", bool: "bool", type(None): "None",
    Array: "Any", LayerSet: "str | int",
}  # fmt: skip


def stubs(classes: Iterable[NodeClass]) -> str:
    """Return the text of `methods.pyi`: a typed method per node, with an overload per kind."""
    methods: list[str] = []
    models: set[type[BaseModel]] = set()
    for op, entry in registry(classes).items():
        kinds = kinds_of(entry)
        if kinds is None:
            methods.append(_method(op, entry, None, models))  # type: ignore[arg-type]
            continue
        overload = "    @overload\n" if len(kinds) > 1 else ""
        methods += [overload + _method(op, node_class, kind, models) for kind, node_class in kinds.items()]
    body = "\n".join(
        [
            "class NoSuchNodeError(GraphError, AttributeError): ...\n",
            "class NodeMethods:",
            "    _ops: Registry\n",
            "    def _add(self, op: str, *args: Any, id: str | None = None, **fields: Any) -> NodeRef: ...",
            *methods,
            _FOOTER,
        ]
    ).rstrip()
    alias = "Reference: TypeAlias = NodeRef | str\n"
    return f"{_HEADER}\n{_imports(alias + body, models)}\n{alias}\n{body}\n"


def _imports(body: str, models: Iterable[type[BaseModel]]) -> str:
    def used(names: Iterable[str]) -> str:
        return ", ".join(name for name in names if re.search(rf"\b{name}\b", body))

    imports = {
        "fgraph._errors": {"GraphError"},
        "fgraph.registry": {"Registry"},
        "fgraph.declare.handle": {"NodeRef"},
    }
    for model in models:
        imports.setdefault(model.__module__, set()).add(model.__name__)
    lines = [f"from collections.abc import {used(_ABC)}", f"from typing import {used(_TYPING)}", ""]
    lines += [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(imports.items())]
    return "\n".join(lines) + "\n"


def _method(op: str, node_class: NodeClass, kind: str | None, models: set[type[BaseModel]]) -> str:
    lines = [f"    def {op}(", "        self,"]
    if kind is not None:
        lines.append(f'        kind: Literal["{kind}"],')
    optional = starred = False
    for name in field_order(node_class):
        if name == "kind" and kind is not None:
            continue
        field = node_class.model_fields[name]
        if field.is_required() and optional and not starred:
            lines.append("        *,")  # a field without a default after one with a default must be passed by keyword
            starred = True
        optional = optional or not field.is_required()
        default = "" if field.is_required() else " = ..."
        spelt = f"{name}_" if keyword.iskeyword(name) else name
        line = f"        {spelt}: {_type(field.annotation, field.metadata, models)}{default},"
        lines.append(line if len(line) <= _LONGEST else re.sub(r"\[(.*)\]", r"[\n            \1\n        ]", line))
    lines += [] if starred else ["        *,"]
    lines += ["        id: str | None = ...,", "    ) -> NodeRef:", *_docstring(node_class), ""]
    return "\n".join(lines)


def node_text(node_class: NodeClass) -> list[str]:
    """Return the docstring of a method, line by line: the text of the node, then of its fields."""
    paragraphs = inspect.cleandoc(node_class.__doc__ or "").split("\n\n")
    lines = [line for paragraph in paragraphs for line in ("", *_wrapped(paragraph))][1:]
    fields = [(name, node_class.model_fields[name]) for name in field_order(node_class)]
    described = [(name, field) for name, field in fields if field.description]
    if described:
        lines += ["", "Fields:", *(line for name, field in described for line in _argument(name, field))]
    return lines


def _docstring(node_class: NodeClass) -> list[str]:
    lines = node_text(node_class)
    if len(lines) == 1:
        return [f'        """{lines[0]}"""']
    indented = [f"        {line}".rstrip() for line in lines]
    indented[0] = f'        """{lines[0]}'
    return [*indented, '        """']


def _wrapped(paragraph: str) -> list[str]:
    lines = paragraph.splitlines()  # as written, where that fits beside the deeper indent
    return lines if all(len(line) <= _WIDTH for line in lines) else textwrap.wrap(paragraph, width=_WIDTH)


def _argument(name: str, field: FieldInfo) -> list[str]:
    return textwrap.wrap(
        f"{name}: {field.description}", width=_WIDTH, initial_indent="    ", subsequent_indent="        "
    )


def type_text(annotation: Any, metadata: Iterable[Any]) -> str:
    """Return the type of a field as text: what a caller can pass."""
    return _type(annotation, metadata, set()).replace("Reference", "NodeRef | str")


def _type(annotation: Any, metadata: Iterable[Any], models: set[type[BaseModel]]) -> str:
    marks = list(metadata)
    if any(isinstance(mark, Port) for mark in marks):
        return "Reference"
    rows = ["Mapping[str, Any]"] if any(isinstance(mark, DataMark) and mark.per_row for mark in marks) else []
    branches = sorted([*_union(annotation, models), *rows], key=lambda branch: branch == "None")
    return " | ".join(dict.fromkeys(branches))


def _union(annotation: Any, models: set[type[BaseModel]]) -> list[str]:
    """Return the branches of a type that a caller can pass."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return [_type(arguments[0], arguments[1:], models)]
    if origin in (typing.Union, types.UnionType):
        branches = [branch for part in arguments for branch in _union(part, models)]
        return sorted(branches, key=lambda branch: branch == "None")
    if origin is typing.Literal:
        return [f"Literal[{', '.join(_quoted(value) for value in arguments)}]"]
    if origin in (tuple, list):
        parts = [part for part in arguments if part is not Ellipsis]
        return [f"Sequence[{' | '.join(dict.fromkeys(branch for part in parts for branch in _union(part, models)))}]"]
    return _class(annotation, origin, models)


def _class(annotation: Any, origin: Any, models: set[type[BaseModel]]) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        models.add(annotation)
        return [annotation.__name__, "Mapping[str, Any]"]
    is_mapping = isinstance(origin, type) and issubclass(origin, Mapping)
    return ["Mapping[str, Any]" if is_mapping else _PLAIN.get(annotation, "Any")]


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
