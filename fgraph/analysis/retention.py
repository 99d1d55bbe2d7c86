"""What a chunk keeps for later ones, where that costs less than to compute it again.

Values are settled from the outputs back, and for each value one chunk after the other. What a chunk is asked for of a
row may have been made, in part, by chunks before it. Either that part is kept until then, and what it was made of is
not asked for again; or it is made again. Both cost: parts are copied out of their buffers, are read beside what is
new, and take room as long as they are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fgraph._geometry.regions import Cyclic, Region, Size, area, clip, covers, overlaps, union, without
from fgraph.analysis.access import flops_of_pixel
from fgraph.analysis.supports import Supports
from fgraph.ir.costs import CostModel
from fgraph.ir.ops import Join
from fgraph.ir.program import Instruction, Program
from fgraph.ir.region_arrays import areas

Row = tuple[int, int]  # a value, and which of its rows


@dataclass(frozen=True, slots=True)
class Part:
    """What a chunk has made of a row, and whether that is all it has made of the value: then it has a buffer."""

    chunk: int
    region: Region
    alone: bool


@dataclass(frozen=True, slots=True)
class Retained:
    """A part of a row that a chunk has made, kept until the last chunk that reads it."""

    row: Row
    chunk: int
    last: int
    region: Region


class Retention:
    """Decides what is kept.

    Args:
        program: the program.
        cyclic: for each value, which axes go round.
        supports: where the alphas of mixes are not 0.
        chunks: how many there are.
        room: the most bytes that may be kept at once, in fp32.
        cost_model: the costs of copies, beside those of computing again.
    """

    def __init__(
        self,
        program: Program,
        cyclic: Sequence[Cyclic],
        supports: Supports,
        chunks: int,
        *,
        room: float,
        cost_model: CostModel,
    ) -> None:
        self.bytes = np.zeros(chunks)  # kept while each chunk runs, of chunks before it
        self._program = program
        self._cyclic = cyclic
        self._room = room
        self._cost_model = cost_model
        self._costs = _pixel_costs(program, supports)
        self._copying = _copying_readers(program)
        self._retained: dict[tuple[Row, int], list[Retained]] = {}  # by row and the chunk that makes it

    @property
    def retained(self) -> list[Retained]:
        """All that is kept."""
        return [one for found in self._retained.values() for one in found]

    def rest(self, row: Row, chunk: int, region: Region, made: dict[Region, Part]) -> Region:
        """What a chunk has to make of a region that it is asked for; the rest of it is kept until then.

        Args:
            row: of which row.
            chunk: the chunk that is asked.
            region: what it is asked for.
            made: what chunks before it make of that row, in their order.
        """
        instruction = self._program.instructions[row[0]]
        found, rest = _found(made, region, instruction.type.size, self._cyclic[row[0]])
        if not found:
            return region
        held = {part.chunk: list(self._retained.get((row, part.chunk), ())) for _, part in found}
        copied, calls = area(region) * self._copying[row[0]], 0  # a window is put together of what is kept and the rest
        if not area(rest):
            copied, calls = 0, -1  # a call less
        for there, part in found:
            pixels = self._keep(held[part.chunk], Retained(row, part.chunk, chunk, there), part)
            copied += pixels
            calls += pixels > 0
        bytes_each = 4 * instruction.type.shape[0]
        saved = self._costs[row[0]] * (_made(instruction, region) - _made(instruction, rest))
        total = self.bytes.copy()
        for maker, parts in held.items():
            total += bytes_each * (self._pixels(parts) - self._pixels(self._retained.get((row, maker), ())))
        cost = self._cost_model.copied_byte * bytes_each * copied + self._cost_model.copy_call * calls
        if saved <= cost or total.max() > self._room:
            return region
        self.bytes = total
        self._retained |= {(row, maker): parts for maker, parts in held.items()}
        return rest

    def _keep(self, held: list[Retained], new: Retained, made: Part) -> int:
        """Enter a region among those held of what a chunk has made of a row; how many pixels are copied for it."""
        size, cyclic = self._program.instructions[new.row[0]].type.size, self._cyclic[new.row[0]]
        for place, old in enumerate(held):
            within = covers(old.region, new.region, size, cyclic)
            both = old.region if within else union(old.region, new.region, size, cyclic)
            if area(both) <= area(old.region) + area(new.region) and covers(made.region, both, size, cyclic):
                held[place] = replace(new, region=both)
                return area(both) - area(old.region)
        held.append(new)
        all_of_it = made.alone and covers(new.region, made.region, size, cyclic)
        return 0 if all_of_it else area(new.region)  # its buffer just stays

    def _pixels(self, held: Iterable[Retained]) -> npt.NDArray[np.float64]:
        """How many pixels are held while each chunk runs."""
        total = np.zeros(len(self.bytes))
        for one in held:
            total[one.chunk + 1 : one.last + 1] += area(one.region)
        return total


def _made(instruction: Instruction, region: Region) -> int:
    """How many pixels are made to have a region."""
    return area(instruction.op.granularity(region, instruction.type)) if area(region) else 0


def _found(
    made: dict[Region, Part], region: Region, size: Size, cyclic: Cyclic
) -> tuple[list[tuple[Region, Part]], Region]:
    """What is made already of a region, and in which part; and what is left of the region."""
    found: list[tuple[Region, Part]] = []
    rest, before = region, None
    while area(rest) and rest != before:
        before = rest
        for part in reversed(made.values()):
            if not area(rest):
                break
            for met, there in overlaps(rest, part.region, size, cyclic):
                left = without(rest, met)
                if left != rest:
                    found.append((there, part))
                    rest = left
                    break  # what else the part has lies elsewhere in what is left
    return found, clip(rest, size, cyclic)


def _pixel_costs(program: Program, supports: Supports) -> list[float]:
    """FLOPs of a pixel of each value, with those of all that is made again for it back to the layers before."""
    costs: list[float] = []
    for instruction in program.instructions:
        own = 0.0
        if instruction.type.spatial:
            own = flops_of_pixel(program, instruction)
            if instruction.op.layer_name is None:
                shares = _shares(program, instruction, supports)
                own += sum(
                    costs[operand.value] * share for operand, share in zip(instruction.operands, shares, strict=True)
                )
        costs.append(own)
    return costs


def _shares(program: Program, instruction: Instruction, supports: Supports) -> list[float]:
    """How many pixels of each operand are read for one of the result, on average."""
    height, width = instruction.type.size
    if terms := instruction.op.terms(instruction.operands):
        return [float(areas(supports.of(one)).mean()) / (height * width) for one in terms[1]] * 2
    if isinstance(instruction.op, Join):
        return [one.rows / instruction.rows for one in instruction.operands]
    sizes = [program.instructions[one.value].type for one in instruction.operands]
    return [min(1.0, one.size[0] * one.size[1] / (height * width)) if one.spatial else 0.0 for one in sizes]


def _copying_readers(program: Program) -> list[int]:
    """For each value, how many operations copy a window of it together where that lies in several buffers."""
    readers = [0] * len(program.instructions)
    for number in reversed(range(len(readers))):
        instruction = program.instructions[number]
        for value in {operand.value for operand in instruction.operands}:
            if isinstance(instruction.op, Join):
                readers[value] += readers[number]
            elif not instruction.op.reads_in_parts:
                readers[value] += 1
    return readers
