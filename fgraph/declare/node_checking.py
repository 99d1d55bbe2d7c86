"""The nodes of a document -> node objects, and the faults of invalid nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fgraph import _limits
from fgraph._errors import FgraphError, Hints
from fgraph.declare.document import Document
from fgraph.declare.files import file_fields, search_hint
from fgraph.declare.source import DocumentPath
from fgraph.declare.spec import Subgraph, is_id
from fgraph.declare.wording import FieldError, name_of, show, translate
from fgraph.node import AnyPort, Node, field_roles
from fgraph.registry import SUBGRAPH, NodeClass, Registry, kinds_of, ops_with_kind

_TOP = 2  # length of a path such as nodes.mix


class SubgraphHead(BaseModel):
    """A sub-graph whose `nodes` are not yet checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    op: Literal["subgraph"]
    nodes: Any = Field(description="the inner nodes, by id")
    inputs: dict[str, AnyPort] = Field({}, description="a name that inner nodes read -> the outer id that it means")
    output: str = Field(description="the inner node whose value this node makes")


class NodeChecker:
    """A checker of the nodes of one document; `broken` collects the full ids of invalid nodes."""

    def __init__(self, document: Document, ops: Registry) -> None:
        self.document = document
        self.ops = ops
        self.broken: set[str] = set()
        self._count = 0  # nodes so far, including those of sub-graphs
        self._hints = Hints()
        self.suspect: set[DocumentPath] = set()  # paths with faults of earlier stages
        self._suspect_nodes: set[DocumentPath] = set()  # the nodes that contain these paths
        for path in document.broken:
            self._suspect(path)
        nodes = document.data.get("nodes") if isinstance(document.data, Mapping) else None
        self.names = set(map(str, nodes)) if isinstance(nodes, Mapping) else set()

    def nodes(self, data: Any, path: DocumentPath, prefix: str) -> dict[str, Node]:
        """Return the valid nodes of a mapping; add the ids of the others to `broken`."""
        if not isinstance(data, Mapping):
            self.report(path, f"found {show(data)}, expected a mapping from id to node")
            return {}
        self._count += len(data)
        if self._count > _limits.NODES:
            self.report(path, f"the graph has more than {_limits.NODES} nodes, the most that one may have")
            return {}
        bad_ids = {key for key in data if not is_id(str(key))}
        found: dict[str, Node] = {}
        for name, value in data.items():
            node_path = (*path, str(name))
            if name in bad_ids:
                message = f"'{name}' is not an id: use letters, digits and '_', with no digit first"
                self.report(node_path, message)
            node: Node | None = (
                value if isinstance(value, Node) else self._node(value, node_path, f"{prefix}{name}", bad_ids)
            )
            if node is None or name in bad_ids or node_path in self._suspect_nodes:
                self.broken.add(f"{prefix}{name}")
            else:
                found[str(name)] = node
        return found

    def _node(self, data: Any, path: DocumentPath, full_id: str, bad_ids: set[Any]) -> Node | None:
        if not isinstance(data, Mapping):
            self.report(path, f"found {show(data)}, expected a node such as {{op: sample}}")
            return None
        if data.get("op") == SUBGRAPH:
            return self._subgraph(data, path, full_id, bad_ids)
        node_class = self._class(data, path)
        if node_class is None:
            return None
        data = self._without_former_kind(data, path, node_class)
        try:
            return cast("Node", node_class.__pydantic_validator__.validate_python(data))
        except ValidationError as error:
            field_errors = translate(node_class, name_of(data), data, error)
            self._report_fields(
                [self._with_places(one, node_class, data, path) for one in field_errors], data, path, bad_ids
            )
            self._check_references(node_class, data, path)
        except (FgraphError, OSError) as error:  # validation of a node can read a file
            self.report(path, str(error))
        return None

    def _with_places(
        self, field_error: FieldError, node_class: NodeClass, data: Mapping[str, Any], path: DocumentPath
    ) -> FieldError:
        """Add the folders in which a missing file was looked for."""
        fields = file_fields(node_class)
        if field_error.path and field_error.path[0] not in fields:
            return field_error
        for field in fields:
            file, _ = self.document.places.freeze().place(*path, field)
            given = data.get(field)
            for value in given if isinstance(given, list) else [given]:
                if hint := search_hint(value, file):
                    return replace(field_error, hint=field_error.hint or hint)
        return field_error

    def _check_references(self, node_class: NodeClass, data: Mapping[str, Any], path: DocumentPath) -> None:
        """Check the references of a node that has other faults; later stages do not see this node."""
        if len(path) > _TOP:
            return  # inner nodes can also read the inputs of their sub-graph
        for port in field_roles(node_class).ports:
            given = data.get(port)
            for name in given if isinstance(given, list) else [given]:
                if isinstance(name, str) and is_id(name) and name not in self.names:
                    hint = self._hints.nearest(name, self.names)
                    self.report((*path, port), f"{port} reads '{name}', which is not a node", hint)

    def _near_op(self, op: Any, known: list[str]) -> str | None:
        if isinstance(op, str) and (owners := ops_with_kind(op, self.ops)):
            return "; ".join(f"it is a kind of {one}: {{op: {one}, kind: {op}}}" for one in owners) + ";"
        return self._hints.nearest(str(op), known)

    def _class(self, data: Mapping[str, Any], path: DocumentPath) -> NodeClass | None:
        op = data.get("op")
        entry = self.ops.get(op) if isinstance(op, str) else None
        if entry is None:
            known = [*self.ops, SUBGRAPH]
            message = "this node has no 'op'" if op is None else f"there is no op {show(op)}"
            near = self._near_op(op, known) if op is not None else self._near_node(str(path[-1]))
            listed = f"one of {', '.join(known)}" if op is not None or near is None else ""
            self.report((*path, "op"), message, " ".join(filter(None, [near, listed])))
            return None
        kinds = kinds_of(entry)
        if kinds is None:
            return cast("NodeClass", entry)
        kind = data.get("kind")
        if not isinstance(kind, str) or kind not in kinds:
            message = f"op '{op}' needs a 'kind'" if kind is None else f"op '{op}' has no kind {show(kind)}"
            hint = self._hints.nearest(str(kind), kinds) if kind is not None else None
            self.report((*path, "kind"), message, hint or f"one of {', '.join(kinds)}")
            return None
        return kinds[kind]

    def _without_former_kind(
        self, data: Mapping[str, Any], path: DocumentPath, node_class: NodeClass
    ) -> Mapping[str, Any]:
        """Leave out the fields of a file that belong to another kind, if an override has changed the kind."""
        lines, kinds = self.document.places.lines, kinds_of(self.ops[data["op"]])
        if kinds is None or (*path, "kind") in lines or (*path, "kind") not in self.document.places.sources:
            return data
        others = {name for one in kinds.values() for name in one.model_fields} - node_class.model_fields.keys()
        return {key: value for key, value in data.items() if key not in others or (*path, key) not in lines}

    def _near_node(self, name: str) -> str | None:
        """Return a hint for a node without an op. An override with a misspelt id makes such a node."""
        hint = self._hints.nearest(name, (one for one in self.names if one != name))
        return hint and hint.replace("did you mean", "did you mean the node")

    def _subgraph(self, data: Mapping[str, Any], path: DocumentPath, full_id: str, bad_ids: set[Any]) -> Node | None:
        inner = self.nodes(data["nodes"], (*path, "nodes"), f"{full_id}.") if "nodes" in data else {}
        try:
            head = SubgraphHead.model_validate(data)
        except ValidationError as error:
            self._report_fields(translate(SubgraphHead, SUBGRAPH, data, error), data, path, bad_ids)
            return None
        names = data["nodes"] if isinstance(data["nodes"], Mapping) else {}
        for name in head.inputs:
            if name in names or not is_id(name):
                reason = "is also an inner node: rename one of them" if name in names else "is not an id"
                self.report((*path, "inputs", name), f"the input '{name}' {reason}")
                self._suspect((*path, "inputs", name))
        return Subgraph(nodes=inner, inputs=head.inputs, output=head.output)

    def _report_fields(
        self, field_errors: list[FieldError], data: Mapping[str, Any], path: DocumentPath, bad_ids: set[Any]
    ) -> None:
        for field_error in field_errors:
            value = data.get(str(field_error.path[0])) if field_error.path else None
            follows = isinstance(value, str) and value in bad_ids  # the id has its own fault
            if not follows:
                self.report((*path, *field_error.path), field_error.message, field_error.hint)

    def report(self, path: DocumentPath, message: str, hint: str | None = None) -> None:
        """Report a fault, unless an earlier stage has reported one at the same path."""
        if path not in self.suspect:
            self.document.report(message, *path, hint=hint)

    def _suspect(self, path: DocumentPath) -> None:
        """Note a fault at a path, and the innermost node that contains the path."""
        self.suspect.add(path)
        for length in range(len(path), 0, -1):
            self._suspect_nodes.add(path[:length])
            if path[length - 1] == "nodes":
                return
