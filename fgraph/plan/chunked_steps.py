"""The steps of a plan in chunks, with the last uses of their buffers, built from the bounds of a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fgraph._cached import cached_property
from fgraph._errors import MemoryBudgetError
from fgraph._sizes import in_words
from fgraph.analysis import Bounds, ChunkOutputs, repeated_flops, whole_bounds
from fgraph.ir.program import Program
from fgraph.plan.build import StepBuilder
from fgraph.plan.chunk_templates import ChunkTemplates
from fgraph.plan.cost import bytes_in_use
from fgraph.plan.last_uses import with_last_uses
from fgraph.plan.steps import Step, StepResult


@dataclass(frozen=True, eq=False)
class ChunkedSteps:
    """Steps and results in chunks; if there are several chunks, the first computes the codes."""

    steps: tuple[Step, ...]
    results: tuple[StepResult, ...]
    ends: tuple[int, ...]  # number of steps up to the end of each chunk
    program: Program
    bounds: Bounds

    @property
    def chunks(self) -> int:
        """The number of chunks that compute outputs."""
        return max(1, len(self.ends) - 1)

    @cached_property
    def peaks(self) -> list[int]:
        """For each chunk, the most bytes in use while it runs."""
        used = bytes_in_use(self.steps, self.results)
        starts = (0, *self.ends[:-1])
        return [max(used[start:end], default=0) for start, end in zip(starts, self.ends, strict=True)]

    @cached_property
    def retained_bytes(self) -> int:
        """The most bytes of maps that one chunk leaves for later chunks."""
        alive = most = 0
        ends = set(self.ends)
        for number, step in enumerate(self.steps, 1):
            alive += step.out_bytes * step.type.spatial
            alive -= sum(self.steps[buffer].out_bytes for buffer in step.last_uses if self.steps[buffer].type.spatial)
            if number in ends:
                most = max(most, alive)
        return most

    @cached_property
    def flops(self) -> int:
        """FLOPs of all steps."""
        return sum(step.flops for step in self.steps)

    @cached_property
    def repeated_flops(self) -> float:
        """FLOPs of pixels that earlier chunks also compute."""
        return repeated_flops(self.program, self.bounds)

    @property
    def calls(self) -> int:
        """The number of calls of generator layers."""
        return sum(step.op.is_layer for step in self.steps)


def build_chunks(
    program: Program, wanted: Sequence[ChunkOutputs], bounds: Bounds, templates: ChunkTemplates | None = None
) -> ChunkedSteps:
    """Build the steps and results of all chunks; with templates, steps of equal chunks are made once."""
    builder = StepBuilder(program, bounds, templates)
    steps: list[Step] = []
    results: list[StepResult] = []
    ends = []
    for chunk, tiles in enumerate(wanted):
        steps += builder.chunk(chunk)
        results += builder.results(tiles)
        ends.append(len(steps))
    return ChunkedSteps(with_last_uses(steps, results), tuple(results), tuple(ends), program, bounds)


@dataclass(frozen=True, slots=True)
class BaselineValue:
    """Location of a value at the end of a plan: rows `start` to `start + rows` of a buffer."""

    value: int
    buffer: int
    start: int
    rows: int


def build_baseline(program: Program, memory: int | None) -> tuple[ChunkedSteps, tuple[BaselineValue, ...]]:
    """Build the steps that compute all values whole and free none; return them with the location of each value.

    Raises:
        MemoryBudgetError: all values together need more than `memory` bytes.
    """
    bounds = whole_bounds(program)
    builder = StepBuilder(program, bounds)
    steps = builder.chunk(0)
    chunks = ChunkedSteps(tuple(steps), tuple(builder.results(None)), (len(steps),), program, bounds)
    needed = max(chunks.peaks)
    if memory is not None and needed > memory:
        raise MemoryBudgetError(
            f"keeping all values needs {in_words(needed)}, but the budget is {in_words(memory)}; run without keep"
        )
    values = [
        BaselineValue(value, *builder.buffer_map.start_of(value), one.rows)
        for value, one in enumerate(program.instructions)
    ]
    return chunks, tuple(values)
