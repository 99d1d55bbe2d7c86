"""The calls that tie the stages together: compile and run. `load` and `check` are in `fgraph.api.graphs`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from fgraph._collector import paused_collector
from fgraph._errors import FgraphError
from fgraph._options import RunKeywords, RunOptions
from fgraph._results import Results
from fgraph.api.graphs import GraphLike, NodeClasses, as_list, lower_graphs
from fgraph.declare import Graph
from fgraph.ir.baseline import Baseline
from fgraph.passes import optimise
from fgraph.plan import Plan, make_plan

if TYPE_CHECKING:
    from fgraph.stylegan.generators.base import Generator

Engine = Literal["batched", "eager"]


def compile(
    graph: GraphLike | Sequence[GraphLike],
    *,
    nodes: NodeClasses = (),
    **options: Unpack[RunKeywords],
) -> Plan:
    """Compile a graph, or many together, to one plan of batched calls, without loading torch.

    Args:
        graph: a graph, or a list of graphs; paths, YAML text and mappings are loaded first.
        nodes: node classes of your own that the graphs use.
        options: `device`: where to run: `cpu`, `cuda`, `cuda:1`, `mps`, or `auto` (the default) for the best there is.

            `precision`: `float32` (the default), `float64`, or `bfloat16` or `float16` for the four blocks of highest
            resolution, where everything else stays float32. Also `fp32`, `fp64`, `bf16`, `fp16`.

            `torch_compile`: run the layers of StyleGAN2 through `torch.compile`: True, or the name of a backend.

            `memory`: the most bytes that the plan may need, counted in fp32, as a number or text ("2GiB"). The plan is
            cut into chunks to fit. None (the default): most of the memory that is free on the device when the run
            starts. Not with `float64`.

    Raises:
        FgraphError: an option has an invalid value.
        GraphError: a graph is wrong; all faults of all graphs are reported together.
        MemoryBudgetError: the plan needs more than `memory`.

    >>> graph = Graph()
    >>> image = graph.decode(graph.sample(seed=[3, 8]))
    >>> graph.outputs = {"image": image}
    >>> compile(graph).cost.layer_calls, compile(graph).cost.unbatched_layer_calls
    (14, 28)
    """
    return compile_with(graph, RunOptions.of(**options), nodes=nodes)


@paused_collector()
def compile_with(
    graph: GraphLike | Sequence[GraphLike],
    options: RunOptions,
    *,
    nodes: NodeClasses = (),
    baseline: Baseline | None = None,
) -> Plan:
    """Compile graphs with parsed options.

    With the baseline of an earlier run, the plan computes only what differs from that run.

    Raises:
        GraphError: a graph is wrong; all faults of all graphs are reported together.
        MemoryBudgetError: the plan needs more than the memory budget.
    """
    graphs, single = as_list(graph, nodes)
    raw, pool = lower_graphs(graphs)
    return make_plan(raw, optimise(raw), pool.models, single=single, options=options, baseline=baseline)


def run(
    graph: GraphLike | Plan | Sequence[GraphLike],
    *,
    outputs: Mapping[str, Any] | Iterable[Any] | None = None,
    engine: Engine = "batched",
    keep: bool = False,
    since: Results | None = None,
    nodes: NodeClasses = (),
    **options: Unpack[RunKeywords],
) -> Any:
    """Run a graph, many graphs together, or a plan.

    Args:
        graph: what to run; see `compile`.
        outputs: name -> node, or a list of nodes; by default the outputs of the graph.
        engine: `batched` runs the plan; `eager` runs the program as lowered, operation by operation and row by row.
        keep: whether to keep every value in memory, as the baseline of later runs.
        since: results of a run with `keep`. This run computes only what differs from it, in the rectangle where it
            differs.
        nodes: node classes of your own that the graphs use.
        options: `device`, `precision`, `torch_compile`, `memory`: see `compile`. A plan has the options it was compiled
            with. The eager engine ignores `torch_compile`.

    Returns:
        Output name -> `Image`, `MaskImage`, `Latents` or `FeatureMaps`; for a list of graphs, a list of these.

    Raises:
        FgraphError: an option has an invalid value, or is given with a plan.
        GraphError: a graph is wrong.
        MemoryBudgetError: the memory doesn't suffice, even with the work cut into chunks.
        ModelError: the file of a model can't be read.
        RunError: a step failed.

    >>> graph = Graph()
    >>> result = run(graph, outputs={"image": graph.decode(graph.sample(seed=[3, 8], truncation=0.7))})
    >>> result["image"].array.shape
    (2, 3, 64, 64)
    """
    if engine not in ("batched", "eager"):
        raise FgraphError(f"engine '{engine}' is not known: use batched or eager")
    baseline = _baseline_of(keep, since)
    plan = _plan_of(graph, outputs, nodes, options, baseline)
    from fgraph.runtime import run_plan  # loads torch

    results = run_plan(plan.as_baseline() if keep else plan, engine)
    return results[0] if plan.single else results


def _plan_of(
    graph: GraphLike | Plan | Sequence[GraphLike],
    outputs: Mapping[str, Any] | Iterable[Any] | None,
    nodes: NodeClasses,
    options: RunKeywords,
    baseline: Baseline | None,
) -> Plan:
    """Return a plan, or compile one, that computes only what differs from a baseline."""
    if not isinstance(graph, Plan):
        wanted = _with_outputs(graph, outputs, nodes)
        return compile_with(wanted, RunOptions.of(**options), nodes=nodes, baseline=baseline)
    if outputs is not None:
        raise FgraphError("outputs can't be given with a plan: set the outputs of the graph before compile")
    expect_no_options(options)
    return graph if baseline is None else graph.since(baseline)


def expect_no_options(options: RunKeywords) -> None:
    """Refuse options beside a plan.

    Raises:
        FgraphError: there are options.
    """
    if options:
        given = ", ".join(f"{name}={value!r}" for name, value in options.items())
        raise FgraphError(f"a plan has the options that it was compiled with: give {given} to compile instead")


def _baseline_of(keep: bool, since: Results | None) -> Baseline | None:
    """Return the baseline of an earlier run, or None."""
    if since is None:
        return None
    if not isinstance(since, Results):
        raise FgraphError(
            f"since takes the results of one graph, not {type(since).__name__}: after a run of a list of graphs, give "
            "any one of its results"
        )
    baseline: Baseline | None = since.baseline
    if baseline is None:
        raise FgraphError("since needs results of a run with keep=True: run(graph, keep=True), then since=its results")
    if keep:
        raise FgraphError("keep and since can't be combined, since the earlier run stays the baseline: leave keep out")
    return baseline


def load_generator(source: str | Path, device: str = "cpu") -> Generator:
    """Load a generator of StyleGAN2 or StyleGAN3, for use in `Graph(models={"main": ...})`.

    `source` is the name of a bundled model, a path or a URL.

    Raises:
        ModelError: there is no such model, or its file is damaged or of an unknown format.
    """
    from fgraph.stylegan.loading import load_generator

    return load_generator(source, device=device)


def _with_outputs(
    graph: GraphLike | Sequence[GraphLike], outputs: Mapping[str, Any] | Iterable[Any] | None, nodes: NodeClasses
) -> Any:
    if outputs is None:
        return graph
    graphs, single = as_list(graph, nodes)
    if not single:
        raise FgraphError("outputs can be given for one graph only: set the outputs of each graph in the list")
    wanted = outputs if isinstance(outputs, Mapping) else {_node_id(one): one for one in outputs}
    spec = replace(graphs[0].spec, outputs={name: _node_id(one) for name, one in wanted.items()})
    return Graph.from_spec(spec, nodes)


def _node_id(reference: Any) -> str:
    return str(getattr(reference, "node_id", reference))
