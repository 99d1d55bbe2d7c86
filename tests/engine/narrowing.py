"""A graph narrowed to one of its rows, to run that row alone."""

from __future__ import annotations

from typing import Any

import fgraph
from fgraph.digraph import wire
from tests.features import PORTS

PER_ROW = {
    "t", "alpha", "value", "start", "stop", "feather", "dx", "dy", "strength", "component", "truncation",
    "degrees", "factor", "radius", "fraction", "cluster", "rho", "epsilon", "rotate", "scale",
    "colour", "outline", "opacity", "text", "size",
}  # fmt: skip
# Fields whose value for one row is a list, with the depth of a list of such values.
PLACES = {"at": 2, "centre": 2, "radii": 2, "box": 2, "points": 3}


def narrowed(document: dict[str, Any], graph: fgraph.Graph, row: int) -> dict[str, Any]:
    """Return the document of a graph whose outputs are row `row` of this graph's outputs; outputs of one row stay.

    A list of values is cut to one entry. After a node that draws several rows, a node `rows` selects one. A node that
    joins several rows reads only those that its row needs.
    """
    work = _Narrowing(document["nodes"], {one.id: one.rows for one in wire(graph.spec)[0].nodes})
    outputs = {name: work.node(node, row) for name, node in document["outputs"].items()}
    return document | {"nodes": work.made, "outputs": outputs}


def depth_of(value: Any) -> int:
    """Return the nesting depth of lists."""
    return 1 + depth_of(value[0]) if isinstance(value, list) else 0


class _Narrowing:
    def __init__(self, nodes: dict[str, Any], rows: dict[str, int]) -> None:
        self.nodes = nodes
        self.rows = rows
        self.made: dict[str, dict[str, Any]] = {}

    def node(self, name: str, row: int) -> str:
        """Return the id of a node that makes only row `row` of this one."""
        row = min(row, self.rows[name] - 1)
        node, narrowed_id = self.nodes[name], f"{name}_{row}"
        if narrowed_id in self.made:
            return narrowed_id
        if node["op"] == "rows":
            return self.node(node["of"], int(node["take"].split(",")[row]) % self.rows[node["of"]])
        if node["op"] == "sample":
            return self.sample(name, node, row, narrowed_id)
        # The result depends on the place of the row: by random noise, by the path, or by the model of the first row.
        if node["op"] in ("latent", "walk", "stack", "photo", "encode"):
            self.made[narrowed_id] = {"op": "rows", "of": self.whole(name), "take": str(row)}
        elif node["op"] == "mosaic":
            cells = node["grid"][0] * node["grid"][1]
            read = self.whole(node["of"])
            self.made[f"{narrowed_id}_of"] = {"op": "rows", "of": read, "take": f"{row * cells}:{(row + 1) * cells}"}
            self.made[narrowed_id] = node | {"of": f"{narrowed_id}_of"}
        elif node["op"] == "knit":
            return self.whole(name)
        else:
            per_row = PER_ROW - ({"value"} if node["op"] == "direction" else set())
            fields = {key: value[row] if isinstance(value, list) and len(value) > 1 else value
                      for key, value in node.items() if key in per_row}  # fmt: skip
            fields |= {key: node[key][row] if depth_of(node[key]) == depth and len(node[key]) > 1 else node[key]
                       for key, depth in PLACES.items() if key in node}  # fmt: skip
            if node["op"] == "patches" and isinstance(node["patches"], dict):
                seed = node["patches"]["seed"]
                one = seed[row] if isinstance(seed, list) and len(seed) > 1 else seed
                fields["patches"] = node["patches"] | {"seed": one}
            self.made[narrowed_id] = node | fields | self.references(node, row)
        return narrowed_id

    def sample(self, name: str, node: dict[str, Any], row: int, narrowed_id: str) -> str:
        """Return the id of a node with one literal seed, or of a selected row if the list or the id gives the seeds."""
        if isinstance(node.get("seed"), list):
            psi = node["truncation"]
            psi = psi[row] if isinstance(psi, list) and len(psi) > 1 else psi
            label = node.get("class")
            labels = {"class": label[row] if isinstance(label, list) and len(label) > 1 else label} if label else {}
            self.made[narrowed_id] = node | {"seed": node["seed"][row], "truncation": psi} | labels
        else:
            self.made[narrowed_id] = {"op": "rows", "of": self.whole(name), "take": str(row)}
        return narrowed_id

    def whole(self, name: str) -> str:
        """Return the id of the unchanged node, with all nodes that it reads."""
        if name not in self.made:
            self.made[name] = self.nodes[name]
            for port in PORTS:
                value = self.nodes[name].get(port, [])
                for one in value if isinstance(value, list) else [value]:
                    self.whole(one)
        return name

    def references(self, node: dict[str, Any], row: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for port in PORTS:
            value = node.get(port)
            if isinstance(value, list):
                found[port] = [self.node(one, row) for one in value]
            elif value is not None:
                found[port] = self.node(value, row)
        return found
