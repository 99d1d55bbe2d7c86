"""Which rectangle of each value is looked at, row by row and chunk by chunk, from the outputs back.

A convolution asks for a halo, an operand of a mix only for the support of its weight, a crop for what it cuts out.
Regions are then enlarged, never shrunk, where that lets rows share a batch. All chunks of a plan are walked together:
what differs between them is which outputs are wanted, and codes, which the first chunk makes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fgraph.ir.ops import Join, Kept, Mix, Op
from fgraph.ir.program import Bases, Index, Instruction, Operand, Program, Regions, as_index
from fgraph.ir.rectangles import areas, as_regions, clipped, covering, distinct, hulls, intersections, whole_regions
from fgraph.ir.regions import Cyclic, Region, area, clip, whole
from fgraph.ir.types import Type
from fgraph.passes.supports import Supports
from fgraph.passes.tiles import few_sizes

Cell = tuple[int, int, Region]  # an output, by its place; a row of it; what is wanted of that row
Wanted = Sequence[Cell] | None  # None: every output


@dataclass(frozen=True, eq=False, slots=True)
class Made:
    """The rows of a value that are made: in which chunk, and where. Codes have no regions, but zeros."""

    chunks: Index  # ascending
    rows: Index  # ascending within a chunk
    regions: Regions

    def of(self, chunk: int) -> Made:
        """Those that one chunk makes."""
        first, stop = np.searchsorted(self.chunks, (chunk, chunk + 1))
        return Made(self.chunks[first:stop], self.rows[first:stop], self.regions[first:stop])


_NONE = Made(as_index([]), as_index([]), as_regions([]))


def find_regions(program: Program, chunks: Sequence[Wanted] = (None,)) -> list[Made]:
    """For each value, the rows that are looked at.

    Args:
        program: any program; `regions` that it has with `bases` say where a row differs from its base.
        chunks: what each chunk makes of the outputs. The first makes all codes, too, and what these are made of.
    """
    return _Walk(program, len(chunks)).run(chunks)


def all_whole(program: Program) -> list[Made]:
    """Every row of every value, whole."""
    found = []
    for one in program.instructions:
        size = one.type.size if one.type.spatial else (0, 0)
        made = Made(np.zeros(one.rows, np.int64), np.arange(one.rows), whole_regions(one.rows, size))
        found.append(_NONE if isinstance(one.op, Join | Kept) else made)
    return found


def without_differences(program: Program) -> Program:
    """The program in which every row is made for itself."""
    plain = (replace(one, regions=None, bases=None) for one in program.instructions)
    return replace(program, instructions=tuple(plain))


class _Walk:
    def __init__(self, program: Program, chunks: int) -> None:
        self.program = program
        self.cyclic = cyclic_axes(program)
        self.supports = Supports(program)
        # What was asked of each value so far: keys, which are chunk * rows + row, and regions.
        self.asked: list[list[tuple[Index, Regions]]] = [[] for _ in program.instructions]

    def run(self, chunks: Sequence[Wanted]) -> list[Made]:
        for chunk, wanted in enumerate(chunks):
            self._ask_outputs(chunk, wanted)
        made = [self._settle(number) for number in reversed(range(len(self.asked)))]
        return made[::-1]

    # -- asking --------------------------------------------------------------------------------------------------

    def _ask_outputs(self, chunk: int, wanted: Wanted) -> None:
        if wanted is None:
            for output in self.program.outputs:
                for operand in output.tensors.values():
                    self._ask_whole(operand, chunk)
            return
        for place, row, region in wanted:
            tensors = self.program.outputs[place].tensors
            for operand in tensors.values():
                if len(tensors) > 1:  # features, each tensor at its own size
                    self._ask_whole(operand.take(as_index([row])), chunk)
                else:
                    self._ask(operand.value, (as_index([chunk]), operand.index[[row]]), as_regions([region]))

    def _ask_whole(self, operand: Operand, chunk: int) -> None:
        kind = self.program.instructions[operand.value].type
        if kind.spatial:
            chunks = np.full(operand.rows, chunk)
            self._ask(operand.value, (chunks, operand.index), whole_regions(operand.rows, kind.size))

    def _ask(self, value: int, rows: tuple[Index, Index], regions: Regions) -> None:
        """Ask for regions of the rows of a value, each in a chunk."""
        self.asked[value].append((rows[0] * self.program.instructions[value].rows + rows[1], regions))

    # -- a value -------------------------------------------------------------------------------------------------

    def _settle(self, number: int) -> Made:
        """All that is asked of a value is known: what is made of it, and asked for that."""
        instruction = self.program.instructions[number]
        if isinstance(instruction.op, Kept):
            return _NONE
        if not instruction.type.spatial:
            for operand in instruction.operands:  # codes are made of whole images
                self._ask_whole(operand, 0)
            nowhere = np.zeros((instruction.rows, 4), np.int64)
            return Made(np.zeros(instruction.rows, np.int64), np.arange(instruction.rows), nowhere)
        rows, needs = self._needs(number)
        if isinstance(instruction.op, Join):
            self._ask_through(instruction, rows, needs)
            return _NONE
        if not len(needs):
            return _NONE
        if instruction.bases is not None:
            self._ask_bases(number, instruction.bases, rows, needs)
            rows, needs = self._beside_bases(number, instruction.bases)
        regions = self._enlarged(number, rows[0], needs)
        if isinstance(instruction.op, Mix):
            self._ask_terms(instruction, rows, regions)
        else:
            self._ask_operands(instruction, rows, regions)
        return Made(*rows, regions)

    def _needs(self, number: int) -> tuple[tuple[Index, Index], Regions]:
        """What is asked of a value: chunks and rows, and the region of each."""
        if not self.asked[number]:
            return (_NONE.chunks, _NONE.rows), _NONE.regions
        instruction = self.program.instructions[number]
        parts = self.asked[number]
        keys, regions = (np.concatenate([part[column] for part in parts]) for column in (0, 1))
        keys, regions = hulls(keys, regions, instruction.type.size, self.cyclic[number])
        self.asked[number] = [(keys, regions)]
        return (keys // instruction.rows, keys % instruction.rows), regions

    def _ask_bases(self, number: int, bases: Bases, rows: tuple[Index, Index], needs: Regions) -> None:
        """Ask the bases for what rows are asked for beyond where they differ."""
        instruction = self.program.instructions[number]
        assert instruction.regions is not None
        values = bases.values[rows[1]]
        differ = instruction.regions[rows[1]]
        beyond = (values >= 0) & ~covering(differ, needs, instruction.type.size, self.cyclic[number])
        for value in np.unique(values[beyond]).tolist():
            mine = beyond & (values == value)
            self._ask(value, (rows[0][mine], bases.rows[rows[1][mine]]), needs[mine])

    def _beside_bases(self, number: int, bases: Bases) -> tuple[tuple[Index, Index], Regions]:
        """What is asked of each row, also as another's base, cut to where it differs from its own."""
        instruction = self.program.instructions[number]
        assert instruction.regions is not None
        rows, needs = self._needs(number)
        cut = intersections(needs, instruction.regions[rows[1]], instruction.type.size, self.cyclic[number])
        own = np.where((bases.values[rows[1]] >= 0)[:, None], cut, needs)
        there = areas(own) > 0
        return (rows[0][there], rows[1][there]), own[there]

    def _enlarged(self, number: int, chunks: Index, needs: Regions) -> Regions:
        """The regions that are made to give what is asked for; the sizes of a chunk are few."""
        instruction, cyclic = self.program.instructions[number], self.cyclic[number]
        size = instruction.type.size
        found, index = distinct(needs)
        made = [clip(instruction.op.made(one, instruction.type), size, cyclic) for one in found]
        if all(one == whole(size) for one in made):
            return whole_regions(len(needs), size)
        regions = np.array(made, np.int64)[index]
        flops = flops_of_pixel(self.program, instruction)
        borders = np.flatnonzero(np.diff(chunks)) + 1
        for part in np.split(np.arange(len(chunks)), borders):
            mine = index[part].tolist()
            grown = few_sizes(Counter(made[one] for one in mine), size, cyclic, flops)
            regions[part] = [grown[made[one]] for one in mine]
        return regions

    # -- what it reads -------------------------------------------------------------------------------------------

    def _ask_operands(self, instruction: Instruction, rows: tuple[Index, Index], regions: Regions) -> None:
        types = self._types(instruction)
        params = [instruction.params[row] for row in rows[1].tolist()] if instruction.params else []
        for port, operand in enumerate(instruction.operands):
            if types[port].spatial:
                windows = windows_of(instruction.op, port, types, regions, params)
                windows = clipped(windows, types[port].size, instruction.op.windows_wrap)
                self._ask(operand.value, (rows[0], operand.index[rows[1]]), windows)

    def _ask_terms(self, mix: Instruction, rows: tuple[Index, Index], regions: Regions) -> None:
        """Ask the values of a mix, and their weights, for where these are not 0."""
        half, count = len(mix.operands) // 2, len(regions)
        size = mix.type.size
        supports = np.concatenate([self.supports.of(weight)[rows[1]] for weight in mix.operands[half:]])
        windows = intersections(np.tile(regions, (half, 1)), supports, size, (True, True))
        live = areas(windows) > 0
        chunks = np.tile(rows[0], half)
        for operands in (mix.operands[:half], mix.operands[half:]):
            values = np.repeat([one.value for one in operands], count)
            indices = np.concatenate([one.index[rows[1]] for one in operands])
            for value in dict.fromkeys(one.value for one in operands):
                mine = live & (values == value)
                self._ask(value, (chunks[mine], indices[mine]), windows[mine])

    def _ask_through(self, join: Instruction, rows: tuple[Index, Index], needs: Regions) -> None:
        start = 0
        for operand in join.operands:
            mine = (rows[1] >= start) & (rows[1] < start + operand.rows)
            self._ask(operand.value, (rows[0][mine], operand.index[rows[1][mine] - start]), needs[mine])
            start += operand.rows

    def _types(self, instruction: Instruction) -> tuple[Type, ...]:
        return tuple(self.program.instructions[operand.value].type for operand in instruction.operands)


