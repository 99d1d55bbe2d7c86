"""The plan as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fgraph.plan.plan import Plan

_HEAD = ("layer", "model", "size", "tile", "calls", "rows", "made", "MFLOP", "MiB", "unbatched calls")
_WORDS = 4  # columns of text, before those of numbers


def to_table(plan: Plan) -> str:
    """Calls, rows, size, share made, FLOPs and bytes by layer; totals; what running row by row would have cost."""
    rows = [_HEAD]
    for line in plan.layers:
        words = (line.name, line.model, line.size, line.tile)
        counts = (str(line.calls), str(line.rows), f"{line.share:.0%}", f"{line.flops / 1e6:.1f}")
        rows.append((*words, *counts, f"{line.bytes / 2**20:.2f}", str(line.unbatched_calls or "")))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    text = [_row(row, widths) for row in rows]
    text.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*text, "", *_totals(plan)])


def _row(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [
        cell.ljust(width) if column < _WORDS else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _totals(plan: Plan) -> list[str]:
    cost, graphs = plan.cost, plan.raw.graphs
    shared = _saved(cost.shared_flops, cost.unbatched_flops)
    regions = _saved(cost.flops, cost.shared_flops)
    return [
        f"{graphs} graph{'s' if graphs > 1 else ''}, {len(plan.raw.instructions)} operations as lowered, "
        f"{len(plan.program.instructions)} after the passes, {len(plan.steps)} steps"
        + (f" in {plan.chunks} chunks" if plan.chunks > 1 else ""),
        f"generator-layer calls   {cost.layer_calls:>12,}   row by row {cost.unbatched_layer_calls:>12,}",
        f"GFLOP                   {cost.flops / 1e9:>12,.3f}   row by row {cost.unbatched_flops / 1e9:>12,.3f}   "
        f"saved: {shared} by sharing, then {regions} by regions",
        f"peak memory             {cost.peak_bytes / 2**20:>8,.1f} MiB   in fp32, without the weights",
    ]


def _saved(after: int, before: int) -> str:
    return f"{1 - after / before:.0%}" if before else "0%"
