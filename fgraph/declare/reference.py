"""Node classes -> the reference page of the nodes, in Markdown."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fgraph.declare.annotations import in_words, port_words
from fgraph.declare.checking import Head
from fgraph.declare.node_checking import SubgraphHead
from fgraph.declare.spec import Subgraph
from fgraph.declare.wording import show
from fgraph.node import Node, field_roles
from fgraph.registry import NodeClass, field_order, kinds_of, registry

_INTRODUCTION = """\
# Node reference

This page lists every node with its fields. In a graph file, a node is a mapping. In Python, it is a method call, such
as `g.blend(left, right, mask=fade)`. Positional arguments are the fields in the order of the tables.

A *port* reads another node: in a file by its id, in Python by its handle. A port for Features also takes a Latent: it
then starts a pass that is paused at `const`. "Or a list of these" in a table means that the field also takes a value
for each row. A range, keyframes or a curve from a file give a value for each row as well
([rows](../how-to/rows.md)).

Each node and kind has a minimal graph, which is also a file in `examples/nodes/`, and the picture of its outputs. The
[glossary](glossary.md) explains the terms.
"""
_AS_WRITTEN = {"nodes": "a mapping from id to node", "outputs": "a list of ids, or a mapping from name to id"}


def reference(classes: Iterable[NodeClass], examples: Mapping[str, str] | None = None) -> str:
    """Return the reference page: for each node, its docstring, its kind, and a table of its fields.

    Args:
        classes: the node classes.
        examples: op, or op-kind -> a minimal graph, which `make gallery` draws.
    """
    sections = [_INTRODUCTION]
    ops, shown = registry(classes), {op: _example(op, text) for op, text in (examples or {}).items()}
    sections.append(" · ".join(f"[{op}](#{op})" for op in [*ops, "subgraph"]) + "\n")
    for op, entry in ops.items():
        kinds = kinds_of(entry)
        if kinds is None:
            sections.append(f"## {op}\n\n{_describe(entry, shown.get(op, ''))}")  # type: ignore[arg-type]
            continue
        listed = ", ".join(f"`{kind}`" for kind in kinds)
        sections.append(f"## {op}\n\nHas a `kind`: {listed}.\n\n{shown.get(op, '')}".rstrip("\n") + "\n")
        for node_class, names in by_class(kinds.items()):
            named = " or ".join(f"kind: {kind}" for kind in names)
            example = "".join(shown.get(f"{op}-{kind}", "") for kind in names)
            sections.append(f"### {op}, {named}\n\n{_describe(node_class, example)}")
    doc = inspect.cleandoc(Subgraph.__doc__ or "")
    sections.append(f"## subgraph\n\n{doc}\n\n{shown.get('subgraph', '')}{_table(SubgraphHead, ('op',))}")
    sections.append(f"## The file\n\nThe keys of a graph file.\n\n{_table(Head, ())}")
    return "\n".join(sections)


def by_class(kinds: Iterable[tuple[str, NodeClass]]) -> list[tuple[NodeClass, list[str]]]:
    """Return each class with its kinds."""
    found: dict[NodeClass, list[str]] = {}
    for kind, node_class in kinds:
        found.setdefault(node_class, []).append(kind)
    return list(found.items())


def _example(name: str, text: str) -> str:
    """Return the picture of a node and its minimal graph."""
    return f"![outputs of the graph below](../gallery/nodes/{name}.webp)\n\n```yaml\n{text.rstrip()}\n```\n\n"


def _describe(node_class: NodeClass, example: str = "") -> str:
    doc = inspect.cleandoc(node_class.__doc__ or "")
    return f"{doc}\n\nMakes {makes(node_class)}.\n\n{example}{_table(node_class, ('op', 'kind'))}"


def makes(node_class: NodeClass) -> str:
    """Return the kind of value that a node makes, in Markdown."""
    if node_class.produces is not None:
        return f"**{node_class.produces}**"
    first = next(iter(field_roles(node_class).ports), None)
    return f"the kind that `{first}` reads" if first else "a kind that depends on its fields"


def _table(model: type[BaseModel], without: tuple[str, ...]) -> str:
    rows = [f"| {' | '.join(map(_cell, row))} |" for row in field_rows(model, without)]
    if not rows:
        return "It has no fields.\n"
    return "\n".join(["| field | takes | default | meaning |", "| --- | --- | --- | --- |", *rows]) + "\n"


def field_rows(model: type[BaseModel], without: tuple[str, ...] = ("op", "kind")) -> list[tuple[str, str, str, str]]:
    """Return a row for each field of a node: its name, what it takes, its default, its meaning; in Markdown."""
    names = field_order(model) if issubclass(model, Node) else model.model_fields
    return [_row(model, name, model.model_fields[name]) for name in names if name not in without]


def _row(model: type[BaseModel], name: str, field: FieldInfo) -> tuple[str, str, str, str]:
    takes = _AS_WRITTEN.get(name) if field.annotation is Any else in_words(field)
    if issubclass(model, Node) and name in field_roles(model).ports:
        takes = _port(model, name)
    default = "*required*" if field.is_required() else _default(field)
    return f"`{name}`", takes or "any value", default, field.description or ""


def _port(node_class: NodeClass, name: str) -> str:
    roles = field_roles(node_class)
    many = "ports, each " if name in roles.list_ports else "port: "
    return f"{many}{port_words(roles.ports[name])}"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "absent"
    if isinstance(value, BaseModel):
        return "its defaults"
    text = getattr(value, "text", value)
    return f"`{text if isinstance(text, str) else show(text)}`" if text not in ({}, []) else "empty"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
