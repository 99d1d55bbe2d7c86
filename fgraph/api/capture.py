"""Runs of many graphs of one structure: captured once as a CUDA graph, then replayed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

from fgraph._errors import FgraphError
from fgraph._log import get_logger
from fgraph._options import RunKeywords
from fgraph.api import pipeline
from fgraph.api.graphs import GraphLike, NodeClasses
from fgraph.plan import Plan

if TYPE_CHECKING:
    from fgraph.runtime.capture import CapturedPlan

_LOG = get_logger()


class Captured:
    """A function that runs graphs, and replays those with the structure of the captured graph; made by `capture`."""

    def __init__(self, plan: Plan, captured: CapturedPlan | None, nodes: NodeClasses) -> None:
        self._plan = plan
        self._captured = captured
        self._nodes = nodes
        self._warned = False

    def __call__(self, graph: GraphLike | Plan | Sequence[GraphLike]) -> Any:
        """Run a graph, as `run` does. A graph of another structure isn't replayed, which is logged once.

        Raises:
            GraphError: a graph is wrong.
            RunError: a step failed.
        """
        plan = graph if isinstance(graph, Plan) else self._compile(graph)
        if self._captured is not None:
            found = self._captured.run(plan)
            if found is not None:
                return found[0] if plan.single else found
            if not self._warned:
                _LOG.warning("a graph has another structure than the captured one, and runs as usual")
                self._warned = True
        return pipeline.run(plan)

    def _compile(self, graph: GraphLike | Sequence[GraphLike]) -> Plan:
        return pipeline.compile_with(graph, self._plan.options, nodes=self._nodes)


def capture(
    graph: GraphLike | Plan | Sequence[GraphLike],
    *,
    nodes: NodeClasses = (),
    **options: Unpack[RunKeywords],
) -> Captured:
    """Capture a graph, many together, or a plan as one CUDA graph, and replay it for graphs of the same structure.

    Graphs have the same structure if they differ only in seeds, codes, numbers of code nodes (ψ, t, weights), noise,
    pictures, and masks of equal extent. Devices other than CUDA, inversion, proposed patches, owned parts, functions
    of your own and StyleGAN3 can't be captured; this is logged, and graphs run as usual.

    Args:
        graph: a graph of the structure; it runs once, and its results are dropped.
        nodes: node classes of your own.
        options: `device`, `precision`, `torch_compile`, `memory`: see `compile`. A plan has the options it was compiled
            with. Later graphs run with the same options. Without `memory`, a plan may need half of the memory that the
            device has free now.

    Raises:
        FgraphError: an option has an invalid value, or is given with a plan.
        GraphError: a graph is wrong.
        ModelError: the file of a model can't be read.

    >>> from fgraph.api.graphs import load
    >>> graph = load("{nodes: {z: {op: sample}, image: {op: decode, of: z}}, outputs: [image]}")
    >>> captured = capture(graph)
    >>> captured(graph)["image"].array.shape
    (1, 3, 64, 64)
    """
    if isinstance(graph, Plan):
        pipeline.expect_no_options(options)
        plan = graph
    else:
        plan = pipeline.compile(graph, nodes=nodes, **options)
    if plan.baseline_values or plan.baseline is not None:
        raise FgraphError(
            "a plan that keeps values, or builds on kept ones, can't be captured: leave keep and since out"
        )
    from fgraph.runtime.capture import capture_plan  # loads torch

    return Captured(plan, capture_plan(plan), nodes)
