"""Differences: a row that equals another row outside a rectangle is computed only inside it.

Sixteen strengths of one local edit differ only within its mask, grown by the halo of every layer that follows. Such a
row gets a base, which is an earlier row or a row of the baseline, and a region, the rectangle where it may differ from
its base. Readers of the row read its base outside the region. The pass only annotates: it sets `bases` and `regions`.

Rows that may differ only in a rectangle form a congruence class. The first row of a class is its leader.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fgraph._geometry.regions import NOTHING, Region, area, clip, intersect, union, whole
from fgraph.analysis.access import cyclic_axes
from fgraph.analysis.supports import Supports
from fgraph.ir.baseline import Baseline, RowId, rows_of
from fgraph.ir.program import Bases, Instruction, Program, as_index
from fgraph.ir.region_arrays import as_regions
from fgraph.ir.types import Type
from fgraph.passes.incremental import prefix_of

_WORTH = 0.7  # a row that differs in a larger share of the canvas gets no base
_ROOTS = 8  # masks that other masks are compared with


@dataclass(frozen=True, slots=True)
class CongruentRow:
    """A row in its congruence class: it equals the leader outside a rectangle."""

    row: RowId
    leader: RowId
    differs: Region  # where it may differ from its leader; NOTHING: nowhere


@dataclass(frozen=True, slots=True)
class Leader:
    """The first row of a congruence class: its operands in their classes, and the supports of a mix's terms."""

    row: RowId
    members: tuple[CongruentRow, ...]
    supports: tuple[Region, ...]


def find_differences(program: Program, baseline: Baseline | None = None) -> Program:
    """Return the program with bases for rows that differ from an earlier row, or a row of the baseline, in a part."""
    walk = _Walk(program, baseline)
    if baseline is None and not walk.masks_are_alike:
        return program  # rows that differ in more than a mask differ everywhere
    return walk.run()


