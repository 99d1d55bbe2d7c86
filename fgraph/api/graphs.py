"""Load and check graphs, and lower many graphs to one program, without passes and plans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

from fgraph._errors import Fault, FgraphError, GraphError
from fgraph._imaging.finding import SUFFIXES
from fgraph.api.models import ModelPool
from fgraph.declare import Graph, GraphSpec, SourceMap, read
from fgraph.digraph import wire
from fgraph.ir.program import Program
from fgraph.node import Node
from fgraph.registry import registry_with
from fgraph.stacks import Context, lower

NodeClasses: TypeAlias = Iterable[type[Node]]
GraphLike: TypeAlias = Graph | Path | str | Mapping[str, Any]


def load(
    source: Path | str | Mapping[str, Any],
    overrides: Sequence[str] = (),
    *,
    nodes: NodeClasses = (),
    trace: SourceMap | None = None,
) -> Graph:
    """Read a graph from a file, YAML text or a mapping.

    Args:
        source: a path, YAML text, or a mapping. The path of a picture that fgraph wrote means the graph inside.
        overrides: changes in Hydra's grammar, such as `nodes.fade.start=0.4` or `seed=3`.
        nodes: node classes of your own that the graph uses.
        trace: the source locations of the parts of a mapping, for faults.

    Raises:
        GraphError: the graph is wrong; `faults` lists everything found, by later stages too.

    >>> graph = load('''
    ... nodes:
    ...   code: {op: sample, seed: 3}
    ...   image: {op: decode, of: code}
    ... outputs: [image]
    ... ''', overrides=["nodes.code.truncation=0.7"])
    >>> graph.spec.nodes["code"].truncation
    0.7
    """
    if is_picture(source):
        from fgraph.save.restoring import restore_graph  # graph files don't need it

        source, trace = restore_graph(source)
    spec, faults = read(source, overrides, ops=registry_with(nodes), trace=trace)
    if faults:
        raise GraphError(_in_order([*faults, *check(spec)]))
    return Graph.from_spec(spec, nodes)


def check(graph: GraphLike | GraphSpec | Sequence[GraphLike], *, nodes: NodeClasses = ()) -> list[Fault]:
    """Find every fault of a graph, or of many: in wiring, kinds, layers, sizes, rows.

    This runs nothing and loads no weights.

    >>> check("{nodes: {image: {op: decode, of: cod}, code: {op: sample}}, outputs: [image]}")[0].hint
    "did you mean 'code'?"
    """
    try:
        specs = [graph] if isinstance(graph, GraphSpec) else [one.spec for one in as_list(graph, nodes)[0]]
    except GraphError as error:
        return list(error.faults)
    return _lower(specs)[2]


def lower_graphs(graphs: Sequence[Graph]) -> tuple[Program, ModelPool]:
    """Lower graphs to one program, before any pass; return it with the models that it names.

    Raises:
        GraphError: a graph is wrong; all faults of all graphs are reported together.
    """
    program, pool, faults = _lower([one.spec for one in graphs])
    if faults:
        raise GraphError(_in_order(faults))
    return program, pool


def is_picture(source: Any) -> TypeGuard[str | Path]:
    """Return whether a source is the path of a picture, by its ending, or names a cell such as `sheet.png#3`."""
    if not isinstance(source, str | Path) or "\n" in str(source):
        return False
    return str(source).lower().rstrip("0123456789").removesuffix("#").endswith(SUFFIXES)


def as_list(graph: GraphLike | Sequence[GraphLike], nodes: NodeClasses) -> tuple[list[Graph], bool]:
    """Return graphs as a list, and whether a single one was given; paths, texts and mappings are loaded.

    Raises:
        FgraphError: the list is empty.
        GraphError: a graph is wrong.
    """
    single = isinstance(graph, Graph | Path | str | Mapping)
    given = [graph] if single else list(graph)  # type: ignore[arg-type]
    if not given:
        raise FgraphError("the list of graphs is empty: give at least one")
    return [one if isinstance(one, Graph) else load(one, nodes=nodes) for one in given], single  # type: ignore[arg-type]


def _lower(specs: Sequence[GraphSpec]) -> tuple[Program, ModelPool, list[Fault]]:
    pool, faults, contexts = ModelPool(), [], []
    keys: dict[Any, int] = {}
    for number, spec in enumerate(specs):
        wiring, found = wire(spec)
        faults += found
        models, found = pool.resolve(spec)
        faults += found
        if len(models) < len({"main": 0, **spec.models}):
            continue  # a model is missing, which is a fault already
        key = (tuple(sorted(models.items())), spec.noise.mode, spec.noise.fit, spec.noise.file)
        contexts.append(Context(number, wiring, models, keys.setdefault(key, len(keys))))
    program, found = lower(contexts, pool.tables)
    return program, pool, faults + found


def _in_order(faults: Iterable[Fault]) -> list[Fault]:
    return sorted(dict.fromkeys(faults), key=lambda fault: (fault.file or "", fault.line or 0))
