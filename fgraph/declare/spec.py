"""Graphs after reading: nodes by id, models, noise, outputs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field

from fgraph._paths import is_device
from fgraph.declare.source import DocumentPath, SourceMap
from fgraph.node import Node, Noise

VERSION = 1
MAIN = "main"  # the default model of nodes

ID_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
OUTPUT_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$"  # the name of an output becomes a file name
is_id = re.compile(ID_PATTERN.replace("$", r"\Z")).match
_is_file_name = re.compile(OUTPUT_PATTERN.replace("$", r"\Z")).match


def fault_of_output(name: str) -> str | None:
    """Return why a name cannot name an output, or None if it can.

    >>> fault_of_output("image"), fault_of_output("Con.old")
    (None, 'cannot name an output: Windows would write to a device of this name')
    """
    if not _is_file_name(name):
        return "cannot name an output: use letters, digits, '_', '-' and '.', 200 at most"
    return "cannot name an output: Windows would write to a device of this name" if is_device(name) else None


class Subgraph(Node):
    """A graph as one node, whose value is the value of the inner node `output`.

    Inner nodes can only read each other and the names in `inputs`. Outside, the id of this node means its output, and
    `left.fade` means the node `fade` inside the sub-graph `left`.
    """

    op: Literal["subgraph"] = "subgraph"
    nodes: Mapping[str, Node] = Field(description="the inner nodes, by id")
    inputs: Mapping[str, str] = Field(
        default_factory=dict, description="a mapping from a name that inner nodes read to the outer id that it means"
    )
    output: str = Field(description="the inner node whose value this node makes")

    def __hash__(self) -> int:
        return hash((self.output, *self.nodes.items(), *self.inputs.items()))


@dataclass(frozen=True, kw_only=True)
class GraphSpec:
    """A graph whose fields are valid; its wiring is not yet checked.

    `broken` has the ids of nodes that are omitted because of faults (`left.x` inside a sub-graph), and `broken_keys`
    the top-level keys with faults. Later stages use both to avoid reports of mere consequences of these faults.
    """

    version: int = VERSION
    seed: int = 0
    params: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, Any] = field(default_factory=dict)  # name -> bundled name, path, URL or generator
    noise: Noise = field(default_factory=Noise)
    nodes: Mapping[str, Node] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)  # name -> id
    source: SourceMap = field(default_factory=SourceMap, compare=False, repr=False)
    broken: frozenset[str] = frozenset()
    broken_keys: frozenset[str] = frozenset()

    __hash__ = None  # type: ignore[assignment]  # it holds mappings

    def walk(self) -> Iterator[tuple[str, Node, DocumentPath]]:
        """Yield every node with its full id and its path in the document, inner nodes after their sub-graph."""
        return _walk(self.nodes, "", ("nodes",))


def _walk(nodes: Mapping[str, Node], prefix: str, path: DocumentPath) -> Iterator[tuple[str, Node, DocumentPath]]:
    for name, node in nodes.items():
        here = (*path, name)
        yield prefix + name, node, here
        if isinstance(node, Subgraph):
            yield from _walk(node.nodes, f"{prefix}{name}.", (*here, "nodes"))
