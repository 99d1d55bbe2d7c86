"""The last uses of buffers: after which step each of them is freed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fgraph.plan.steps import Step, StepResult


def with_last_uses(steps: Sequence[Step], results: Sequence[StepResult], kept: Iterable[int] = ()) -> tuple[Step, ...]:
    """Return the steps with their last uses: the buffers that no later step or result reads.

    Args:
        steps: all steps; the number of each is that of its buffer.
        results: all results.
        kept: buffers that live until the last step.
    """
    last = {number: number for number in range(len(steps))}
    for number, step in enumerate(steps):
        for gather in step.inputs:
            for buffer in gather.sources:
                last[buffer] = number
    for result in results:
        for gather in result.tensors.values():
            for buffer in gather.sources:
                last[buffer] = max(last.get(buffer, 0), result.after)
    last |= dict.fromkeys(kept, len(steps) - 1)
    last_uses: dict[int, list[int]] = {}
    for buffer, number in last.items():
        if buffer < 0:
            continue  # the baseline owns it
        last_uses.setdefault(number, []).append(buffer)
    return tuple(step.with_last_uses(tuple(last_uses.get(number, ()))) for number, step in enumerate(steps))


def buffers_read(steps: Sequence[Step], results: Sequence[StepResult]) -> set[int]:
    """Return the buffers that steps or results read."""
    gathers = [gather for step in steps for gather in step.inputs]
    gathers += [gather for result in results for gather in result.tensors.values()]
    return {buffer for gather in gathers for buffer in gather.sources}
