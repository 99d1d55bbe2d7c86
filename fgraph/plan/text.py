"""The table of a plan, as `explain` prints it."""

from __future__ import annotations

from fgraph._sizes import in_words
from fgraph.ir.costs import Copies
from fgraph.plan.contents import PlanContents
from fgraph.plan.device_profile import MEASURED
from fgraph.plan.forecast import forecast

_HEAD = ("layer", "model", "size", "tile", "calls", "rows", "made", "MFLOP", "MiB", "unbatched calls")
_WORDS = 4  # columns of text, which come before the columns of numbers


def to_table(plan: PlanContents, bounded: PlanContents) -> str:
    """Return the table of a plan: the cost by layer, the savings of each stage, memory, chunks and a forecast.

    Args:
        plan: the plan.
        bounded: the plan that a CPU runs if there is no memory budget, which stays within the working set.
    """
    rows = [_HEAD]
    for line in plan.layers:
        words = (line.name, line.model, line.size, line.tile)
        counts = (str(line.calls), str(line.rows), f"{line.share:.0%}", f"{line.flops / 1e6:.1f}")
        rows.append((*words, *counts, f"{line.bytes / 2**20:.2f}", str(line.unbatched_calls or "")))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    text = [_row(row, widths) for row in rows]
    text.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*text, "", *_totals(plan, bounded)])


def to_line(plan: PlanContents) -> str:
    """Return the totals of a plan in one line: graphs, steps, layer calls, FLOPs, peak memory, chunks."""
    cost, chunks = plan.cost, f", {plan.chunks} chunks" if plan.chunks > 1 else ""
    return (
        f"{_count(plan.raw.graphs, 'graph')}, {_count(len(plan.steps), 'step')}, "
        f"{_count(cost.layer_calls, 'layer call')}, {cost.flops / 1e9:.3g} GFLOP, {in_words(cost.peak_bytes)}{chunks}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _row(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [
        cell.ljust(width) if column < _WORDS else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _totals(plan: PlanContents, bounded: PlanContents) -> list[str]:
    cost, graphs = plan.cost, plan.raw.graphs
    peak = f"{in_words(cost.peak_bytes)}, counted in fp32, without the weights"
    budget = "" if plan.options.memory is None else f"; the budget is {in_words(plan.options.memory)}"
    return [
        f"{_count(graphs, 'graph')}, {len(plan.raw.instructions)} operations as lowered, "
        f"{len(plan.program.instructions)} after the passes, {len(plan.steps)} steps",
        "",
        *_savings(plan),
        "",
        f"peak memory  {peak}{budget}",
        f"chunks       {_chunks(plan, bounded)}",
        f"to a device  {_transfers(plan)}",
        f"forecast     {_forecast(plan)}",
    ]


def _transfers(plan: PlanContents) -> str:
    """Describe the copies between host and device, which a CPU does not need."""
    inputs, constants, results = plan.transfers.inputs, plan.transfers.constants, plan.transfers.results
    first = f"; the first run up to {_sent(constants)} more" if constants.copies else ""
    searches = "; searches read more" if any(step.op.reads_back for step in plan.steps) else ""
    return f"{_sent(inputs)}{first}; back {_sent(results)}{searches}"


def _sent(sent: Copies) -> str:
    copies = f"{sent.copies:,} {'copy' if sent.copies == 1 else 'copies'}"
    return f"{copies} of {in_words(sent.bytes)}" if sent.copies else "nothing"


def _chunks(plan: PlanContents, bounded: PlanContents) -> str:
    if plan.chunks > 1:
        return str(plan.chunks) + _between_chunks(plan)
    if bounded.chunks == 1:
        return "1"
    return f"1; on a CPU {bounded.chunks}, which need {in_words(bounded.cost.peak_bytes)}"


def _between_chunks(plan: PlanContents) -> str:
    retained = f"up to {in_words(plan.retained_bytes)}" if plan.retained_bytes else "nothing"
    repeated = f"{plan.repeated_flops / plan.cost.flops:.1%}"
    return f", each for a part of the outputs; {retained} retained for later chunks, {repeated} of all FLOPs repeated"


def _savings(plan: PlanContents) -> list[str]:
    """Return lines with the layer calls and FLOPs left after each stage; before batching, each row is a call."""
    cost = plan.cost
    layers = [step for step in plan.steps if step.op.is_layer]
    shared = sum(one.rows for one in plan.program.instructions if one.op.is_layer)
    stages = [
        ("row by row", cost.unbatched_layer_calls, cost.unbatched_flops),
        ("rows shared", shared, cost.shared_flops),
        ("regions, differences", sum(step.rows for step in layers), cost.flops),
        ("batched", cost.layer_calls, cost.flops),
    ]
    lines = [f"{'':<22}{'layer calls':>12}{'saved':>10}{'GFLOP':>14}{'saved':>10}"]
    for (name, calls, flops), (_, calls_before, flops_before) in zip(stages, [stages[0], *stages], strict=False):
        saved = ("", "") if name == stages[0][0] else (_saved(calls, calls_before), _saved(flops, flops_before))
        lines.append(f"{name:<22}{calls:>12,}{saved[0]:>10}{flops / 1e9:>14,.3f}{saved[1]:>10}".rstrip())
    return lines


def _forecast(plan: PlanContents) -> str:
    if plan.options.precision not in MEASURED:
        return f"none in {plan.options.precision}"
    if plan.options.torch_compile:
        return "none with torch_compile"
    profile = plan.profile
    if profile is None:
        return "none yet: mode=explain measures this device once, as does fgraph.runtime.calibrate.calibrate()"
    times = forecast(plan.steps, plan.results, plan.raw, profile)
    threads = f", {profile.threads} thread{'s' if profile.threads > 1 else ''}" if profile.name == "cpu" else ""
    return (
        f"{_seconds(times.seconds)}; row by row {_seconds(times.row_by_row)}   "
        f"(on {profile.name}{threads}, {profile.precision}; models loaded, nothing else running)"
    )


def _seconds(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:,.1f} s"


def _saved(after: int, before: int) -> str:
    if not before:
        return "0%"
    return f"{1 - after / before:.0%}" if after <= before else f"{after / before - 1:.0%} more"
