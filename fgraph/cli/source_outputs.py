"""The sources of a graph as extra outputs: the images of its codes, and the pictures that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fgraph.declare import GraphSpec

_ENDING = "_source"


def find_sources(spec: GraphSpec) -> dict[str, dict[str, Any] | None]:
    """Find the source nodes of a graph; return each with a node that shows it, or None if it is an image itself.

    A code that the graph decodes to an output is left out.
    """
    outputs = set(spec.outputs.values())
    shown = {node.of for name, node in spec.nodes.items() if node.op == "decode" and name in outputs}  # type: ignore[attr-defined]
    found: dict[str, dict[str, Any] | None] = {}
    for name, node in spec.nodes.items():
        if node.op == "image" and name not in outputs:
            found[name] = None
        elif node.op in ("sample", "latent") and name not in shown:
            found[name] = {"op": "decode", "of": name}
    return found


def with_sources(document: Mapping[str, Any], spec: GraphSpec) -> tuple[dict[str, Any], dict[str, str]]:
    """Add the sources of a graph to its outputs; return the graph, and source -> output that shows it."""
    nodes, outputs, sources = dict(document["nodes"]), dict(spec.outputs), {}
    for name, node in find_sources(spec).items():
        own = name
        if node is not None:
            own = _free(f"{name}{_ENDING}", nodes)
            nodes[own] = node
        output = _free(f"{name}{_ENDING}", outputs)
        outputs[output], sources[name] = own, output
    return {**document, "nodes": nodes, "outputs": outputs}, sources


def _free(name: str, taken: Mapping[str, Any]) -> str:
    while name in taken:
        name += "_"
    return name
