"""The maps that chunks retain, and the FLOPs that they repeat, under a budget: docs/reference/measurements/chunks.md.

    python -m bench.memory.chunks [--out FOLDER]

The numbers come from plans for a config-f generator of 256 pixels. Each set of graphs is cut to its budget twice. In
the first plan, chunks retain parts for later chunks; in the second, each chunk computes everything that it needs. Only
a short panorama runs, to measure the time of a FLOP.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fgraph
from bench.harness.pages import MEASUREMENTS
from bench.harness.subjects import merge_graph, plain_graph, write_checkpoint
from bench.memory.peaks import mosaic_graph
from fgraph.plan.chunks import split_into_chunks

_MIB = 1 << 20
HEAD = [
    "# Chunks",
    "",
    "`python -m bench.memory.chunks` writes this page: what plans under a memory budget retain from one chunk",
    "for others, and their FLOPs relative to the work in one piece. In the two columns on the right, no",
    "chunk retains anything. Below 100%, the regions of the chunks fit more closely than those of the",
    'whole. "Compiled" is the CPU time of making the plan. "Of run" is its share of the time of the run, which is',
    "estimated from the FLOPs of the plan and the CPU time of a FLOP in a panorama of 4 images.",
    "",
    "| work | in one piece, MiB | budget, MiB | chunks | retained, MiB | FLOPs | compiled, s | of run | chunks "
    "| FLOPs |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
]
Graphs = fgraph.Graph | list[fgraph.Graph]


def edits_of_one_seed(model: Any, count: int) -> list[fgraph.Graph]:
    """Return graphs that run one seed to 32 pixels, then shift it, each by a different amount."""
    graphs = []
    for number in range(count):
        graph = fgraph.Graph(models={"main": model})
        paused = graph.tap(graph.sample(seed=4), layer="b32.conv1")
        graph.outputs = {"image": graph.decode(graph.shift(paused, dx=(number + 1) / (2 * count)))}
        graphs.append(graph)
    return graphs


def strengths(model: Any, alphas: int, seeds: int) -> list[fgraph.Graph]:
    """Return graphs of one edit in a box, at several strengths, on several seeds. The seeds vary fastest."""
    graphs = []
    for alpha in range(1, alphas + 1):
        for seed in range(seeds):
            graph = fgraph.Graph(models={"main": model})
            box = graph.mask("box", box=[0.25, 0.25, 0.25, 0.25], alpha=alpha / alphas)
            mixed = graph.blend(graph.sample(seed=seed), graph.sample(seed=1000), mask=box, layers="b16..")
            graph.outputs = {"image": graph.decode(mixed)}
            graphs.append(graph)
    return graphs


def grid_graph(model: Any, side: int) -> fgraph.Graph:
    """Return a graph of codes in rows and columns, each blending into its neighbours."""
    graph = fgraph.Graph(models={"main": model})
    laid = graph.mosaic(graph.sample(seed=list(range(side * side))), grid=[side, side])
    graph.outputs = {"image": graph.decode(laid)}
    return graph


def panoramas(model: Any, count: int, spans: int) -> list[fgraph.Graph]:
    """Return graphs of panoramas, each with different seeds."""
    return [merge_graph(model, spans, number * spans) for number in range(count)]


WORKS: tuple[tuple[str, Callable[[Any], Graphs], int], ...] = (
    ("64 edits of one seed at 32 pixels", lambda model: edits_of_one_seed(model, 64), 300),
    ("64 strengths of one edit in a box", lambda model: strengths(model, 64, 1), 300),
    ("64 strengths of one edit in a box", lambda model: strengths(model, 64, 1), 150),
    ("8 strengths on each of 8 seeds", lambda model: strengths(model, 8, 8), 500),
    ("32 seeds", lambda model: plain_graph(model, 32), 500),
    ("panorama of 20 spans", lambda model: merge_graph(model, 20), 300),
    ("panorama of 20 spans", lambda model: merge_graph(model, 20), 100),
    ("mosaic of 20", lambda model: mosaic_graph(model, 20), 300),
    ("mosaic of 20", lambda model: mosaic_graph(model, 20), 150),
    ("grid of 4 by 4", lambda model: grid_graph(model, 4), 300),
    ("panorama of 200 spans", lambda model: merge_graph(model, 200), 1024),
    ("panorama of 200 spans", lambda model: merge_graph(model, 200), 100),
    ("16 panoramas of 200 spans", lambda model: panoramas(model, 16, 200), 1024),
    ("mosaic of 200", lambda model: mosaic_graph(model, 200), 1024),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=MEASUREMENTS)
    options = parser.parse_args()
    lines = list(HEAD)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "configf.pt"
        write_checkpoint(checkpoint)
        model = fgraph.load_generator(checkpoint)
        flop_seconds = seconds_of_a_flop(model)
        for name, make, budget in WORKS:
            lines.append(_line(name, make(model), budget, flop_seconds))
            print(lines[-1], flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "chunks.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def seconds_of_a_flop(model: Any) -> float:
    """Return the CPU seconds of a FLOP of a panorama, measured in its second run."""
    plan = fgraph.compile(merge_graph(model, 4))
    fgraph.run(plan)
    started = time.process_time()
    fgraph.run(plan)
    return (time.process_time() - started) / plan.cost.flops


def _line(name: str, graphs: Graphs, budget: int, flop_seconds: float) -> str:
    whole = fgraph.compile(graphs)
    started = time.process_time()
    plan = fgraph.compile(graphs, memory=budget * _MIB)
    compiled = time.process_time() - started
    plain = split_into_chunks(plan.program, budget * _MIB, shares=())
    flops = whole.cost.flops
    share = compiled / (plan.cost.flops * flop_seconds)
    return (
        f"| {name} | {whole.cost.peak_bytes / _MIB:,.0f} | {budget} | {plan.chunks} | {plan.retained_bytes / _MIB:.1f} "
        f"| {plan.cost.flops / flops:.1%} | {compiled:.1f} | {share:.1%} | {plain.chunks} | {plain.flops / flops:.1%} |"
    )


if __name__ == "__main__":
    main()
