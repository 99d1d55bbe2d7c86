"""The front: load, check, compile, run. It ties the stages together, and is all that most people call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeGuard

from fgraph._collector import paused_collector
from fgraph._errors import Fault, FgraphError, GraphError, ModelError
from fgraph._imaging.files import SUFFIXES
from fgraph._results import Result, Results
from fgraph._sizes import parse_bytes
from fgraph.api.models import ModelPool
from fgraph.declare import Graph, GraphSpec, Source, read
from fgraph.digraph import wire
from fgraph.ir.baseline import Baseline
from fgraph.ir.program import Program
from fgraph.node import Node
from fgraph.passes import optimise
from fgraph.plan import Plan, make_plan
from fgraph.registry import registry_with
from fgraph.stacks import Context, lower

if TYPE_CHECKING:
    from fgraph.stylegan.generators.base import Generator

NodeClasses: TypeAlias = Iterable[type[Node]]
GraphLike: TypeAlias = Graph | Path | str | Mapping[str, Any]
Engine = Literal["batched", "eager"]
PRECISIONS = ("float32", "float64", "bfloat16", "float16")
_SHORT = {"fp32": "float32", "fp64": "float64", "bf16": "bfloat16", "fp16": "float16"}


def load(
    source: Path | str | Mapping[str, Any],
    overrides: Sequence[str] = (),
    *,
    nodes: NodeClasses = (),
    trace: Source | None = None,
) -> Graph:
    """Read a graph from a file, YAML text or a mapping.

    Args:
        source: a path, a string that is one existing path, YAML text, or a mapping; or the path of a picture that
            fgraph wrote, which holds the graph it was made by.
        overrides: changes in Hydra's grammar, such as `nodes.fade.start=0.4` or `seed=3`.
        nodes: node classes of your own that the graph uses.
        trace: where the parts of a mapping came from, for the places of faults.

    Raises:
        GraphError: the graph is wrong; it carries every fault, those of later stages too.

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
        from fgraph.save.restoring import restore_graph  # with Pillow, which graph files can do without

        source, trace = restore_graph(source)
    spec, faults = read(source, overrides, ops=registry_with(nodes), trace=trace)
    if faults:
        raise GraphError(_in_order([*faults, *check(spec)]))
    return Graph.from_spec(spec, nodes)


def check(graph: GraphLike | GraphSpec | Sequence[GraphLike], *, nodes: NodeClasses = ()) -> list[Fault]:
    """Every fault of a graph, or of many: wiring, kinds, layers, sizes, rows. Runs nothing and loads no weights.

    >>> check("{nodes: {image: {op: decode, of: cod}, code: {op: sample}}, outputs: [image]}")[0].hint
    "did you mean 'code'?"
    """
    try:
        specs = [graph] if isinstance(graph, GraphSpec) else [one.spec for one in _as_list(graph, nodes)[0]]
    except GraphError as error:
        return list(error.faults)
    return _lower(specs)[2]


def compile(
    graph: GraphLike | Sequence[GraphLike],
    *,
    device: str = "auto",
    precision: str = "float32",
    torch_compile: bool | str = False,
    memory: int | str | None = None,
    nodes: NodeClasses = (),
) -> Plan:
    """Turn a graph, or many together, into one plan of batched calls; torch is not loaded.

    Args:
        graph: a graph or a list of graphs; paths, YAML text and mappings are loaded.
        device: where to run: `cpu`, `cuda`, `cuda:1`, `mps`, or `auto` for the best there is.
        precision: `float32`, `float64`, or `bfloat16` or `float16` for the four blocks of highest resolution, where
            all else stays float32. Also `fp32`, `fp64`, `bf16`, `fp16`.
        torch_compile: run the layers of StyleGAN2 through `torch.compile`: True, or the name of a backend.
        memory: the most bytes that the plan may need, counted in fp32, a number or such as "2GiB"; the work is cut
            into chunks to fit. None: most of what the device has free when it runs. Not with `float64`.
        nodes: node classes of your own that the graphs use.

    Raises:
        GraphError: a graph is wrong; all faults of all graphs are reported together.
        MemoryBudgetError: the plan needs more than `memory`.

    >>> graph = Graph()
    >>> image = graph.decode(graph.sample(seed=[3, 8]))
    >>> graph.outputs = {"image": image}
    >>> compile(graph).cost.layer_calls, compile(graph).cost.unbatched_layer_calls
    (14, 28)
    """
    return _compile(graph, device, precision, torch_compile, memory, nodes=nodes)


