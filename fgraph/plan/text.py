"""The plan as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fgraph.plan.plan import Plan

_HEAD = ("layer", "model", "size", "calls", "rows", "MFLOP", "MiB", "unbatched calls")


def to_table(plan: Plan) -> str:
    """Calls, rows, size, FLOPs and bytes by layer; totals; what running row by row would have cost."""
    rows = [_HEAD]
    for line in plan.layers:
        counts = (str(line.calls), str(line.rows), f"{line.flops / 1e6:.1f}", f"{line.bytes / 2**20:.2f}")
        rows.append((line.name, line.model, line.size, *counts, str(line.unbatched_calls)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    text = [_row(row, widths) for row in rows]
    text.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*text, "", *_totals(plan)])


def _row(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [
        cell.ljust(width) if column < 3 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _totals(plan: Plan) -> list[str]:
    cost, graphs = plan.cost, plan.raw.graphs
    saved = 1 - cost.flops / cost.unbatched_flops if cost.unbatched_flops else 0.0
    return [
        f"{graphs} graph{'s' if graphs > 1 else ''}, {len(plan.raw.instructions)} operations as lowered, "
        f"{len(plan.program.instructions)} after the passes, {len(plan.steps)} steps",
        f"generator-layer calls   {cost.layer_calls:>12,}   row by row {cost.unbatched_layer_calls:>12,}",
        f"GFLOP                   {cost.flops / 1e9:>12,.3f}   row by row {cost.unbatched_flops / 1e9:>12,.3f}   "
        f"({saved:.0%} saved by sharing)",
        f"peak memory             {cost.peak_bytes / 2**20:>8,.1f} MiB   in fp32, without the weights",
    ]
