"""The rewriter of passes: it writes a new Program while a pass walks the old one, and tracks where rows move."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fgraph.ir.program import Index, Instruction, Operand, Output, Program, as_index

Place = tuple[Index, Index]  # for each row: its value and its row in the new program


class Rewriter:
    """A new program in the making, and for every row of the old program its place in the new one.

    Unchanged instructions, with operands that keep their numbers, are the same objects in both programs.
    """

    def __init__(self, old: Program) -> None:
        self.old = old
        self.instructions: list[Instruction] = []
        self._moved: list[Place | int] = []  # for each old value: its rows' places, or the new value with all of them

    def place(self, operand: Operand) -> Place:
        """Return where the rows of an old operand are in the new program."""
        if operand.values is None:
            return self._place(operand.value, operand.index)
        values, rows = np.empty(operand.rows, np.int64), np.empty(operand.rows, np.int64)
        for value, index, mine in operand.parts():
            values[mine], rows[mine] = self._place(value, index)
        return values, rows

    def _place(self, value: int, index: Index) -> Place:
        moved = self._moved[value]
        if isinstance(moved, int):
            return np.full(len(index), moved), index
        return moved[0][index], moved[1][index]

    def operand(self, old: Operand) -> Operand:
        """Return an old operand as an operand of the new program."""
        if all(self._moved[value] == value for value in old.read):
            return old
        if old.values is None and isinstance(moved := self._moved[old.value], int):
            return Operand(moved, old.index)
        return Operand.of(*self.place(old))

    def append(self, instruction: Instruction) -> int:
        """Append an instruction and return the number of its value."""
        self.instructions.append(instruction)
        return len(self.instructions) - 1

    def keep(self, old: Instruction, operands: Sequence[Operand], rows: Index) -> int:
        """Append an old instruction with new operands, reduced to `rows`; return the number of its value."""
        params = tuple(old.params[row] for row in rows.tolist()) if old.params else ()
        source_locations = as_index(old.source_locations[rows])
        return self.append(Instruction(old.op, tuple(operands), params, len(rows), old.type, source_locations))

    def settle(self, place: Place) -> None:
        """Record the place of the rows of the next old value."""
        self._moved.append(place)

    def copy(self, old: Instruction) -> int:
        """Append the next old instruction with all of its rows, and record them; return the number of its value."""
        operands = tuple(self.operand(one) for one in old.operands)
        same = all(new is old_operand for new, old_operand in zip(operands, old.operands, strict=True))
        value = self.append(old if same else replace(old, operands=operands))
        self._moved.append(value)
        return value

    def finish(self) -> Program:
        """Return the new program; the old one if nothing has changed."""
        old = self.old.instructions
        if len(old) == len(self.instructions) and all(map(operator.is_, old, self.instructions)):
            return self.old
        outputs = tuple(self._output(output) for output in self.old.outputs)
        return replace(self.old, instructions=tuple(self.instructions), outputs=outputs)

    def _output(self, output: Output) -> Output:
        return replace(output, tensors={name: self.operand(one) for name, one in output.tensors.items()})