def windows_of(op: Op, port: int, types: tuple[Type, ...], regions: Regions, params: Sequence[Hashable]) -> Regions:
    """What of an operand each row reads to make its region; it may reach beyond the canvas."""
    found, index = distinct(regions)
    if not params:
        return np.array([op.window(port, one, types, None) for one in found], np.int64).reshape(-1, 4)[index]
    known: dict[tuple[int, int], Region] = {}
    for number, param in zip(index.tolist(), params, strict=True):
        key = (number, id(param))  # of equal ones most are the same, whose hash need not be found
        if key not in known:
            known[key] = op.window(port, found[number], types, param)
    keys = zip(index.tolist(), map(id, params), strict=True)
    return np.array([known[key] for key in keys], np.int64).reshape(-1, 4)


def flops_of_pixel(program: Program, instruction: Instruction) -> float:
    """What a pixel of an operation's result costs."""
    types = tuple(program.instructions[operand.value].type for operand in instruction.operands)
    return instruction.op.flops(types, instruction.type) / area(whole(instruction.type.size))


def cyclic_axes(program: Program) -> list[Cyclic]:
    """For each value, whether a reader goes round its edges, so that regions of it may too."""
    cyclic: list[Cyclic] = [(False, False)] * len(program.instructions)
    for number in reversed(range(len(cyclic))):
        instruction = program.instructions[number]
        for operand in instruction.operands:
            reader = instruction.op.wraps
            if instruction.op.reads_in_place:
                reader = (reader[0] or cyclic[number][0], reader[1] or cyclic[number][1])
            own = cyclic[operand.value]
            cyclic[operand.value] = (own[0] or reader[0], own[1] or reader[1])
        for base in set(instruction.bases.values.tolist() if instruction.bases else ()) - {-1, number}:
            own, lying = cyclic[base], cyclic[number]  # a base is read like the row that lies over it
            cyclic[base] = (own[0] or lying[0], own[1] or lying[1])
    return cyclic
