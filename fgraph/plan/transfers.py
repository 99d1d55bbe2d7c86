"""The copies between host and device that a plan makes, known before it runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fgraph.ir.costs import NO_COPIES, Copies
from fgraph.ir.program import Program
from fgraph.plan.gather import Gather
from fgraph.plan.steps import Step, StepResult


@dataclass(frozen=True)
class Transfers:
    """Copies between host and device, in fp32. Operations that read values back (`Op.reads_back`) make more."""

    inputs: Copies  # copies from the host in every run
    constants: Copies  # most copies from the host in the first run of a plan; equal ones are sent once
    results: Copies  # copies to the host


def count_transfers(steps: Sequence[Step], results: Sequence[StepResult], program: Program) -> Transfers:
    """Return the copies that steps and results make."""
    back = [
        (gather, program.instructions[result.output.tensors[name].value].type.shape)
        for result in results
        for name, gather in result.tensors.items()
    ]
    numbers = sum(gather.count * _numbers(gather, shape) for gather, shape in back)
    gathers = [gather for step in steps for gather in step.inputs] + [gather for gather, _ in back]
    return Transfers(
        _total(step.op.inputs_copied(step.call, step.distinct_rows) for step in steps),
        _total(step.op.constants_copied(step.call, step.distinct_rows) for step in steps) + _total(map(_rows, gathers)),
        Copies(len(back), 4 * numbers),
    )


def _numbers(gather: Gather, shape: tuple[int, ...]) -> int:
    size = shape if gather.size is None else (shape[0], *gather.tile)
    total = 1
    for length in size:
        total *= length
    return total


def _rows(gather: Gather) -> Copies:
    """Return the copies that send the index vectors with which the device gathers rows."""
    if gather.way == "pieces":
        return _total(map(_rows, gather.runs))
    return Copies(1, 8 * gather.count) if gather.way == "pick" else NO_COPIES


def _total(parts: Iterable[Copies]) -> Copies:
    return sum(parts, NO_COPIES)
