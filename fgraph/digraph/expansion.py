"""Sub-graphs -> plain nodes whose references are full ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fgraph import _limits
from fgraph._errors import Fault, Hints
from fgraph.declare.source import DocumentPath
from fgraph.declare.spec import GraphSpec, Subgraph
from fgraph.node import Node, field_roles

_MOST_NAMES = 12  # most names in a hint


@dataclass(frozen=True, slots=True)
class Flat:
    """A node after expansion; `whole` is False if a reference names no node, or one with faults."""

    id: str
    node: Node
    inputs: Mapping[str, tuple[str, ...]]
    path: DocumentPath
    whole: bool


@dataclass(frozen=True)
class Scope:
    """The names that the nodes of one graph or sub-graph can read."""

    nodes: Mapping[str, Node]
    prefix: str = ""  # prefix of full ids, such as "left."
    path: DocumentPath = ("nodes",)
    inputs: Mapping[str, str] = field(default_factory=dict)
    outer: Scope | None = None

    @property
    def depth(self) -> int:
        """The number of sub-graphs that enclose these nodes."""
        return len(self.path) // 2

    def inner(self, name: str, node: Subgraph) -> Scope:
        """Return the scope inside a sub-graph of this scope."""
        return Scope(node.nodes, f"{self.prefix}{name}.", (*self.path, name, "nodes"), node.inputs, self)


class Expansion:
    """The nodes of a spec without sub-graphs, and the faults found on the way."""

    def __init__(self, spec: GraphSpec) -> None:
        self.spec = spec
        self.faults: list[Fault] = []
        self._hints = Hints()
        self.scope = Scope(spec.nodes)
        self.nodes: list[Flat] = list(self._expand(self.scope))

    def resolve(self, name: str, scope: Scope, path: DocumentPath, reader: str) -> str | None:
        """Return the full id that a name means in a scope; None, with a fault, if there is no such name.

        For a name whose node has faults, return None without another fault.
        """
        if name in scope.inputs:
            assert scope.outer is not None
            # An invalid outer name is one fault, of the input, even if many inner nodes read it.
            return self._follow(scope.inputs[name], scope.outer)
        found = self._follow(name, scope)
        if found is None and not self._excused(name, scope):
            self.faults.append(self._nothing(name, scope, path, reader))
        return found

    def _expand(self, scope: Scope) -> Iterator[Flat]:
        if scope.depth > _limits.NESTED:
            message = f"sub-graphs are nested more than {_limits.NESTED} deep"
            self.faults.append(self.spec.source.fault(message, *scope.path[:2]))
            return
        for name, node in scope.nodes.items():
            path = (*scope.path, name)
            if isinstance(node, Subgraph):
                self._check_subgraph(name, node, scope)
                yield from self._expand(scope.inner(name, node))
            else:
                yield self._flat(name, node, scope, path)

    def _flat(self, name: str, node: Node, scope: Scope, path: DocumentPath) -> Flat:
        lists = field_roles(type(node)).list_ports
        inputs: dict[str, tuple[str, ...]] = {}
        whole = True
        for port, names in node.references().items():
            ids = []
            for index, reference in enumerate(names):
                where = (*path, port, index) if port in lists else (*path, port)
                found = self.resolve(reference, scope, where, f"{port} reads")
                whole = whole and found is not None
                if found is not None:
                    ids.append(found)
            inputs[port] = tuple(ids)
        return Flat(scope.prefix + name, node, inputs, path, whole)

    def _check_subgraph(self, name: str, node: Subgraph, scope: Scope) -> None:
        path = (*scope.path, name)
        for key, outer in node.inputs.items():
            self.resolve(outer, scope, (*path, "inputs", key), "this reads")
        inner = scope.inner(name, node)
        is_inner = node.output.partition(".")[0] in node.nodes and self._follow(node.output, inner) is not None
        if not is_inner and not self._excused(node.output, inner):
            hint = self._hints.nearest(node.output, node.nodes) or "name an inner node"
            message = f"the output is '{node.output}', which is not an inner node"
            self.faults.append(self.spec.source.fault(message, *path, "output", hint=hint))

    def _follow(self, name: str, scope: Scope) -> str | None:
        """Return the full id of the plain node that a name means. The name of a sub-graph means its output."""
        if name in scope.inputs and scope.outer is not None:
            return self._follow(scope.inputs[name], scope.outer)
        first, _, rest = name.partition(".")
        node = scope.nodes.get(first)
        if isinstance(node, Subgraph):
            inner = scope.inner(first, node)
            wanted = rest or node.output
            # An input is not a node: it cannot be the output, or be read from outside.
            return self._follow(wanted, inner) if wanted.partition(".")[0] in node.nodes else None
        return f"{scope.prefix}{name}" if node is not None and not rest else None

    def _excused(self, name: str, scope: Scope) -> bool:
        """Return whether a name is unknown only because of a fault that is already reported."""
        if scope.prefix == "" and "nodes" in self.spec.broken_keys:
            return True
        parts = name.split(".", _limits.NESTED + 1)  # no valid name has more parts
        for depth in range(len(parts)):
            if scope.prefix + ".".join(parts[: depth + 1]) in self.spec.broken:
                return True
        node = scope.nodes.get(parts[0])
        # The output of a sub-graph has a fault, there or deeper, which is reported there.
        return isinstance(node, Subgraph) and (
            len(parts) == 1 or self._excused(".".join(parts[1:]), scope.inner(parts[0], node))
        )

    def _nothing(self, name: str, scope: Scope, path: DocumentPath, reader: str) -> Fault:
        hint = self._hints.nearest(name, self._known(name, scope)) if self._hints.remaining else None
        if hint is None and scope.outer is not None and self._follow(name, scope.outer) is not None:
            hint = f"inner nodes see only each other: add '{name}' to the inputs of the sub-graph"
        if hint is None and 0 < len(scope.nodes) + len(scope.inputs) <= _MOST_NAMES:
            hint = f"there are {', '.join([*scope.nodes, *scope.inputs])}"
        return self.spec.source.fault(f"{reader} '{name}', which is not a node", *path, hint=hint)

    def _known(self, name: str, scope: Scope) -> list[str]:
        """Return the candidates for a hint about an unknown name."""
        if "." in name:
            return [one.removeprefix(scope.prefix) for one, _, _ in self.spec.walk() if one.startswith(scope.prefix)]
        return [*scope.nodes, *scope.inputs, *self.spec.broken]
