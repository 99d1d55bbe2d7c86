"""Labels of rows: the values that differ by row among the nodes that an output depends on."""

from __future__ import annotations

from fgraph.declare import GraphSpec
from fgraph.declare.spec import Subgraph


def label_rows(spec: GraphSpec, output: str, rows: int) -> list[str]:
    """Return a label for each row of an output, such as `alpha=0.25`; the row's number if no field is a list.

    A field counts if it lists as many values as the output has rows. The search stops at nodes that select or merge
    rows, since their inputs number rows differently. All inputs of a sub-graph are searched.
    """
    found = [[f"{name}={_text(value)}" for value in values] for name, values in _lists(spec, output, rows)]
    if not found:
        return [str(row) for row in range(rows)]
    return [" ".join(parts) for parts in zip(*found, strict=True)]


def _lists(spec: GraphSpec, output: str, rows: int) -> list[tuple[str, tuple[object, ...]]]:
    found: dict[tuple[str, str], tuple[object, ...]] = {}
    waiting, seen = [spec.outputs.get(output, output).partition(".")[0]], set[str]()
    while waiting:
        name = waiting.pop(0)
        node = spec.nodes.get(name)
        if node is None or name in seen or node.collapses:
            continue
        seen.add(name)
        for field, values in node.per_row_fields().items():
            if len(values) == rows > 1:
                found[name, field] = values
        inner = node.inputs.values() if isinstance(node, Subgraph) else ()
        ports = [one for ids in node.references().values() for one in ids]
        waiting += [one.partition(".")[0] for one in (*inner, *ports)]
    fields = [field for _, field in found]
    return [
        (field if fields.count(field) == 1 else f"{name}.{field}", values) for (name, field), values in found.items()
    ]


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
