"""Cutting the work so that it fits a memory budget: output tile by output tile, codes made once.

A chunk is the program with only a part of the outputs wanted; what two chunks both need of a layer is computed by
both. So a canvas of any length runs in bounded memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
import numpy.typing as npt

from fgraph._errors import MemoryBudgetError
from fgraph._ports import Kind
from fgraph._sizes import in_words
from fgraph.ir.ops import Join
from fgraph.ir.program import Program
from fgraph.ir.rectangles import areas
from fgraph.ir.regions import NOTHING, Region, Size, whole
from fgraph.passes import Cell, Made, Wanted, all_whole, find_regions
from fgraph.plan.build import StepBuilder
from fgraph.plan.cost import peak_bytes
from fgraph.plan.steps import Result, Step

_NARROWEST = 16  # pixels: thinner output tiles would cost mostly halo

Work = tuple[tuple[Step, ...], tuple[Result, ...]]


def cut_work(program: Program, memory: int | None) -> tuple[Work, int]:
    """The steps and results of a program, in as few chunks as fit `memory` bytes; and how many chunks those are.

    Raises:
        MemoryBudgetError: the narrowest chunks are still too large; the message says how large.
    """
    work = _work(program, [None])
    peak = peak_bytes(*work)
    if memory is None or peak <= memory:
        return work, 1
    cells = _cells(program)
    size = ceil(len(cells) / max(2, ceil(peak / memory)))  # of a chunk, in cells
    while True:
        chunks = list(_chunks(cells, ceil(len(cells) / size)))
        wanted = [_codes(program), *chunks]
        made = find_regions(program, wanted)
        largest = int(np.argmax(_bytes_made(program, made, len(wanted))[1:])) + 1
        least = peak_bytes(*_work(program, wanted, made, [0, largest]))  # a guess, which is cheap
        if least <= memory:
            work = _work(program, wanted, made)
            least = peak_bytes(*work)
        if least <= memory:
            return work, len(chunks)
        if size == 1:
            raise MemoryBudgetError(
                f"the work needs {in_words(peak)} at once, and still {in_words(least)} when it is cut into "
                f"{len(chunks)} chunks, the most there can be; the budget is {in_words(memory)}"
            )
        size = _smaller(size, len(cells), (least, peak), memory)


def _smaller(size: int, all_cells: int, peaks: tuple[int, int], memory: int) -> int:
    """How many cells to try where chunks of `size` have the first peak, and all cells together the second."""
    each = (peaks[1] - peaks[0]) / (all_cells - size)  # what a cell adds; the rest is a floor
    guess = int((memory - peaks[0]) / each) + size if each > 0 else size
    return max(1, size // 2, min(guess, size - 1))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the rows of a value stand at the end of a plan: rows `start` to `start + rows` of a buffer."""

    value: int
    buffer: int
    start: int
    rows: int


def keep_work(program: Program, memory: int | None) -> tuple[Work, tuple[Standing, ...]]:
    """The steps and results of a program that makes all values whole and frees none; and where these stand.

    Raises:
        MemoryBudgetError: all values together need more than `memory` bytes.
    """
    builder = StepBuilder(program, all_whole(program))
    steps = builder.chunk(0)
    results = list(builder.results(None))
    needed = peak_bytes(steps, results)
    if memory is not None and needed > memory:
        raise MemoryBudgetError(
            f"keeping all values needs {in_words(needed)}, the budget is {in_words(memory)}; run without keep"
        )
    standing = [
        Standing(value, *builder.where.start_of(value), one.rows)
        for value, one in enumerate(program.instructions)
        if not isinstance(one.op, Join)
    ]
    return (tuple(steps), tuple(results)), tuple(standing)


def _work(
    program: Program, wanted: Sequence[Wanted], made: Sequence[Made] | None = None, chosen: Sequence[int] | None = None
) -> Work:
    """The steps and results of all chunks, or of those that are chosen."""
    builder = StepBuilder(program, find_regions(program, wanted) if made is None else made)
    steps: list[Step] = []
    results: list[Result] = []
    for chunk in range(len(wanted)) if chosen is None else chosen:
        steps += builder.chunk(chunk)
        results += builder.results(wanted[chunk])
    return _with_lifetimes(steps, results)


def _bytes_made(program: Program, made: Sequence[Made], chunks: int) -> npt.NDArray[np.float64]:
    """How many bytes each chunk makes, in fp32."""
    total = np.zeros(chunks)
    for one, instruction in zip(made, program.instructions, strict=True):
        if instruction.type.spatial:
            weights = 4.0 * instruction.type.shape[0] * areas(one.regions)
            total += np.bincount(one.chunks, weights, minlength=chunks)
    return total


def _codes(program: Program) -> list[Cell]:
    """What the first chunk, which makes the codes, wants of the outputs: those that are codes."""
    return [
        (place, row, NOTHING)
        for place, output in enumerate(program.outputs)
        if output.kind is Kind.LATENT
        for row in range(next(iter(output.tensors.values())).rows)
    ]


def _cells(program: Program) -> list[Cell]:
    """The smallest pieces that the outputs can be cut into: stretches of images along their longer side."""
    cells: list[Cell] = []
    for place, output in enumerate(program.outputs):
        operand = next(iter(output.tensors.values()))
        kind = program.instructions[operand.value].type
        if kind.spatial:
            pieces = list(_stretches(kind.size)) if output.kind is Kind.IMAGE else [whole(kind.size)]
            cells += [(place, row, region) for row in range(operand.rows) for region in pieces]
    return cells


def _stretches(size: Size) -> Iterator[Region]:
    height, width = size
    length = max(size)
    count = max(1, length // _NARROWEST)
    for number in range(count):
        start, stop = number * length // count, (number + 1) * length // count
        yield (0, start, height, stop) if width >= height else (start, 0, stop, width)


def _chunks(cells: list[Cell], count: int) -> Iterator[list[Cell]]:
    """The cells, in order, in `count` groups: what each chunk makes."""
    for number in range(count):
        wanted: list[Cell] = []
        for place, row, region in cells[number * len(cells) // count : (number + 1) * len(cells) // count]:
            if wanted and wanted[-1][:2] == (place, row):  # they follow each other
                wanted[-1] = (place, row, (*wanted[-1][2][:2], *region[2:]))
            else:
                wanted.append((place, row, region))
        yield wanted


def _with_lifetimes(steps: Sequence[Step], results: Sequence[Result]) -> Work:
    """The steps, each knowing which buffers nothing reads after it."""
    last = {number: number for number in range(len(steps))}
    for number, step in enumerate(steps):
        for gather in step.inputs:
            for buffer in gather.sources:
                last[buffer] = max(last.get(buffer, 0), number)
    for result in results:
        for gather in result.tensors.values():
            for buffer in gather.sources:
                last[buffer] = max(last.get(buffer, 0), result.after)
    frees: dict[int, list[int]] = {}
    for buffer, number in last.items():
        if buffer < 0:
            continue  # kept by an earlier run, which owns it
        frees.setdefault(number, []).append(buffer)
    freed = tuple(replace(step, frees=tuple(frees.get(number, ()))) for number, step in enumerate(steps))
    return freed, tuple(results)
