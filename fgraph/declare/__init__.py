"""Stage 1: YAML or Python -> GraphSpec."""

from fgraph.declare.builder import Graph
from fgraph.declare.handle import NodeRef
from fgraph.declare.reading import read, trace_files
from fgraph.declare.source import SourceMap, in_order
from fgraph.declare.spec import MAIN, GraphSpec, Subgraph
from fgraph.declare.writing import to_yaml
from fgraph.registry import Registry, registry

__all__ = [
    "MAIN",
    "Graph",
    "GraphSpec",
    "NodeRef",
    "Registry",
    "SourceMap",
    "Subgraph",
    "in_order",
    "read",
    "registry",
    "to_yaml",
    "trace_files",
]
