"""Plans by the default costs beside plans by the costs measured on this device: a table on the screen.

    python -m bench.speed.costs [--full] [--repeats N] [--threads N]

Each case is planned twice, and both plans run in turns, with the bundled landscape generator of 64 pixels; with
`--full` also with a config-f generator of 256 pixels. Cases whose two plans make the same calls are listed, but not
run.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

import fgraph
from bench.harness.subjects import merge_graph, write_checkpoint
from bench.harness.timing import in_turns, timed
from bench.memory.chunks import Graphs, edits_of_one_seed, grid_graph, strengths
from bench.memory.peaks import mosaic_graph
from fgraph.ir.costs import CostModel
from fgraph.plan import Plan, structure_of
from fgraph.runtime.calibrate import calibrate


def cases(model: Any) -> Iterator[tuple[str, Graphs, float]]:
    """Yield the name and the graphs of each case, and its budget as a share of the peak; 1 means no budget."""
    yield "panorama of 8 spans", merge_graph(model, 8), 1
    yield "mosaic of 8", mosaic_graph(model, 8), 1
    yield "16 strengths of an edit in a box", strengths(model, 16, 1), 1
    yield "mosaic of 8, a quarter of its peak", mosaic_graph(model, 8), 1 / 4
    yield "16 edits of one seed, a quarter", edits_of_one_seed(model, 16), 1 / 4
    yield "4 strengths on 4 seeds, a quarter", strengths(model, 4, 4), 1 / 4
    yield "grid of 3 by 3, a quarter", grid_graph(model, 3), 1 / 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="with a config-f generator of 256 pixels, too")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    costs = CostModel.of(calibrate("cpu"))
    print(f"default {CostModel()}\nmeasured {costs}\n")
    print(
        "| model | case | steps a call | copies a call | calls | GFLOP | CPU, s | calls, measured | GFLOP | CPU, s "
        "| default / measured |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for name, model in _models(Path(folder), options.full):
            for case, graphs, share in cases(model):
                print(f"| {name} | {case} {_line(graphs, share, costs, options.repeats)}", flush=True)


def _models(folder: Path, full: bool) -> Iterator[tuple[str, Any]]:
    yield "landscape", fgraph.load_generator("landscape")
    if full:
        write_checkpoint(folder / "configf.pt")
        yield "config-f 256", fgraph.load_generator(folder / "configf.pt")


def _line(graphs: Graphs, share: float, costs: CostModel, repeats: int) -> str:
    whole = fgraph.compile(graphs, device="cpu")
    budget = whole.cost.peak_bytes if share == 1 else int(share * whole.cost.peak_bytes)
    plans = {name: _planned(whole, one, budget) for name, one in {"default": CostModel(), "measured": costs}.items()}
    first = plans["default"]
    copies = sum(gather.copies_rows for step in first.steps for gather in step.inputs)
    beside = f"| {len(first.steps) / first.cost.layer_calls:.1f} | {copies / first.cost.layer_calls:.1f} "
    cells = [f"| {plan.cost.layer_calls} | {plan.cost.flops / 1e9:.2f} " for plan in plans.values()]
    if len({structure_of(plan) for plan in plans.values()}) == 1:
        return f"{beside}{cells[0]}| {cells[1]}| | the same |"
    times = in_turns({name: lambda plan=plan: timed(lambda: fgraph.run(plan)) for name, plan in plans.items()}, repeats)  # type: ignore[misc]
    default, measured = times["default"], times["measured"]
    return (
        f"{beside}{cells[0]}| {min(default.cpu):.3f} {cells[1]}| {min(measured.cpu):.3f} "
        f"| {min(default.cpu) / min(measured.cpu):.2f} |"
    )


def _planned(plan: Plan, costs: CostModel, budget: int) -> Plan:
    """Return a plan of the same program with other costs, within a budget."""
    return replace(plan, cost_model=costs)._split(plan.program).within(budget)


if __name__ == "__main__":
    main()
