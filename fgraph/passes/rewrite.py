"""The rewriter of passes: it writes a new Program while a pass walks the old one, and tracks where rows move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fgraph.ir.program import Index, Instruction, Operand, Output, Program, as_index

Place = tuple[Index, Index]  # for each row: its value and its row in the new program


class Rewriter:
    """A new program in the making, and for every row of the old program its place in the new one."""

    def __init__(self, old: Program) -> None:
        self.old = old
        self.instructions: list[Instruction] = []
        self._places: list[Place] = []

    def place(self, operand: Operand) -> Place:
        """Return where the rows of an old operand are in the new program."""
        if operand.values is None:
            values, rows = self._places[operand.value]
            return values[operand.index], rows[operand.index]
        values, rows = np.empty(operand.rows, np.int64), np.empty(operand.rows, np.int64)
        for value, index, mine in operand.parts():
            values[mine], rows[mine] = (column[index] for column in self._places[value])
        return values, rows

    def operand(self, old: Operand) -> Operand:
        """Return an old operand as an operand of the new program."""
        return Operand.of(*self.place(old))

    def append(self, instruction: Instruction) -> int:
        """Append an instruction and return the number of its value."""
        self.instructions.append(instruction)
        return len(self.instructions) - 1

    def keep(self, old: Instruction, operands: Sequence[Operand], rows: Index | None = None) -> int:
        """Append an old instruction with new operands, reduced to `rows` if given; return the number of its value."""
        if rows is None:
            return self.append(replace(old, operands=tuple(operands)))
        params = tuple(old.params[row] for row in rows.tolist()) if old.params else ()
        source_locations = as_index(old.source_locations[rows])
        return self.append(Instruction(old.op, tuple(operands), params, len(rows), old.type, source_locations))

    def settle(self, place: Place) -> None:
        """Record the place of the rows of the next old value."""
        self._places.append(place)

    def settle_whole(self, value: int, rows: int) -> None:
        """Record that the rows of the next old value are the rows of a new value, in order."""
        self.settle((np.full(rows, value), np.arange(rows)))

    def copy(self, old: Instruction) -> None:
        """Append an old instruction unchanged."""
        self.settle_whole(self.keep(old, [self.operand(one) for one in old.operands]), old.rows)

    def finish(self) -> Program:
        """Return the new program."""
        outputs = tuple(self._output(output) for output in self.old.outputs)
        return replace(self.old, instructions=tuple(self.instructions), outputs=outputs)

    def _output(self, output: Output) -> Output:
        return replace(output, tensors={name: self.operand(one) for name, one in output.tensors.items()})
