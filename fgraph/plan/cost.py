"""What a plan costs, known before it runs: calls, rows, FLOPs, bytes, peak memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fgraph.ir.ops import Conv, Join, LayerOp, Mix, ToRGB
from fgraph.ir.program import Program
from fgraph.plan.steps import Step


@dataclass(frozen=True)
class LayerCost:
    """One line of the table: a layer, or a kind of operation, at one size."""

    name: str
    model: str
    size: str
    calls: int
    rows: int
    flops: int
    bytes: int  # of the results, fp32
    unbatched_calls: int = 0


@dataclass(frozen=True)
class Cost:
    """Totals of a plan, and of running the same graphs one operation and one row at a time."""

    layer_calls: int
    flops: int
    peak_bytes: int
    unbatched_layer_calls: int
    unbatched_flops: int


def layer_calls(steps: Sequence[Step]) -> int:
    """How many times a generator layer is called."""
    return sum(isinstance(step.op, LayerOp) for step in steps)


def measure(steps: Sequence[Step], raw: Program) -> Cost:
    """The cost of these steps beside that of the program as it was lowered."""
    calls = flops = 0
    for instruction in raw.instructions:
        types = tuple(raw.instructions[operand.value].type for operand in instruction.operands)
        flops += instruction.rows * instruction.op.flops(types, instruction.type)
        calls += instruction.rows * isinstance(instruction.op, LayerOp)
    return Cost(layer_calls(steps), sum(step.flops for step in steps), peak_bytes(steps), calls, flops)


def peak_bytes(steps: Sequence[Step]) -> int:
    """The most bytes alive at once: buffers that are still read, and the workspace of the running step."""
    alive = peak = 0
    sizes = [step.out_bytes for step in steps]
    for step in steps:
        alive += step.out_bytes
        peak = max(peak, alive + _workspace(step))
        alive -= sum(sizes[buffer] for buffer in step.frees)
    return peak


def _workspace(step: Step) -> int:
    """Bytes a step needs beside operands and result: gathered copies, the styled input, the unfiltered output."""
    gathered = [
        4 * kind.numbers * step.rows * gather.copies for gather, kind in zip(step.inputs, step.input_types, strict=True)
    ]
    if isinstance(step.op, Conv | ToRGB):
        styled = 4 * step.input_types[0].numbers * step.rows
        return max(sum(gathered) + styled, sum(gathered[1:]) + styled + step.out_bytes)
    if isinstance(step.op, Mix):
        return sum(gathered) + step.out_bytes
    return sum(gathered)


def layer_table(steps: Sequence[Step], raw: Program) -> list[LayerCost]:
    """A line for each layer and size, in the order they run; other operations follow, a line a kind."""
    lines: dict[tuple[str, str, str], LayerCost] = {}
    for step in steps:
        key = _line(step.op, step.type.shape)
        old = lines.get(key, LayerCost(*key, 0, 0, 0, 0))
        lines[key] = LayerCost(
            *key, old.calls + 1, old.rows + step.rows, old.flops + step.flops, old.bytes + step.out_bytes
        )
    unbatched: dict[tuple[str, str, str], int] = {}
    for instruction in raw.instructions:
        key = _line(instruction.op, instruction.type.shape)
        unbatched[key] = unbatched.get(key, 0) + instruction.rows * (not isinstance(instruction.op, Join))
    return [
        LayerCost(
            line.name, line.model, line.size, line.calls, line.rows, line.flops, line.bytes, unbatched.get(key, 0)
        )
        for key, line in sorted(lines.items(), key=lambda item: item[1].model == "")
    ]


def _line(op: object, shape: tuple[int, ...]) -> tuple[str, str, str]:
    if isinstance(op, LayerOp):
        return op.layer.name, op.model, f"{shape[-2]}x{shape[-1]}"
    return getattr(op, "name", "?"), "", ""