class _Walk:
    def __init__(self, program: Program, baseline: Baseline | None) -> None:
        self.program = program
        self.members: list[list[CongruentRow]] = []
        self.cyclic = cyclic_axes(program)
        self.supports = Supports(program)
        self.leaders: dict[Hashable, Leader] = {}
        self.masks: dict[Type, list[tuple[RowId, Hashable]]] = {}
        self.shapes: dict[Hashable, int] = {}  # operation and operand types -> a number, which hashes faster
        if baseline is not None:
            self._remember(baseline)
        self.mask_members = {
            number: self._compare_masks(number, one)
            for number, one in enumerate(program.instructions)
            if one.op.is_comparable
        }

    @property
    def masks_are_alike(self) -> bool:
        """True if any mask equals another outside a rectangle."""
        return any(one.row != one.leader for found in self.mask_members.values() for one in found)

    def run(self) -> Program:
        made = [self._visit(number, one) for number, one in enumerate(self.program.instructions)]
        return replace(self.program, instructions=tuple(made))

    def _remember(self, baseline: Baseline) -> None:
        """Add the rows of the baseline as leaders."""
        values = prefix_of(self.program)
        earlier_supports = Supports(baseline.program)
        for slot, value in values.items():
            old = baseline.program.instructions[slot]
            if old.op.is_comparable:
                masks = self.masks.setdefault(old.type, [])
                masks += [((value, row), mask) for row, mask in enumerate(old.params)]
            if old.type.spatial and old.operands:
                columns = [[(values[v], r) for v, r in rows_of(one)] for one in old.operands]
                supports = _supports(earlier_supports, old)
                shape = self._shape(baseline.program, old)
                for row, ids in enumerate(zip(*columns, strict=True)):
                    members = tuple(CongruentRow(one, one, NOTHING) for one in ids)
                    row_supports = tuple(column[row] for column in supports)
                    self.leaders.setdefault(
                        _congruence_key(shape, old, row, members), Leader((value, row), members, row_supports)
                    )

    def _visit(self, number: int, instruction: Instruction) -> Instruction:
        if instruction.op.is_comparable:
            self.members.append(self.mask_members[number])
            return instruction  # drawing where it is read is cheaper than reading a base
        if instruction.type.spatial and instruction.operands and instruction.op.is_pure:
            found = self._compare_rows(number, instruction)
        else:
            found = [_alone(number, row) for row in range(instruction.rows)]
        self.members.append(found)
        return instruction if all(one.row == one.leader for one in found) else _with_bases(instruction, found)

    def _compare_masks(self, number: int, instruction: Instruction) -> list[CongruentRow]:
        size = instruction.type.size
        roots = self.masks.setdefault(instruction.type, [])
        found: list[CongruentRow] = []
        for row, mask in enumerate(instruction.params):
            best, least = _alone(number, row), _WORTH * size[0] * size[1]
            for root, other in roots:
                differs = instruction.op.difference(mask, other, size)
                if area(differs) < least:
                    best, least = CongruentRow((number, row), root, differs), area(differs)
            if best.leader == best.row and len(roots) < _ROOTS:
                roots.append((best.row, mask))
            found.append(best)
        return found

    def _compare_rows(self, number: int, instruction: Instruction) -> list[CongruentRow]:
        columns = [[self.members[value][row] for value, row in rows_of(one)] for one in instruction.operands]
        supports = _supports(self.supports, instruction)
        size, shape = instruction.type.size, self._shape(self.program, instruction)
        found = []
        for row, members in enumerate(zip(*columns, strict=True)):
            candidate = Leader((number, row), members, tuple(column[row] for column in supports))
            like = self.leaders.setdefault(_congruence_key(shape, instruction, row, members), candidate)
            differs = self._reached(number, row, candidate, like) if like is not candidate else whole(size)
            worth = area(differs) < _WORTH * size[0] * size[1]
            found.append(CongruentRow(candidate.row, like.row, differs) if worth else _alone(number, row))
        return found

    def _shape(self, program: Program, instruction: Instruction) -> int:
        types = tuple(program.instructions[one.value].type for one in instruction.operands)
        return self.shapes.setdefault((instruction.op, types), len(self.shapes))

    def _reached(self, number: int, row: int, one: Leader, like: Leader) -> Region:
        """Return where two rows of a result may differ, from where their operands may differ."""
        instruction = self.program.instructions[number]
        types = tuple(self.program.instructions[one.value].type for one in instruction.operands)
        param: Any = instruction.params[row] if instruction.params else None
        size, cyclic = instruction.type.size, self.cyclic[number]
        total = NOTHING
        for port, (a, b) in enumerate(zip(one.members, like.members, strict=True)):
            if a.row == b.row or not types[port].spatial:
                continue
            changed = union(a.differs, b.differs, types[port].size, self.cyclic[instruction.operands[port].value])
            if not area(changed):
                continue
            reached = clip(instruction.op.affected(port, changed, types, param), size, cyclic)
            if port < len(one.supports):  # a mix does not read a term where its alpha is 0
                reached = intersect(reached, union(one.supports[port], like.supports[port], size, cyclic), size, cyclic)
            total = union(total, reached, size, cyclic)
        return total


def _congruence_key(shape: int, instruction: Instruction, row: int, members: Sequence[CongruentRow]) -> Hashable:
    """Return the key of a row's congruence class: rows of one key differ only where their operands do."""
    param = instruction.params[row] if instruction.params else None
    return (shape, param, tuple(one.leader for one in members))


def _supports(supports: Supports, instruction: Instruction) -> list[list[Region]]:
    """Return for each value of a mix the supports of its alpha, a region for each row."""
    terms = instruction.op.terms(instruction.operands)
    alphas = terms[1] if terms else ()
    return [[(a, b, c, d) for a, b, c, d in supports.of(alpha).tolist()] for alpha in alphas]


def _with_bases(instruction: Instruction, found: Sequence[CongruentRow]) -> Instruction:
    canvas = whole(instruction.type.size)
    bases = [one.leader if one.leader != one.row else (-1, 0) for one in found]
    regions = [one.differs if one.leader != one.row else canvas for one in found]
    values, rows = as_index([value for value, _ in bases]), as_index([row for _, row in bases])
    return replace(instruction, bases=Bases(values, rows), regions=as_regions(regions))


def _alone(number: int, row: int) -> CongruentRow:
    return CongruentRow((number, row), (number, row), NOTHING)
