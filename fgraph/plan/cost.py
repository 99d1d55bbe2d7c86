"""The cost of a plan before it runs: calls, rows, FLOPs, bytes, peak memory."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from fgraph.analysis import Bounds
from fgraph.ir.ops import Op
from fgraph.ir.program import Program
from fgraph.ir.types import Type
from fgraph.plan.gather import Gather
from fgraph.plan.steps import Step, StepResult, row_inputs, row_type


@dataclass(frozen=True)
class LayerCost:
    """A line of the table: a layer at one size and tile, or an operation."""

    name: str
    model: str
    size: str  # size of the canvas
    tile: str  # the size of tiles; empty: whole maps
    calls: int
    rows: int
    flops: int
    bytes: int  # bytes of the results, fp32
    share: float  # computed pixels, as a share of the canvas
    unbatched_calls: int = 0


@dataclass(frozen=True)
class Cost:
    """Totals of a plan, and of running the same graphs one operation and one row at a time."""

    layer_calls: int
    flops: int
    peak_bytes: int
    unbatched_layer_calls: int
    unbatched_flops: int
    shared_flops: int  # FLOPs if rows are shared and every row is computed whole


def measure(steps: Sequence[Step], results: Sequence[StepResult], raw: Program, program: Program) -> Cost:
    """Return the cost of steps, together with the cost of the program as lowered."""
    unbatched = sum(one.rows for one in raw.instructions if one.op.is_layer)
    return Cost(
        layer_calls=sum(step.op.is_layer for step in steps),
        flops=sum(step.flops for step in steps),
        peak_bytes=max(bytes_in_use(steps, results), default=0),
        unbatched_layer_calls=unbatched,
        unbatched_flops=program_flops(raw),
        shared_flops=program_flops(program),
    )


def program_flops(program: Program) -> int:
    """Return the FLOPs of computing every row of a program whole."""
    total = 0
    for instruction in program.instructions:
        types = tuple(program.instructions[operand.value].type for operand in instruction.operands)
        total += instruction.rows * instruction.op.flops(types, instruction.type)
    return total


def bounded_flops(program: Program, bounds: Bounds) -> float:
    """Return a lower bound of the FLOPs within the bounds of a program."""
    total = 0.0
    for instruction, made in zip(program.instructions, bounds.values, strict=True):
        op, kind = instruction.op, instruction.type
        read = tuple(program.instructions[operand.value].type for operand in instruction.operands)
        if op.terms(read):
            read = (read[0], read[0], read[-1], read[-1])  # a tile may have only two of the terms
        tiles, counts = np.unique(made.regions[:, 2:] - made.regions[:, :2], axis=0, return_counts=True)
        for tile, count in zip(tiles.tolist(), counts.tolist(), strict=True):
            size = (int(tile[0]), int(tile[1])) if kind.spatial else None
            total += count * op.flops(row_inputs(op, read, kind, size), row_type(kind, size))
    return total


def fewest_calls(program: Program, bounds: Bounds) -> int:
    """Return a lower bound of the calls of layers within the bounds of a program: one for each chunk and tile size."""
    calls: set[Hashable] = set()
    for instruction, made in zip(program.instructions, bounds.values, strict=True):
        if instruction.op.is_layer and len(made.rows):
            sizes = np.column_stack([made.chunks, made.regions[:, 2:] - made.regions[:, :2]])
            calls.update((instruction.op, *one) for one in np.unique(sizes, axis=0).tolist())
    return len(calls)


def bytes_in_use(steps: Sequence[Step], results: Sequence[StepResult]) -> list[int]:
    """Return the bytes in use while each step runs.

    These are the buffers that are still read, and the larger of the workspace of the step and of the copies of the
    results that are taken after it. Results leave the device when they are taken, so finished outputs do not count.
    """
    taken: dict[int, int] = {}
    for result in results:
        for gather in result.tensors.values():
            if gather.copies_rows:
                taken[result.after] = taken.get(result.after, 0) + _copied(gather, result)
    used, alive = [], 0
    sizes = [step.out_bytes for step in steps]
    for number, step in enumerate(steps):
        alive += step.out_bytes
        used.append(alive + max(step.workspace, taken.get(number, 0)))
        alive -= sum(sizes[buffer] for buffer in step.last_uses)
    return used


def _copied(gather: Gather, result: StepResult) -> int:
    if gather.size is None:
        return 0
    height, width = gather.tile
    return 4 * 3 * height * width * gather.count  # other maps have more channels, but are rarely outputs


def layer_table(steps: Sequence[Step], raw: Program) -> list[LayerCost]:
    """Return a line for each layer, size and tile in the order that they run, then one for each other operation."""
    groups: dict[tuple[str, str, str, str], list[Step]] = {}
    for step in steps:
        groups.setdefault((*_line(step.op, step.type), _tile(step)), []).append(step)
    unbatched: dict[tuple[str, str, str], int] = {}
    for instruction in raw.instructions:
        key = _line(instruction.op, instruction.type)
        unbatched[key] = unbatched.get(key, 0) + instruction.rows * instruction.op.is_computed
    lines = [_layer_cost(key, members, unbatched.pop(key[:3], 0)) for key, members in groups.items()]
    return sorted(lines, key=lambda line: line.model == "")


def _layer_cost(key: tuple[str, str, str, str], members: list[Step], unbatched: int) -> LayerCost:
    made = sum(step.row_type.numbers * step.rows for step in members)
    return LayerCost(
        *key,
        calls=len(members),
        rows=sum(step.rows for step in members),
        flops=sum(step.flops for step in members),
        bytes=sum(step.out_bytes for step in members),
        share=made / sum(step.type.numbers * step.rows for step in members),
        unbatched_calls=unbatched,
    )


def _line(op: Op, kind: Type) -> tuple[str, str, str]:
    return (*op.label, f"{kind.size[0]}x{kind.size[1]}" if op.is_layer else "")


def _tile(step: Step) -> str:
    return f"{step.tile[0]}x{step.tile[1]}" if step.tile and step.op.is_layer else ""
