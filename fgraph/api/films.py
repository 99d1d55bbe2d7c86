"""Films with edited crops in their frames, made a few frames at a time, so that memory does not grow with length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fgraph._options import DEFAULT_OPTIONS, RunOptions
from fgraph._results import Result
from fgraph.api import pipeline
from fgraph.api.graphs import lower_graphs
from fgraph.declare import Graph
from fgraph.ir.program import Output
from fgraph.photographs import Pasting, Photographs, PhotographStream, is_film

FRAMES = 16  # frames that are made together


def reads_films(graph: Graph) -> bool:
    """Return whether a node of a graph cuts crops out of a film; nothing is run, and no file is opened."""
    files = [getattr(node, "file", ()) for _, node, _ in graph.spec.walk() if node.op == "photo"]
    return any(is_film(one) for file in files for one in ((file,) if isinstance(file, str) else file))


def run_films(graph: Graph, options: RunOptions = DEFAULT_OPTIONS) -> Mapping[str, Result | PhotographStream]:
    """Run a graph. Films that it pastes into are made later, while they are written, some frames at a time.

    Every other output is a result as `run` returns it, which holds all of its rows.

    Raises:
        FgraphError: see `run`.
    """
    program, _ = lower_graphs([graph])
    films = {one.name: one for one in program.outputs if one.pasting is not None and _has_frames(one.pasting)}
    rest = {name: node for name, node in graph.outputs.items() if name not in films}
    others = Graph.from_spec(replace(graph.spec, outputs=rest), ops=graph._ops)
    results: Mapping[str, Any] = pipeline.run(others, **options.keywords) if rest else {}
    return {name: _stream(graph, films[name], options) if name in films else results[name] for name in graph.outputs}


def _stream(graph: Graph, output: Output, options: RunOptions) -> PhotographStream:
    assert output.pasting is not None
    node = graph.outputs[output.name]

    def make(start: int, stop: int) -> Photographs:
        part = Graph.from_spec(graph.spec, ops=graph._ops)
        part.outputs = {"part": part.rows(node, take=f"{start}:{stop}")}
        found: Photographs = pipeline.run(part, **options.keywords)["part"]
        return found

    return PhotographStream(output.pasting, make, FRAMES)


def _has_frames(pasting: Pasting) -> bool:
    return any(crop.frame is not None for crop in pasting.crops)
