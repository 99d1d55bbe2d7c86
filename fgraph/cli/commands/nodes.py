"""`fgraph nodes`: the nodes; of one node, its fields and an example."""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fgraph._errors import FgraphError, nearest
from fgraph.api.bundled import bundled_nodes
from fgraph.cli.arguments import GRAPHS
from fgraph.cli.signals import Interrupts
from fgraph.cli.terminal import say
from fgraph.declare.document import parse
from fgraph.declare.reference import by_class, field_rows, makes
from fgraph.registry import NodeClass, kinds_of, ops_with_kind, registry

_WIDTH = 112
_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")  # text that YAML reads as text without quotes


def main(arguments: Sequence[str], interrupts: Interrupts) -> int:
    """Print the nodes, or the fields of one.

    Raises:
        FgraphError: there is no such node or kind.
    """
    parser = argparse.ArgumentParser("fgraph nodes", description="Show the nodes; of one node, its fields.")
    parser.add_argument("name", nargs="?", help="a node, such as blend")
    parser.add_argument("kind", nargs="?", help="one kind of it, such as mask ramp")
    chosen = parser.parse_args(arguments)
    say(_summary() if chosen.name is None else "\n\n".join(_describe(chosen.name, chosen.kind)))
    return 0


def _summary() -> str:
    """Return a line for each node, and for each kind of a node."""
    lines = []
    for op, entry in registry(bundled_nodes()).items():
        kinds = kinds_of(entry)
        if kinds is None:
            lines.append(_line(f"  {op:<12}", _first_line(entry)))
            continue
        node_class = next(iter(kinds.values()))
        module = inspect.cleandoc(sys.modules[node_class.__module__].__doc__ or "").splitlines()[0]
        summary = module.partition(": ")[2].removesuffix(", in several kinds.").capitalize()
        lines.append(_line(f"  {op:<12}", f"{summary}; its kinds are {', '.join(kinds)}."))
    return "\n".join([*lines, "", "fgraph nodes NAME shows the fields of a node."])


def _describe(name: str, kind: str | None) -> Iterator[str]:
    entries = registry(bundled_nodes())
    entry = entries.get(name)
    if entry is None:
        commands = " or ".join(f"fgraph nodes {op} {name}" for op in ops_with_kind(name, entries))
        hint = (
            (commands and f"a kind has this name: {commands}")
            or nearest(name, [*entries, *(kind for entry in entries.values() for kind in kinds_of(entry) or ())])
            or f"one of {', '.join(entries)}"
        )
        raise FgraphError(f"there is no node '{name}' ({hint})")
    kinds = kinds_of(entry)
    if kinds is None:
        if kind is not None:
            raise FgraphError(f"the node '{name}' has no kinds: leave '{kind}' out")
        yield from _class(name, "", entry)  # type: ignore[arg-type]
    elif kind is not None and kind not in kinds:
        raise FgraphError(f"the node '{name}' has no kind '{kind}' (one of {', '.join(kinds)})")
    else:
        for node_class, names in by_class(kinds.items()):
            if kind is None or kind in names:
                yield from _class(name, " or ".join(names), node_class)
    yield f"Example:\n{_example(name, kind)}"


def _class(name: str, kinds: str, node_class: NodeClass) -> Iterator[str]:
    """Yield the description of a class and of its fields."""
    title = f"{name}, kind: {kinds}" if kinds else name
    yield f"{title}\n{inspect.cleandoc(node_class.__doc__ or '')}\n\nMakes {_plain(makes(node_class))}."
    lines = []
    for field, takes, default, meaning in field_rows(node_class):
        needed = "required" if default == "*required*" else f"default {_plain(default)}"
        head = f"  {_plain(field):<14}"
        lines += [_line(head, f"{_plain(takes)}; {needed}"), _line(" " * len(head), _plain(meaning))]
    if lines:
        yield "\n".join(line for line in lines if line.strip())


def _example(op: str, kind: str | None) -> str:
    """Return a node of a bundled graph with this op and kind, as it is written there."""
    for path in sorted(GRAPHS.glob("*.yaml")):
        data = parse(path.read_text("utf-8")).data
        for name, node in data["nodes"].items():
            if node.get("op") == op and kind in (None, node.get("kind")):
                return f"  {name}: {_flow(node)}        # {path.stem}"
    return f"  {op}: {{op: {op}{f', kind: {kind}' if kind else ''}, ...}}"


def _flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def _first_line(node_class: Any) -> str:
    return inspect.cleandoc(node_class.__doc__ or "").splitlines()[0]


def _line(head: str, text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=head, subsequent_indent=" " * len(head))


def _plain(text: str) -> str:
    return text.replace("`", "").replace("*", "")
