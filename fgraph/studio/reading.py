"""The text of a graph -> its spec, its wiring and its faults, and the state that the page shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fgraph._cached import cached_property
from fgraph._errors import Fault, GraphError
from fgraph._ports import Kind
from fgraph.api.graphs import check as check_graph
from fgraph.declare import GraphSpec, in_order
from fgraph.declare.checking import check
from fgraph.declare.document import Document
from fgraph.declare.files import place_files
from fgraph.declare.graph_file import parse_graph
from fgraph.declare.interpolation import resolve
from fgraph.declare.restrictions import check_data
from fgraph.declare.source import DocumentPath, SourceMapBuilder
from fgraph.digraph import Wiring, wire
from fgraph.node import Port, field_roles
from fgraph.registry import SUBGRAPH, NodeClass, Registry, kinds_of, registry_with
from fgraph.studio.access import FileAccess
from fgraph.studio.messages.answers import LinkState, NodeFault
from fgraph.studio.messages.changes import FieldValue
from fgraph.studio.models import with_headers

_IN_NODES = "nodes."


@dataclass(frozen=True, eq=False)
class Reading:
    """A graph as read: `data` is resolved and plain; `faults` are all of it, in the words of `check`."""

    data: Mapping[str, Any]
    spec: GraphSpec
    wiring: Wiring
    faults: tuple[Fault, ...]

    @property
    def nodes(self) -> Mapping[str, Any]:
        """The nodes as plain data, those with faults included."""
        found = self.data.get("nodes")
        return found if isinstance(found, Mapping) else {}

    @cached_property
    def links(self) -> list[LinkState]:
        """The links between nodes, those with faults included."""
        return [
            LinkState(source=source, target=target, input=port, index=index, type=self.kind(source))
            for target, node in self.nodes.items()
            if isinstance(node, Mapping)
            for port, value in _read_by(node)
            for index, source in _sources(value)
        ]

    def kind(self, node: str) -> str | None:
        """Return the kind of value that a node makes, None if it has a fault."""
        wired = self.wiring.by_id.get(self._shown(node))
        return None if wired is None else str(wired.kind)

    def rows(self, node: str) -> int:
        """Return the number of rows of a node, 0 if it has a fault."""
        wired = self.wiring.by_id.get(self._shown(node))
        return 0 if wired is None else wired.rows

    def _shown(self, node: str) -> str:
        """Return the id of the node that a sub-graph means from outside."""
        inner = self.nodes.get(node)
        while isinstance(inner, Mapping) and inner.get("op") == SUBGRAPH:
            name = str(inner.get("output"))
            node, inner = f"{node}.{name}", (inner.get("nodes") or {}).get(name)
        return node

    @cached_property
    def by_node(self) -> dict[str, list[NodeFault]]:
        """The faults of each node."""
        found: dict[str, list[NodeFault]] = {}
        for fault in self.faults:
            node, field = place_of(fault)
            if node is not None:
                found.setdefault(node, []).append(NodeFault(message=words_of(fault), field=field))
        return found

    @property
    def general(self) -> list[str]:
        """The faults that belong to no node."""
        return [
            f"{fault.where}: {words_of(fault)}" if fault.where else words_of(fault)
            for fault in self.faults
            if place_of(fault)[0] is None
        ]

    def needed(self, node: str) -> GraphSpec | None:
        """Return the graph that a node depends on, with this node as its only output; None if a part has a fault."""
        waiting, kept = [node], {}
        while waiting:
            name = waiting.pop().partition(".")[0]
            if name in kept:
                continue
            if name not in self.spec.nodes or name in self.by_node or "models" in self.spec.broken_keys:
                return None
            kept[name] = self.spec.nodes[name]
            waiting += _references(self.nodes[name])
        nodes = {name: self.spec.nodes[name] for name in self.spec.nodes if name in kept}
        return replace(self.spec, nodes=nodes, outputs={node: node}, broken=frozenset(), broken_keys=frozenset())


def read_text(text: str, place: Path, access: FileAccess) -> Reading:
    """Read a graph, as untrusted as a graph file; it names only files and models that are allowed.

    Args:
        text: the YAML.
        place: the file that it is saved in, or would be.
        access: the files that it may name.
    """
    ops = registry_with()
    document = parse_graph(text, str(place))
    if document.interpolates:
        resolve(document)
    access.restrict(document, place)
    place_files(document, ops)
    data = document.data if isinstance(document.data, dict) else {}
    spec = check(document, ops)
    faults = in_order([*document.faults, *check_graph(with_headers(spec))])
    return Reading(data, spec, wire(spec)[0], tuple(dict.fromkeys(faults)))


def vary(reading: Reading, values: Sequence[FieldValue], place: Path, access: FileAccess) -> Reading:
    """Return a graph with other values in some fields, which are given as the page gives them.

    Raises:
        GraphError: the graph then has a fault, such as a file that the page may not name.
    """
    document = Document(data=deepcopy(dict(reading.data)), places=SourceMapBuilder(str(place)))
    for one in values:
        path = field_path(one.node, one.field)
        try:
            holder = document.data
            for key in path[:-1]:
                if isinstance(holder, dict) and key not in holder and key != "nodes":
                    holder[key] = {}
                holder = holder[key]
            holder[path[-1]] = deepcopy(one.value)
        except (KeyError, IndexError, TypeError):
            raise GraphError([Fault("there is no such node or field", f"nodes.{one.node}.{one.field}")]) from None
    check_data(document)
    access.restrict(document, place)
    spec = check(document, registry_with())
    wiring, faults = wire(spec)
    if document.faults or faults:
        raise GraphError([*document.faults, *faults])
    return Reading(document.data, spec, wiring, ())


def node_path(node: str) -> DocumentPath:
    """Return the path of a node; `left.fade` is inside the sub-graph `left`."""
    path: DocumentPath = ()
    for part in node.split("."):
        path = (*path, "nodes", part)
    return path


def field_path(node: str, name: str) -> DocumentPath:
    """Return the path of a field of a node; numbers are places in lists."""
    return (*node_path(node), *(int(part) if part.isdecimal() else part for part in name.split(".")))


def class_of(node: Mapping[str, Any], ops: Registry | None = None) -> NodeClass | None:
    """Return the class of a node as plain data; None if it has none."""
    entry = (ops or registry_with()).get(str(node.get("op")))
    if entry is None or isinstance(entry, type):
        return entry
    return (kinds_of(entry) or {}).get(str(node.get("kind")))


def ports_of(node: Mapping[str, Any]) -> Mapping[str, Port]:
    """Return the ports of a node as plain data."""
    node_class = class_of(node)
    return field_roles(node_class).ports if node_class is not None else {}


def bypass_source(reading: Reading, node: str) -> str | None:
    """Return the first node that a node reads whose kind its readers accept in its place; None if there is none."""
    made = reading.kind(node)
    if made is None:
        return None
    links = (link for link in reading.links if link.target == node and link.type is not None)
    return next((link.source for link in links if Kind(made).accepts(Kind(str(link.type)))), None)


def words_of(fault: Fault) -> str:
    """Return a fault in words, without its place."""
    return f"{fault.message} ({fault.hint})" if fault.hint else fault.message


def place_of(fault: Fault) -> tuple[str | None, str | None]:
    """Return the node of a fault, and the field: `nodes.mix.mask` -> mix, mask."""
    if not fault.where.startswith(_IN_NODES):
        return None, None
    node, _, field = fault.where.removeprefix(_IN_NODES).partition(".")
    node, bracket, index = node.partition("[")
    return node, field or bracket + index or None


def _read_by(node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the ports of a node with the ids that they read; the inputs of a sub-graph are its ports."""
    if node.get("op") == SUBGRAPH:
        inputs = node.get("inputs")
        yield from inputs.items() if isinstance(inputs, Mapping) else ()
        return
    for port in ports_of(node):
        if node.get(port) is not None:
            yield port, node[port]


def _sources(value: Any) -> Iterator[tuple[int | None, str]]:
    if isinstance(value, str):
        yield None, value
    elif isinstance(value, list):
        yield from ((index, one) for index, one in enumerate(value) if isinstance(one, str))


def _references(node: Any) -> list[str]:
    if not isinstance(node, Mapping):
        return []
    return [source for _, value in _read_by(node) for _, source in _sources(value)]
