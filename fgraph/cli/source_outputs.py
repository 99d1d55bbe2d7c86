"""The sources of a graph for comparisons: the images of its codes, the pictures that it reads, and their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fgraph.declare import GraphSpec
from fgraph.digraph import Wiring

_ENDING = "_source"


def find_sources(spec: GraphSpec) -> dict[str, dict[str, Any] | None]:
    """Find the source nodes of a graph; return each with a node that shows it, or None if it is an image itself.

    A code that the graph decodes to an output is left out.
    """
    outputs = set(spec.outputs.values())
    shown = {node.of for name, node in spec.nodes.items() if node.op == "decode" and name in outputs}  # type: ignore[attr-defined]
    found: dict[str, dict[str, Any] | None] = {}
    for name, node in spec.nodes.items():
        if node.op in ("image", "photo") and name not in outputs:
            found[name] = None
        elif node.op in ("sample", "latent") and name not in shown:
            found[name] = {"op": "decode", "of": name}
    return found


def with_sources(document: Mapping[str, Any], spec: GraphSpec) -> tuple[dict[str, Any], dict[str, str]]:
    """Add the sources of a graph to its outputs; return the graph, and source -> output that shows it."""
    nodes, outputs, sources = dict(document["nodes"]), dict(spec.outputs), {}
    for name, node in find_sources(spec).items():
        shown = name
        if node is not None:
            shown = _free(f"{name}{_ENDING}", nodes)
            nodes[shown] = node
        output = _free(f"{name}{_ENDING}", outputs)
        outputs[output], sources[name] = shown, output
    return {**document, "nodes": nodes, "outputs": outputs}, sources


def start_first(wiring: Wiring) -> list[str]:
    """Return the outputs of a graph in the order of a comparison, where the start of an edit is before its result.

    Output A comes before output B if the nodes that A depends on are a proper subset of those that B depends on. The
    nodes that make A and B don't count, because each output has its own `decode`. Otherwise the order of the graph
    stays.
    """
    reads = {name: wiring.ancestors(node) for name, node in wiring.outputs.items()}
    found: list[str] = []
    while len(found) < len(reads):
        remaining = [name for name in reads if name not in found]
        found.append(next(name for name in remaining if not any(reads[other] < reads[name] for other in remaining)))
    return found


def _free(name: str, taken: Mapping[str, Any]) -> str:
    while name in taken:
        name += "_"
    return name
