"""Cutting the work so that it fits a memory budget: output tile by output tile, codes made once.

A chunk is the program with only a part of the outputs wanted; what two chunks both need of a layer is computed by
both. So a canvas of any length runs in bounded memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

from fgraph._errors import MemoryBudgetError
from fgraph._ports import Kind
from fgraph._sizes import in_words
from fgraph.ir.ops import Join
from fgraph.ir.program import Program
from fgraph.ir.regions import NOTHING, Region, Size, whole
from fgraph.passes import Wanted, find_regions
from fgraph.plan.build import StepBuilder
from fgraph.plan.cost import peak_bytes
from fgraph.plan.steps import Result, Step

_LEAST_GROWTH = 1.15  # of the number of chunks, from one attempt to the next: an attempt takes time too
_NARROWEST = 16  # pixels: thinner output tiles would cost mostly halo

Work = tuple[tuple[Step, ...], tuple[Result, ...]]


def cut_work(program: Program, memory: int | None) -> tuple[Work, int]:
    """The steps and results of a program, in as few chunks as fit `memory` bytes; and how many chunks those are.

    Raises:
        MemoryBudgetError: the narrowest chunks are still too large; the message says how large.
    """
    work = _whole_work(program)
    peak = peak_bytes(*work)
    if memory is None or peak <= memory:
        return work, 1
    cells = _cells(program)
    count = max(2, ceil(peak / memory))
    while True:
        chunks = list(_wanted(program, cells, count))
        least = peak_bytes(*_chunked_work(program, [chunks[0], chunks[len(chunks) // 2]]))  # a guess, which is cheap
        if least <= memory:
            work = _chunked_work(program, chunks)
            least = peak_bytes(*work)
        if least <= memory:
            return work, len(chunks)
        if len(chunks) >= len(cells):
            raise MemoryBudgetError(
                f"the work needs {in_words(peak)} at once, and still {in_words(least)} when it is cut into "
                f"{len(chunks)} chunks, the most there can be; the budget is {in_words(memory)}"
            )
        growth = min(2.0, max(_LEAST_GROWTH, least / memory))
        count = min(len(cells), max(count + 1, ceil(count * growth)))


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
    builder = StepBuilder(program)
    steps = builder.steps()
    results = builder.results(None, len(steps) - 1)
    needed = peak_bytes(steps, results)
    if memory is not None and needed > memory:
        raise MemoryBudgetError(
            f"keeping all values needs {in_words(needed)}, the budget is {in_words(memory)}; run without keep"
        )
    standing = [
        Standing(value, int(places.buffers[0]), int(places.rows[0]), len(places.rows))
        for value, places in enumerate(builder.places)
        if not isinstance(program.instructions[value].op, Join)
    ]
    return (tuple(steps), tuple(results)), tuple(standing)


def _whole_work(program: Program) -> Work:
    builder = StepBuilder(find_regions(program))
    steps = builder.steps()
    return _with_lifetimes(steps, builder.results(None, len(steps) - 1))


def _chunked_work(program: Program, chunks: Sequence[Wanted]) -> Work:
    codes = StepBuilder(find_regions(program, {}))
    steps = codes.steps()
    latents = {place: () for place, output in enumerate(program.outputs) if output.kind is Kind.LATENT}
    results = [one for one in codes.results(None, len(steps) - 1) if one.place in latents]
    for wanted in chunks:
        part = StepBuilder(find_regions(program, wanted, codes=False), len(steps), codes.places)
        steps += part.steps()
        results += part.results(wanted, len(steps) - 1)
    return _with_lifetimes(steps, results)


Cell = tuple[int, int, Region]  # output, row, region


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


def _wanted(program: Program, cells: list[Cell], count: int) -> Iterator[Wanted]:
    """The cells, in order, in `count` groups: what each chunk makes."""
    for number in range(count):
        group = cells[number * len(cells) // count : (number + 1) * len(cells) // count]
        wanted: dict[int, list[Region]] = {}
        for place, row, region in group:
            rows = next(iter(program.outputs[place].tensors.values())).rows
            regions = wanted.setdefault(place, [NOTHING] * rows)
            old = regions[row]
            regions[row] = region if old == NOTHING else (*old[:2], *region[2:])  # they follow each other
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
