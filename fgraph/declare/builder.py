"""Graphs built in Python."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any

from fgraph._bundled import drawing_of
from fgraph._errors import FgraphError, GraphError, nearest
from fgraph.declare.calls import bind, caller, error, validated
from fgraph.declare.checking import Head, is_model, model_fault
from fgraph.declare.handle import NodeRef
from fgraph.declare.methods import NodeMethods
from fgraph.declare.source import DocumentPath, SourceMap
from fgraph.declare.spec import MAIN, GraphSpec, Subgraph, fault_of_output, is_id
from fgraph.declare.wording import name_of, show
from fgraph.declare.writing import to_yaml
from fgraph.node import Node, Noise
from fgraph.registry import NodeClass, Registry, registry_with


class Graph(NodeMethods):
    """A graph with a method per node: `g.blend(left, right, mask=fade)` adds a node and returns a handle for it.

    Positional arguments are the fields of the node in order; for an op with kinds, the kind comes first. `id=` sets the
    id. The default ids are `blend_1`, `blend_2`, and so on.

    Args:
        models: name -> a bundled name, a path, a URL or a loaded generator; or only one of these, for the name
            `main`.
        seed: the seed from which nodes without a seed derive theirs.
        noise: the noise of every pass that does not set its own.
        nodes: your node classes, in addition to the bundled ones.
        params: values for interpolation, saved with the graph.
        ops: all node classes, in place of the bundled ones and `nodes`.

    Raises:
        GraphError: a value is wrong.
    """

    def __init__(
        self,
        models: Any = None,
        seed: int = 0,
        noise: Noise | Mapping[str, Any] | None = None,
        nodes: Iterable[NodeClass] = (),
        *,
        params: Mapping[str, Any] | None = None,
        ops: Registry | None = None,
    ) -> None:
        self._ops = registry_with(nodes) if ops is None else ops
        if models is not None and not isinstance(models, Mapping):
            models = {MAIN: models}
        head = {"seed": seed, "models": models, "noise": noise, "params": params}
        given = {key: value for key, value in head.items() if value is not None}
        self._head: Head = validated(Head, "a graph", given)
        for name, model in self._head.models.items():
            if not is_model(model):
                raise error(model_fault(model), f"models.{name}")
        self._nodes: dict[str, Node] = {}
        self._outputs: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._source = SourceMap()
        self._lines: dict[DocumentPath, int] = {}
        self._sources: dict[DocumentPath, str] = {}

    @classmethod
    def from_spec(cls, spec: GraphSpec, nodes: Iterable[NodeClass] = (), *, ops: Registry | None = None) -> Graph:
        """Return a graph with the content of a spec."""
        graph = cls(spec.models, spec.seed, spec.noise, nodes, params=spec.params, ops=ops)
        graph._nodes = dict(spec.nodes)
        graph._outputs = dict(spec.outputs)
        graph._source = spec.source
        return graph

    @property
    def spec(self) -> GraphSpec:
        """The graph as a frozen spec, which later changes of the graph do not affect."""
        lines = {**self._source.lines, **self._lines}
        return GraphSpec(
            **{name: getattr(self._head, name) for name in ("version", "seed", "params", "models", "noise")},
            nodes=dict(self._nodes),
            outputs=dict(self._outputs),
            source=SourceMap(self._source.file, lines, {**self._source.sources, **self._sources}),
        )

    def to_yaml(self) -> str:
        """Return the graph as YAML that reads back equal, without fields at their default."""
        return to_yaml(self.spec)

    def output(self, name: str, of: NodeRef | str) -> None:
        """Add the value of a node to the outputs, under this name."""
        self._outputs.update(self._named({name: of}))
        self._record_line(("outputs", name))

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs, name -> id. Set it to a mapping from name to node, or to nodes, which are named by their ids."""
        return dict(self._outputs)

    @outputs.setter
    def outputs(self, outputs: Mapping[str, NodeRef | str] | Iterable[NodeRef | str]) -> None:
        self._outputs = self._named(outputs)
        for name in self._outputs:
            self._record_line(("outputs", name))

    def subgraph(
        self,
        of: Graph | Mapping[str, Node],
        *,
        inputs: Mapping[str, NodeRef | str] | None = None,
        output: NodeRef | str | None = None,
        id: str | None = None,
    ) -> NodeRef:
        """Add a whole graph as one node.

        Args:
            of: the inner graph, or its nodes by id. Its models, seed and noise have no effect.
            inputs: names that inner nodes read -> nodes of this graph.
            output: the inner node whose value the sub-graph makes; optional if the inner graph has one output.
            id: the id of the node.
        """
        if output is None and isinstance(of, Graph) and len(of._outputs) == 1:
            (output,) = of._outputs.values()
        if output is None:
            raise error("subgraph needs an 'output': the inner node whose value it makes")
        if isinstance(output, NodeRef) and output.graph is not of:
            raise error(f"the output '{output.node_id}' of a subgraph is a node of another graph")
        name = self._new_id("subgraph", id)
        wired = {key: self._with_ids(value) for key, value in (inputs or {}).items()}
        nodes = of._nodes if isinstance(of, Graph) else of
        for key in wired:
            if key in nodes or not is_id(key):
                raise error(f"'{key}' cannot name an input: it is not an id, or an inner node has it", f"nodes.{name}")
        inner = getattr(output, "node_id", output)
        return self._add_node(name, Subgraph(nodes=dict(nodes), inputs=wired, output=inner))

    def __contains__(self, node_id: str) -> bool:
        return node_id in self._nodes

    def __getitem__(self, node_id: str) -> NodeRef:
        """Return the handle of a node, by its id."""
        if node_id not in self._nodes:
            raise error(f"there is no node '{node_id}'", hint=nearest(node_id, self._nodes))
        return NodeRef(self, node_id)

    def __repr__(self) -> str:
        return f"Graph({len(self._nodes)} nodes, outputs: {', '.join(self._outputs) or 'none'})"

    def _repr_html_(self) -> str:
        """Show the drawing of the graph, for notebooks; its YAML if it cannot be drawn."""
        try:
            return drawing_of(self.spec)
        except FgraphError:  # a fault of the wiring, which a run reports, or no Graphviz
            pass
        try:
            return f"<pre>{html.escape(self.to_yaml())}</pre>"
        except GraphError:  # a loaded generator has no form in YAML
            return f"<pre>{html.escape(repr(self))}</pre>"

    def _add(self, op: str, *args: Any, id: str | None = None, **fields: Any) -> NodeRef:
        node_class, data = bind(self._ops, op, args, fields)
        name = self._new_id(op, id)
        data = {key: self._with_ids(value) for key, value in data.items()}
        return self._add_node(name, validated(node_class, name_of(data), data, ("nodes", name)))

    def _new_id(self, op: str, wanted: str | None) -> str:
        if wanted is None:
            while True:
                self._counts[op] = self._counts.get(op, 0) + 1
                name = f"{op}_{self._counts[op]}"
                if name not in self._nodes:
                    return name
        if not is_id(wanted):
            raise error(f"'{wanted}' is not an id: use letters, digits and '_', with no digit first")
        if wanted in self._nodes:
            raise error(f"there is a node '{wanted}' already", f"nodes.{wanted}")
        return wanted

    def _with_ids(self, value: Any) -> Any:
        """Return a value of a call with ids in place of handles."""
        if isinstance(value, NodeRef):
            if value.graph is not self:
                message = f"'{value.node_id}' is a node of another graph"
                raise error(message, hint="add that graph as one node with subgraph(...)")
            return value.node_id
        if isinstance(value, list | tuple | range):
            return [self._with_ids(item) for item in value]
        return value

    def _named(self, outputs: Mapping[str, NodeRef | str] | Iterable[NodeRef | str]) -> dict[str, str]:
        pairs = outputs.items() if isinstance(outputs, Mapping) else ((str(item), item) for item in outputs)
        named = {name: str(self._with_ids(value)) for name, value in pairs}
        for name in named:
            if (wrong := fault_of_output(name)) is not None:
                raise error(f"{show(name)} {wrong}")
        return named

    def _add_node(self, name: str, node: Node) -> NodeRef:
        self._nodes[name] = node
        self._record_line(("nodes", name))
        return NodeRef(self, name)

    def _record_line(self, path: DocumentPath) -> None:
        """Record the line of the user's program that made this part."""
        file, line = caller()
        self._lines[path] = line
        self._sources[path] = file