@paused_collector()
def _compile(
    graph: GraphLike | Sequence[GraphLike],
    device: str,
    precision: str,
    torch_compile: bool | str,
    memory: int | str | None,
    *,
    nodes: NodeClasses,
    baseline: Baseline | None = None,
) -> Plan:
    """The plan of graphs; with `baseline`, what an earlier run has left to do of it."""
    graphs, single = _as_list(graph, nodes)
    precision = _SHORT.get(precision, precision)
    if precision not in PRECISIONS:
        raise FgraphError(f"precision '{precision}' is not known: use {', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}")
    if not isinstance(torch_compile, bool | str):
        raise FgraphError(f"torch_compile is true, false or the name of a backend, not {torch_compile!r}")
    raw, pool, faults = _lower([one.spec for one in graphs])
    if faults:
        raise GraphError(_in_order(faults))
    return make_plan(
        raw,
        optimise(raw),
        pool.models,
        single=single,
        device=device,
        precision=precision,
        torch_compile=torch_compile,
        memory=_as_bytes(memory, precision),
        baseline=baseline,
    )


def run(
    graph: GraphLike | Plan | Sequence[GraphLike],
    *,
    outputs: Mapping[str, Any] | Iterable[Any] | None = None,
    engine: Engine = "batched",
    keep: bool = False,
    since: Results | None = None,
    device: str = "auto",
    precision: str = "float32",
    torch_compile: bool | str = False,
    memory: int | str | None = None,
    nodes: NodeClasses = (),
) -> Any:
    """Run a graph, many graphs together, or a plan.

    Args:
        graph: what to run; see `compile`.
        outputs: what is wanted, name -> node, or a list of nodes; None: the graph's own outputs.
        engine: `batched` runs the plan, `eager` what it means: one operation and one row after the other.
        keep: keep every value in memory, so that a later run can build on this one.
        since: results of a run with `keep`: only what differs from it is computed, inside the rectangle where it does.
        device: see `compile`; a plan keeps its own.
        precision: see `compile`; a plan keeps its own.
        torch_compile: see `compile`; a plan keeps its own. The eager engine compiles nothing.
        memory: see `compile`; a plan keeps its own.
        nodes: node classes of your own that the graphs use.

    Returns:
        name -> `Image`, `MaskImage`, `Latents` or `FeatureMaps`; for a list of graphs, a list of these.

    Raises:
        GraphError: a graph is wrong.
        MemoryBudgetError: there is not enough memory, however the work is cut.
        ModelError: a model's file cannot be read.
        RunError: a step failed.

    >>> graph = Graph()
    >>> result = run(graph, outputs={"image": graph.decode(graph.sample(seed=[3, 8], truncation=0.7))})
    >>> result["image"].array.shape
    (2, 3, 64, 64)
    """
    if engine not in ("batched", "eager"):
        raise FgraphError(f"engine '{engine}' is not known: use batched or eager")
    baseline = _baseline_of(keep, since)
    if not isinstance(graph, Plan):
        wanted = _with_outputs(graph, outputs, nodes)
        plan = _compile(wanted, device, precision, torch_compile, memory, nodes=nodes, baseline=baseline)
    elif outputs is None:
        plan = graph if baseline is None else graph.since(baseline)
    else:
        raise FgraphError("a plan is compiled for its outputs: give them to compile, through the graph")
    from fgraph.runtime import run_plan  # loads torch

    results = run_plan(plan.as_baseline() if keep else plan, engine)
    return results[0] if plan.single else results


