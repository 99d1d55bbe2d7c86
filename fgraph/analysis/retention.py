"""Retention: the parts of rows that a chunk keeps for later chunks where that costs less than recomputation.

Bounds inference visits values from the outputs backwards and, for each value, one chunk after the other. Earlier chunks
may have computed a part of the region that a chunk needs. The chunk either reads that part, which is retained until
then, or recomputes it together with its operands. Retention has costs too: a retained part is copied out of its buffer,
is read beside the new part, and occupies memory until its last reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fgraph._geometry.regions import Cyclic, Region, Size, are_disjoint, area, clip, covers, overlaps, union, without
from fgraph.analysis.access import flops_of_pixel
from fgraph.analysis.supports import Supports
from fgraph.ir.costs import CostModel
from fgraph.ir.program import Instruction, Operand, Program
from fgraph.ir.region_arrays import areas

Row = tuple[int, int]  # value, row


@dataclass(frozen=True, slots=True)
class Part:
    """The region that a chunk computes of a row; `alone` if the chunk computes nothing else of that value."""

    chunk: int
    region: Region
    alone: bool


@dataclass(frozen=True, slots=True)
class Retained:
    """A part of a row that one chunk computes and later chunks read."""

    row: Row
    chunk: int
    last: int  # the last chunk that reads it
    region: Region
    readers: frozenset[int]  # all chunks that read it


@dataclass(frozen=True, slots=True)
class ReaderCosts:
    """The costs of each value of a program that do not depend on its chunks."""

    pixels: Sequence[float]  # the FLOPs to recompute a pixel, back to the preceding layers
    copying: Sequence[int]  # the readers that must join a window of it if it lies in several buffers

    @staticmethod
    def of(program: Program, supports: Supports) -> ReaderCosts:
        """Return the costs of a program; outside of the supports, the alphas of its mixes are 0."""
        return ReaderCosts(_pixel_costs(program, supports), _copying_readers(program))


class Retention:
    """The decisions about which parts are retained.

    Args:
        program: the program.
        cyclic: for each value, the axes that wrap round.
        readers: the costs that do not depend on the chunks.
        chunks: the number of chunks.
        budget: the most bytes that may be retained at once, in fp32.
        cost_model: the costs of copies and of calls, to compare with recomputation.
    """

    def __init__(
        self,
        program: Program,
        cyclic: Sequence[Cyclic],
        readers: ReaderCosts,
        chunks: int,
        *,
        budget: float,
        cost_model: CostModel,
    ) -> None:
        self.bytes = np.zeros(chunks)  # retained from earlier chunks while each chunk runs
        self._program = program
        self._cyclic = cyclic
        self._budget = budget
        self._cost_model = cost_model
        self._readers = readers
        self._retained: dict[tuple[Row, int], list[Retained]] = {}  # row, its chunk -> retained parts

    @property
    def retained(self) -> list[Retained]:
        """All retained parts."""
        return [one for found in self._retained.values() for one in found]

    def rest(self, row: Row, chunk: int, region: Region, made: dict[Region, Part]) -> Region:
        """Retain parts of a region from earlier chunks if that is cheaper; return the region left to compute.

        Args:
            row: the row.
            chunk: the chunk that needs the region.
            region: the region that it needs.
            made: the parts of that row that earlier chunks compute, in their order.
        """
        instruction = self._program.instructions[row[0]]
        found, rest = _found(made, region, instruction.type.size, self._cyclic[row[0]])
        if not found:
            return region
        retained = {part.chunk: list(self._retained.get((row, part.chunk), ())) for _, part in found}
        # readers assemble the window from retained parts and the rest
        copied, calls = area(region) * self._readers.copying[row[0]], 0
        if not area(rest):
            copied, calls = 0, -1  # one call fewer
        for common, part in found:
            pixels = self._keep(
                retained[part.chunk], Retained(row, part.chunk, chunk, common, frozenset([chunk])), part
            )
            copied += pixels
            calls += pixels > 0
        bytes_each = 4 * instruction.type.shape[0]
        saved = self._readers.pixels[row[0]] * (_made(instruction, region) - _made(instruction, rest))
        cost = self._cost_model.copied_byte * bytes_each * copied + self._cost_model.copy_call * calls
        if saved <= cost:
            return region
        total = self.bytes.copy()
        for maker, parts in retained.items():
            for sign, some in ((1, parts), (-1, self._retained.get((row, maker), ()))):
                for one in some:
                    total[one.chunk + 1 : one.last + 1] += sign * bytes_each * area(one.region)
        if total.max() > self._budget:
            return region
        self.bytes = total
        self._retained |= {(row, maker): parts for maker, parts in retained.items()}
        return rest

    def _keep(self, retained: list[Retained], new: Retained, made: Part) -> int:
        """Add a region to the retained parts of one row and chunk; return how many more pixels are copied."""
        size, cyclic = self._program.instructions[new.row[0]].type.size, self._cyclic[new.row[0]]
        for place, old in enumerate(retained):
            within = covers(old.region, new.region, size, cyclic)
            both = old.region if within else union(old.region, new.region, size, cyclic)
            if area(both) <= area(old.region) + area(new.region) and covers(made.region, both, size, cyclic):
                retained[place] = replace(new, region=both, readers=old.readers | new.readers)
                return area(both) - area(old.region)
        retained.append(new)
        all_of_it = made.alone and covers(new.region, made.region, size, cyclic)
        return 0 if all_of_it else area(new.region)  # the buffer itself is retained


def _made(instruction: Instruction, region: Region) -> int:
    """Return how many pixels are computed for a region, in steps of the granularity."""
    return area(instruction.op.granularity(region, instruction.type)) if area(region) else 0


def _found(
    made: dict[Region, Part], region: Region, size: Size, cyclic: Cyclic
) -> tuple[list[tuple[Region, Part]], Region]:
    """Return the rectangles of a region that earlier parts contain, each with its part, and the rest of the region."""
    found: list[tuple[Region, Part]] = []
    rest, before = region, None
    while area(rest) and rest != before:
        before = rest
        for part in reversed(made.values()):
            if not area(rest):
                break
            if are_disjoint(rest, part.region, cyclic):
                continue
            for common, on_canvas in overlaps(rest, part.region, size, cyclic):
                remainder = without(rest, common)
                if remainder != rest:
                    found.append((on_canvas, part))
                    rest = remainder
                    break  # look for other overlaps with this part in the rest
    return found, clip(rest, size, cyclic)


def _pixel_costs(program: Program, supports: Supports) -> list[float]:
    """Return the FLOPs to recompute a pixel of each value, back to the preceding layers."""
    costs: list[float] = []
    for instruction in program.instructions:
        cost = 0.0
        if instruction.type.spatial:
            cost = flops_of_pixel(program, instruction)
            if instruction.op.layer_name is None:
                shares = _shares(program, instruction, supports)
                read = zip(instruction.operands, shares, strict=True)
                cost += sum(share * _mean_cost(operand, costs) for operand, share in read)
        costs.append(cost)
    return costs


def _mean_cost(operand: Operand, costs: Sequence[float]) -> float:
    """Return the mean cost of the rows that an operand reads."""
    return sum(costs[value] * len(rows) for value, rows, _ in operand.parts()) / max(1, operand.rows)


def _shares(program: Program, instruction: Instruction, supports: Supports) -> list[float]:
    """Return how many pixels of each operand one pixel of the result reads, on average."""
    height, width = instruction.type.size
    if terms := instruction.op.terms(instruction.operands):
        return [float(areas(supports.of(one)).mean()) / (height * width) for one in terms[1]] * 2
    sizes = [program.instructions[one.value].type for one in instruction.operands]
    return [min(1.0, one.size[0] * one.size[1] / (height * width)) if one.spatial else 0.0 for one in sizes]


def _copying_readers(program: Program) -> list[int]:
    """Return for each value the number of readers that must join a window of it if it lies in several buffers."""
    readers = [0] * len(program.instructions)
    for number in reversed(range(len(readers))):
        instruction = program.instructions[number]
        if not instruction.op.reads_in_parts:
            for value in {value for operand in instruction.operands for value in operand.read}:
                readers[value] += 1
    return readers
