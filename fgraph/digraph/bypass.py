"""A graph without one of its nodes: readers of the node read its first input of the same kind instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fgraph.digraph.wiring import Wiring
from fgraph.node import field_roles
from fgraph.registry import SUBGRAPH


def find_bypasses(wiring: Wiring) -> dict[str, str]:
    """Return the nodes that an output depends on and that can be bypassed, each with its replacement.

    Sub-graphs, and the nodes inside them, are left out.
    """
    found = {}
    for wired in wiring.nodes:
        sources = [wiring.by_id[one] for port in wired.inputs.values() for one in port]
        source = next((one for one in sources if wired.kind.accepts(one.kind)), None)
        if source is not None and wired.id in wiring.used and wired.id in wiring.spec.nodes:
            found[wired.id] = source.id.partition(".")[0]
    return found


def without_node(document: Mapping[str, Any], wiring: Wiring, node: str, source: str) -> dict[str, Any]:
    """Return a graph as plain data in which `source` is read in the place of a node."""
    nodes = {name: _rewired(fields, wiring, name, node, source) for name, fields in document["nodes"].items()}
    outputs = {name: source if one == node else one for name, one in wiring.spec.outputs.items()}
    return {**document, "nodes": nodes, "outputs": outputs}


def _rewired(fields: Mapping[str, Any], wiring: Wiring, name: str, node: str, source: str) -> dict[str, Any]:
    def read(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [source if one == node else one for one in value]
        return source if value == node else value

    if fields.get("op") == SUBGRAPH:
        return {**fields, "inputs": {port: read(value) for port, value in (fields.get("inputs") or {}).items()}}
    ports = field_roles(type(wiring.spec.nodes[name])).ports
    return {field: read(value) if field in ports else value for field, value in fields.items()}