def _baseline_of(keep: bool, since: Results | None) -> Baseline | None:
    """What an earlier run has kept, for a run to build on."""
    if since is None:
        return None
    if not isinstance(since, Results):
        raise FgraphError(
            f"since takes what a run of one graph with keep=True gave, not {type(since).__name__}: of a list of "
            "graphs, any one of its results stands for all"
        )
    baseline: Baseline | None = since.baseline
    if baseline is None:
        raise FgraphError("since needs results of a run with keep=True: run(graph, keep=True), then since=its results")
    if keep:
        raise FgraphError("a run with since leaves what it builds on; it keeps nothing of its own: leave keep out")
    return baseline


def load_generator(source: str | Path, device: str = "cpu") -> Generator:
    """Load a generator, StyleGAN2 or 3: a bundled name or a path. It may stand in `Graph(models={"main": ...})`.

    Raises:
        ModelError: there is no such model, or its file is damaged or not understood.
    """
    from fgraph.stylegan.loading import load_generator

    return load_generator(source, device=device)


def is_picture(source: Any) -> TypeGuard[str | Path]:
    """Whether a source is the path of a picture, by its ending."""
    if not isinstance(source, str | Path) or not str(source).lower().endswith(SUFFIXES):
        return False
    return "\n" not in str(source)


def _as_list(graph: GraphLike | Sequence[GraphLike], nodes: NodeClasses) -> tuple[list[Graph], bool]:
    single = isinstance(graph, Graph | Path | str | Mapping)
    given = [graph] if single else list(graph)  # type: ignore[arg-type]
    if not given:
        raise FgraphError("there is no graph in the list")
    return [one if isinstance(one, Graph) else load(one, nodes=nodes) for one in given], single  # type: ignore[arg-type]


def _with_outputs(
    graph: GraphLike | Sequence[GraphLike], outputs: Mapping[str, Any] | Iterable[Any] | None, nodes: NodeClasses
) -> Any:
    if outputs is None:
        return graph
    graphs, single = _as_list(graph, nodes)
    if not single:
        raise FgraphError("outputs are given for one graph; those of a list stand in each graph")
    wanted = outputs if isinstance(outputs, Mapping) else {_node_id(one): one for one in outputs}
    spec = replace(graphs[0].spec, outputs={name: _node_id(one) for name, one in wanted.items()})
    return Graph.from_spec(spec, nodes)


def _node_id(reference: Any) -> str:
    return str(getattr(reference, "node_id", reference))


def _lower(specs: Sequence[GraphSpec]) -> tuple[Program, ModelPool, list[Fault]]:
    pool, faults, contexts = ModelPool(), [], []
    keys: dict[Any, int] = {}
    for number, spec in enumerate(specs):
        wiring, found = wire(spec)
        faults += found
        models, found = pool.resolve(spec)
        faults += found
        if len(models) < len({"main": 0, **spec.models}):
            continue  # what cannot be found cannot be lowered for
        key = (tuple(sorted(models.items())), spec.noise.mode, spec.noise.fit, spec.noise.file)
        contexts.append(Context(number, wiring, models, keys.setdefault(key, len(keys))))
    program, found = lower(contexts, pool.tables)
    return program, pool, faults + found


def _in_order(faults: Iterable[Fault]) -> list[Fault]:
    return sorted(dict.fromkeys(faults), key=lambda fault: (fault.file or "", fault.line or 0))


def _as_bytes(memory: int | str | None, precision: str) -> int | None:
    if memory is None:
        return None
    count = parse_bytes(memory, "memory")
    if precision == "float64":
        raise FgraphError(
            "memory= cannot be kept to in float64: plans count float32 numbers, and convolutions in float64 take "
            "several times as much room; leave one of the two out"
        )
    return count


__all__ = ["GraphLike", "ModelError", "Result", "check", "compile", "load", "load_generator", "run"]
