"""Rows that equal another row outside a rectangle are computed only inside it.

Sixteen strengths of one local edit differ only within its mask, grown by the halo of every layer that follows. Such a
row gets a BASE, an earlier row of the same value, and as region the rectangle where it may differ from it; whoever
reads the row reads its base beyond. Nothing is rewritten: instructions get `bases` and `regions`.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fgraph.fields import Field, rasterise
from fgraph.ir.ops import DrawMask, Join, Mix
from fgraph.ir.program import Instruction, Program, as_index
from fgraph.ir.regions import NOTHING, Region, Size, area, clip, intersect, union, whole
from fgraph.passes.regions import as_regions, cyclic_axes, weight_supports

_WORTH = 0.7  # a row that differs in a larger share of the canvas is computed by itself
_ROOTS = 8  # masks that others are compared with

RowId = tuple[int, int]  # value, row


@dataclass(frozen=True, slots=True)
class Kin:
    """What a row is like: the row it equals but for a rectangle."""

    own: RowId
    root: RowId
    differs: Region  # NOTHING: it is the root itself


def find_differences(program: Program) -> Program:
    """The program with bases for rows that differ from an earlier one in a part of the canvas."""
    if max((one.rows for one in program.instructions), default=0) < 2:
        return program
    return _Walk(program).run()


class _Walk:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.kin: list[list[Kin]] = []
        self.cyclic = cyclic_axes(program)

    def run(self) -> Program:
        made = [self._visit(number, one) for number, one in enumerate(self.program.instructions)]
        return replace(self.program, instructions=tuple(made))

    def _visit(self, number: int, instruction: Instruction) -> Instruction:
        if isinstance(instruction.op, Join):
            self.kin.append([self.kin[one.value][row] for one in instruction.operands for row in one.index.tolist()])
            return instruction
        found = [_alone(number, row) for row in range(instruction.rows)]
        if isinstance(instruction.op, DrawMask):
            found = self._compare_masks(number, instruction)
        elif instruction.type.spatial and instruction.operands and instruction.rows > 1:
            found = self._compare_rows(number, instruction)
        self.kin.append(found)
        if all(kin.root == (number, row) for row, kin in enumerate(found)):
            return instruction
        bases = [kin.root[1] if kin.root[1] != row else -1 for row, kin in enumerate(found)]
        canvas = whole(instruction.type.size)
        regions = [kin.differs if base >= 0 else canvas for kin, base in zip(found, bases, strict=True)]
        return replace(instruction, bases=as_index(bases), regions=as_regions(regions))

    @staticmethod
    def _compare_masks(number: int, instruction: Instruction) -> list[Kin]:
        size = instruction.type.size
        roots: list[int] = []
        found: list[Kin] = []
        for row, field in enumerate(instruction.params):
            best = _alone(number, row)
            least = _WORTH * size[0] * size[1]
            for root in roots:
                differs = difference(field, instruction.params[root], size)  # type: ignore[arg-type]
                if area(differs) < least:
                    best, least = Kin((number, row), (number, root), differs), area(differs)
            if best.root[1] == row and len(roots) < _ROOTS:
                roots.append(row)
            found.append(best)
        return found

    def _compare_rows(self, number: int, instruction: Instruction) -> list[Kin]:
        columns = [[self.kin[one.value][row] for row in one.index.tolist()] for one in instruction.operands]
        params: Sequence[Hashable] = instruction.params or (None,) * instruction.rows
        supports = self._supports(instruction)
        first: dict[Hashable, int] = {}
        found = []
        size = instruction.type.size
        for row, kin in enumerate(zip(*columns, strict=True)):
            like = first.setdefault((tuple(one.root for one in kin), params[row]), row)
            differs = NOTHING
            if like != row:
                changed = self._changed(instruction, kin, [column[like] for column in columns])
                differs = self._reached(number, changed, (row, like), supports)
            worth = like != row and 0 < area(differs) < _WORTH * size[0] * size[1]
            found.append(Kin((number, row), (number, like), differs) if worth else _alone(number, row))
        return found

    def _supports(self, instruction: Instruction) -> list[list[Region]]:
        if not isinstance(instruction.op, Mix):
            return []
        half = len(instruction.operands) // 2
        return [weight_supports(self.program, weight) for weight in instruction.operands[half:]]

    def _changed(self, instruction: Instruction, one: Sequence[Kin], other: Sequence[Kin]) -> list[Region]:
        """For each operand, where two rows of one root may differ from each other."""
        found = []
        for operand, a, b in zip(instruction.operands, one, other, strict=True):
            kind = self.program.instructions[operand.value].type
            differ = kind.spatial and a.own != b.own
            found.append(union(a.differs, b.differs, kind.size, self.cyclic[operand.value]) if differ else NOTHING)
        return found

    def _reached(
        self, number: int, changed: list[Region], rows: tuple[int, int], supports: list[list[Region]]
    ) -> Region:
        """Where two rows of a result may differ, when their operands differ in these regions."""
        instruction, (row, like) = self.program.instructions[number], rows
        types = tuple(self.program.instructions[one.value].type for one in instruction.operands)
        param: Any = instruction.params[row] if instruction.params else None
        size, cyclic = instruction.type.size, self.cyclic[number]
        total = NOTHING
        for port, region in enumerate(changed):
            if not area(region):
                continue
            reached = clip(instruction.op.reach(port, region, types, param), size, cyclic)
            if port < len(supports):  # a mix does not see its operand where the weight is 0
                seen = union(supports[port][row], supports[port][like], size, cyclic)
                reached = intersect(reached, seen, size, cyclic)
            total = union(total, reached, size, cyclic)
        return total


def _alone(number: int, row: int) -> Kin:
    return Kin((number, row), (number, row), NOTHING)


def difference(a: Field, b: Field, size: Size) -> Region:
    """The rectangle outside of which two fields are equal."""
    unequal = rasterise(a, *size) != rasterise(b, *size)
    rows, columns = np.flatnonzero(unequal.any(axis=1)), np.flatnonzero(unequal.any(axis=0))
    if not len(rows):
        return NOTHING
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
