"""The rewriter of passes: it writes a new Program while a pass walks the old one, and tracks where rows move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fgraph.ir.ops import Join
from fgraph.ir.program import Index, Instruction, Operand, Output, Program, as_index

Place = tuple[Index, Index]  # for each row: its value and its row in the new program


class Rewriter:
    """A new program in the making, and for every row of the old program its place in the new one.

    Joins of the old program dissolve. A new one is written where one operand reads rows of several values.
    """

    def __init__(self, old: Program) -> None:
        self.old = old
        self.instructions: list[Instruction] = []
        self._places: list[Place] = []
        self._joins: dict[tuple[bytes, bytes], Operand] = {}

    def place(self, operand: Operand) -> Place:
        """Return where the rows of an old operand are in the new program."""
        values, rows = self._places[operand.value]
        return values[operand.index], rows[operand.index]

    def operand(self, old: Operand) -> Operand:
        """Return an old operand as an operand of the new program."""
        return self.at(self.place(old))

    def at(self, place: Place) -> Operand:
        """Return the operand that reads these rows, through a join if they are in several values."""
        values, rows = place
        distinct = np.unique(values)
        if len(distinct) == 1:
            return Operand(int(distinct[0]), as_index(rows))
        key = (values.tobytes(), rows.tobytes())
        if key not in self._joins:
            self._joins[key] = self._join(distinct, values, rows)
        return self._joins[key]

    def _join(self, distinct: Index, values: Index, rows: Index) -> Operand:
        parts, index, start = [], np.empty(len(rows), np.int64), 0
        source_locations = []
        for value in distinct.tolist():
            mine = np.flatnonzero(values == value)
            used, inverse = np.unique(rows[mine], return_inverse=True)
            parts.append(Operand(value, as_index(used)))
            source_locations.append(self.instructions[value].source_locations[used])
            index[mine] = start + inverse
            start += len(used)
        kind = self.instructions[parts[0].value].type
        number = self.append(
            Instruction(Join(), tuple(parts), (), start, kind, as_index(np.concatenate(source_locations)))
        )
        return Operand(number, as_index(index))

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
        """Append an old instruction unchanged; a join dissolves."""
        if isinstance(old.op, Join):
            places = [self.place(operand) for operand in old.operands]
            self.settle((np.concatenate([p[0] for p in places]), np.concatenate([p[1] for p in places])))
            return
        self.settle_whole(self.keep(old, [self.operand(one) for one in old.operands]), old.rows)

    def finish(self) -> Program:
        """Return the new program."""
        outputs = tuple(self._output(output) for output in self.old.outputs)
        return replace(self.old, instructions=tuple(self.instructions), outputs=outputs)

    def _output(self, output: Output) -> Output:
        return replace(output, tensors={name: self.operand(one) for name, one in output.tensors.items()})
