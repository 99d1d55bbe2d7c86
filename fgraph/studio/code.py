"""The graph as a command, and as a program in Python."""

from __future__ import annotations

import keyword
import pprint
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from fgraph.declare import MAIN, GraphSpec, Subgraph
from fgraph.declare.graph_file import parse_graph
from fgraph.declare.source import DocumentPath, dotted
from fgraph.declare.writing import fields_as_written, flow_text
from fgraph.node import Node, Noise, field_roles
from fgraph.studio.editing import Refused
from fgraph.studio.opening import open_bundled
from fgraph.studio.session import Session
from fgraph.studio.text import GraphText

_WORD = re.compile(r"[A-Za-z0-9_.:,\[\] -]*")


def command(session: Session) -> str:
    """Return the command that runs the graph: its file, or the bundled graph with its changes.

    Raises:
        Refused: neither has the same nodes.
    """
    state, text = session.state, GraphText(session.state.text)
    if state.saved_as is not None:
        found = _overrides(session.saved_text, text)
        if found is not None:
            return shlex.join(["fgraph", state.saved_as, *found])
    else:
        found = _overrides(open_bundled(state.title).text, text) if state.is_bundled else None
        if found is not None:
            return shlex.join(["fgraph", state.title, *found])
    raise Refused("the graph has more changes than a command can make: save it first")


def _overrides(before: str | None, after: GraphText) -> list[str] | None:
    """Return the overrides that turn one graph into another; None if overrides cannot express the changes."""
    if before is None:
        return None
    old, new = parse_graph(before).data, after.document.data
    if not isinstance(old, dict) or not isinstance(new, dict):
        return None
    try:
        return [
            f"graph.{dotted(path)}={_value(value)}" if path != ("seed",) else f"seed={value}"
            for path, value in _changes(old, new, ())
        ]
    except LookupError:
        return None


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], path: DocumentPath) -> Iterator[tuple[DocumentPath, Any]]:
    """Yield the values that differ.

    Raises:
        LookupError: something was removed, or is not a plain value.
    """
    if old.keys() - new.keys():
        raise LookupError
    for name, value in new.items():
        before = old.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            yield from _changes(before, value, (*path, name))
        elif name not in old or value != before:
            yield (*path, name), value


def _value(value: Any) -> str:
    """Return a value in the grammar of overrides.

    Raises:
        LookupError: it has no unambiguous form there.
    """
    text = flow_text([value])[1:-1] if value is not None else "null"
    plain = text.strip("'\"") if isinstance(value, str) else text
    if isinstance(value, dict) or not _WORD.fullmatch(plain):
        raise LookupError
    return text


def python(session: Session) -> str:
    """Return a program that builds the graph and runs it.

    Raises:
        Refused: the graph has faults.
    """
    if session.reading.faults:
        raise Refused("the graph has faults: correct them first")
    spec = session.reading.spec
    lines = ["import fgraph", ""]
    if any(isinstance(node, Subgraph) for node in spec.nodes.values()):
        lines += [f'graph = fgraph.load("""\\\n{session.state.text.replace(chr(92), chr(92) * 2)}""")']
    else:
        lines += _builder(spec)
    lines += ["", "for name, result in fgraph.run(graph).items():"]
    kinds = {str(session.reading.kind(node)) for node in spec.outputs.values()}
    if kinds <= {"Image", "Mask", "Features"}:
        return "\n".join([*lines, '    result.save(f"{name}.png")', ""])
    return "\n".join([*lines, "    print(name, result)", ""])


def _builder(spec: GraphSpec) -> list[str]:
    head = [f"{MAIN!r}: {spec.models[MAIN]!r}"] if MAIN in spec.models else []
    head += [f"{name!r}: {one!r}" for name, one in spec.models.items() if name != MAIN]
    given = [f"models={{{', '.join(head)}}}"] if head else []
    given += [f"seed={spec.seed}"] if spec.seed else []
    given += [f"noise={fields_as_written(spec.noise)!r}"] if spec.noise != Noise() else []
    lines = [f"g = fgraph.Graph({', '.join(given)})"]
    lines += [_call(name, node) for name, node in _in_order(spec)]
    outputs = ", ".join(f"{name!r}: {_variable(node)}" for name, node in spec.outputs.items())
    return [*lines, f"g.outputs = {{{outputs}}}", "graph = g"]


def _in_order(spec: GraphSpec) -> list[tuple[str, Node]]:
    """Return the nodes so that each comes after those that it reads."""
    found: dict[str, Node] = {}

    def visit(name: str) -> None:
        if name in found or name not in spec.nodes:
            return
        for ids in spec.nodes[name].references().values():
            for one in ids:
                visit(one)
        found[name] = spec.nodes[name]

    for name in spec.nodes:
        visit(name)
    return list(found.items())


def _call(name: str, node: Node) -> str:
    fields, ports = fields_as_written(node), field_roles(type(node)).ports
    op, kind = fields.pop("op"), fields.pop("kind", None)
    given = [repr(kind)] if kind is not None else []
    for field, value in fields.items():
        key = f"{field}_" if keyword.iskeyword(field) else field
        given.append(f"{key}={_reference(value) if field in ports else pprint.pformat(value, width=10_000)}")
    return f"{_variable(name)} = g.{op}({', '.join([*given, f'id={name!r}'])})"


def _reference(value: Any) -> str:
    return f"[{', '.join(map(_variable, value))}]" if isinstance(value, list) else _variable(value)


def _variable(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) or name in ("g", "graph", "fgraph", "name", "result") else name
