"""Forecast of the time of a plan from its steps and a device profile.

The time of a convolution is its FLOPs divided by the rate measured for such channels and pixels. The time of another
operation is the bytes that it reads and writes divided by the bandwidth, or the time to draw. Each call has an
overhead. The time to load torch and models is not included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fgraph.ir.costs import Call, DeviceProfile
from fgraph.ir.program import Instruction, Program
from fgraph.plan.gather import Gather
from fgraph.plan.steps import Step, StepResult


@dataclass(frozen=True)
class Forecast:
    """Seconds of a plan, and of running the same graphs one operation and one row at a time."""

    seconds: float
    row_by_row: float


def forecast(steps: Sequence[Step], results: Sequence[StepResult], raw: Program, profile: DeviceProfile) -> Forecast:
    """Return the sum over all steps, and the sum over all rows of the program as lowered."""
    planned = sum(step_seconds(step, profile) for step in steps)
    planned += sum(_copy_seconds(gather, 3, profile) for result in results for gather in result.tensors.values())
    return Forecast(planned, sum(_one_by_one(raw, instruction, profile) for instruction in raw.instructions))


def step_seconds(step: Step, profile: DeviceProfile) -> float:
    """Return the seconds of a step, with its gathered copies."""
    pairs = zip(step.inputs, step.input_types, strict=True)
    copied = sum(_copy_seconds(gather, kind.shape[0], profile) for gather, kind in pairs)
    return copied + step.op.seconds(step.call, profile)


def _copy_seconds(gather: Gather, channels: int, profile: DeviceProfile) -> float:
    if not gather.copies_rows:
        return 0.0
    height, width = gather.tile if gather.size is not None else (1, 1)
    calls = len(gather.copies) if gather.way == "tiles" else len(gather.sources)
    return profile.seconds_to_move(2 * gather.count * channels * height * width) + calls * profile.copy_overhead


def _one_by_one(raw: Program, instruction: Instruction, profile: DeviceProfile) -> float:
    types = tuple(raw.instructions[operand.value].type for operand in instruction.operands)
    return instruction.rows * instruction.op.seconds(Call(types, instruction.type), profile)
