"""GraphSpec -> Wiring, with every fault of the wiring."""

from __future__ import annotations

from collections.abc import Mapping

from fgraph import _limits
from fgraph._errors import Fault, Hints
from fgraph._ports import Kind
from fgraph.declare.files import hint_of_node
from fgraph.declare.source import in_order as faults_in_order
from fgraph.declare.spec import MAIN, GraphSpec
from fgraph.digraph.expansion import Expansion, Flat
from fgraph.digraph.order import in_order
from fgraph.digraph.wiring import WiredNode, Wiring
from fgraph.node import field_roles

_MOST_NAMES = 12  # most names in a hint


def wire(spec: GraphSpec) -> tuple[Wiring, list[Fault]]:
    """Expand sub-graphs, sort nodes, and check references, kinds, row counts, models and outputs.

    Returns:
        The wiring of all valid nodes, and the faults. The wiring omits nodes that depend on a node with a fault.
    """
    expansion = Expansion(spec)
    wirer = _Wirer(spec, expansion.faults)
    ordered, cycles = in_order(expansion.nodes)
    paths = {flat.id: flat.path for flat in expansion.nodes}
    for cycle in cycles:
        wirer.fault(f"a cycle: {' -> '.join(cycle)}", *paths[cycle[0]], hint="a node cannot read what is made of it")
    for flat in expansion.nodes:
        wirer.check_model(flat)
    for flat in ordered:
        wirer.add(flat)
    outputs = wirer.outputs(expansion)
    return Wiring(spec, tuple(wirer.wired.values()), outputs), faults_in_order(wirer.faults)


class _Wirer:
    def __init__(self, spec: GraphSpec, faults: list[Fault]) -> None:
        self.spec = spec
        self.faults = faults
        self.models = {MAIN, *spec.models}
        self.hints = Hints()
        self.wired: dict[str, WiredNode] = {}
        self.rows = 0  # total of the nodes so far

    def fault(self, message: str, *path: str | int, hint: str | None = None) -> None:
        self.faults.append(self.spec.source.fault(message, *path, hint=hint))

    def check_model(self, flat: Flat) -> None:
        model = getattr(flat.node, "model", None)
        if isinstance(model, str) and model not in self.models and "models" not in self.spec.broken_keys:
            hint = self.hints.nearest(model, self.models)
            if hint is None and len(self.models) <= _MOST_NAMES:
                hint = f"'models' names {', '.join(sorted(self.models))}"
            self.fault(f"there is no model '{model}'", *flat.path, "model", hint=hint)

    def add(self, flat: Flat) -> None:
        """Wire a node, if the node and all that it reads are valid."""
        if not flat.whole or any(one not in self.wired for ids in flat.inputs.values() for one in ids):
            return
        kinds = self._kinds(flat)
        if kinds is None:
            return
        rows = self._rows(flat)
        if rows is None:
            return
        if flat.node.produces is None and not kinds:
            self.fault("it reads nothing, so its kind is unknown", *flat.path, hint="its class needs `produces`")
            return
        kind = flat.node.output_kind(kinds)
        self.wired[flat.id] = WiredNode(flat.id, flat.node, flat.inputs, kind, rows, flat.path)

    def _kinds(self, flat: Flat) -> dict[str, Kind] | None:
        """Return the kinds on the ports; None if one does not fit."""
        roles = field_roles(type(flat.node))
        found: dict[str, Kind] = {}
        fits = True
        for name, ids in flat.inputs.items():
            port = roles.ports[name]
            for index, node_id in enumerate(ids):
                kind = self.wired[node_id].kind
                if not port.accepts(kind):
                    fits = False
                    where = (*flat.path, name, index) if name in roles.list_ports else (*flat.path, name)
                    takes = " or ".join(port.kinds)
                    self.fault(f"{name} reads '{node_id}', which makes {kind}; it takes {takes}", *where)
                elif found.get(name) in (None, Kind.LATENT):  # Latent and Features on one port are Features
                    found[name] = kind
        return found if fits else None

    def _rows(self, flat: Flat) -> int | None:
        rows = {port: tuple(self.wired[one].rows for one in ids) for port, ids in flat.inputs.items()}
        try:
            count = flat.node.row_count(rows)
            if count > _limits.ROWS:
                raise ValueError(f"it makes {count} rows; at most {_limits.ROWS} are allowed")
            self.rows += count
            if self.rows > _limits.ALL_ROWS:
                raise ValueError(f"the nodes up to this one make more than {_limits.ALL_ROWS} rows")
            return count
        except ValueError as error:
            counts = {one: self.wired[one].rows for ids in flat.inputs.values() for one in ids}
            field = getattr(error, "fgraph_field", None)
            path = (*flat.path, field) if field else flat.path
            hint = hint_of_node(flat.node, flat.path, self.spec.source, str(error))
            self.fault(str(error), *path, hint=hint or (None if field else self._row_hint(flat, counts)))
            return None

    def _row_hint(self, flat: Flat, counts: Mapping[str, int]) -> str | None:
        per_row = {name: len(values) for name, values in flat.node.per_row_fields().items()}
        many = [f"'{one}' has {count}" for one, count in counts.items() if count != 1]
        many += [f"its {name} has {count}" for name, count in per_row.items() if count != 1]
        return ", ".join(many) or None

    def outputs(self, expansion: Expansion) -> dict[str, str]:
        """Return the outputs whose nodes are valid."""
        found = {}
        for name, reference in self.spec.outputs.items():
            node_id = expansion.resolve(reference, expansion.scope, ("outputs", name), "this names")
            if node_id in self.wired:
                found[name] = node_id
        if not self.spec.outputs and not self.spec.broken_keys & {"outputs", "nodes"}:
            last = next((one.id for one in reversed(self.wired.values()) if one.kind is Kind.IMAGE), None)
            self.fault("the graph has no outputs", "outputs", hint=f"outputs: [{last}]" if last else None)
        return found
