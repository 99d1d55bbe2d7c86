"""Chunk templates: chunks of equal shape have the same steps, on other rows and in other buffers.

The neighbouring chunks of a long canvas, or of a sweep, differ in little more than the rows that they read. The steps
of the first chunk of a shape are a template. A later chunk relocates them, as a linker relocates compiled code.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fgraph.analysis import Retained, Row, footprints_of, operands_read
from fgraph.ir.ops import BaselineRows
from fgraph.ir.program import Index, Operand, Program
from fgraph.plan.buffer_map import BufferMap
from fgraph.plan.steps import Step
from fgraph.plan.units import Unit


@dataclass(frozen=True, eq=False, slots=True)
class Relocation:
    """The steps of a template, and the buffers that replace those of the template."""

    steps: Iterator[Step]
    numbers: Mapping[int, int]


@dataclass(frozen=True, eq=False, slots=True)
class ChunkTemplate:
    """The steps of a chunk."""

    steps: Sequence[Step]
    start: int  # the number of the first step
    retained: Sequence[int]  # the buffers of earlier chunks that it can read

    def relocation(self, start: int, retained: Sequence[int]) -> Relocation:
        """Return the relocation to a chunk of equal shape, whose first step is number `start`."""
        numbers = {self.start + place: start + place for place in range(len(self.steps))}
        return Relocation(iter(self.steps), numbers | dict(zip(self.retained, retained, strict=True)))


@dataclass(frozen=True, eq=False, slots=True)
class ChunkShape:
    """What determines the steps of a chunk, up to their rows and buffers."""

    key: Hashable
    retained: Sequence[int]  # the buffers of earlier chunks that it can read


class ChunkTemplates:
    """The templates of a program, by the shape of their chunks.

    Two chunks have equal shape if they make equal regions, and if the numbers of the rows that they make and read
    differ by one number for each value. In a program with base rows the rows must be equal.
    """

    def __init__(self, program: Program) -> None:
        self.known: dict[Hashable, ChunkTemplate] = {}
        self._program = program
        self._is_absolute = any(
            one.bases is not None or isinstance(one.op, BaselineRows) for one in program.instructions
        )
        read = {value for one in program.instructions for operand in one.operands for value in operand.read}
        self._last = set(range(len(program.instructions))) - read  # values that only outputs read
        self._types = [
            tuple(program.instructions[operand.value].type for operand in one.operands) for one in program.instructions
        ]

    def shape(
        self, units: Sequence[Unit], retained: Mapping[Row, Sequence[Retained]], buffer_map: BufferMap
    ) -> ChunkShape:
        """Return the shape of a chunk.

        Args:
            units: the rows that it makes, in the order of its steps.
            retained: the parts of these rows that are retained for later chunks.
            buffer_map: the locations of all rows that it can read.
        """
        first: dict[int, int] = {}
        for unit in units:
            row = 0 if self._is_absolute else int(unit.rows[0])
            first[unit.number] = min(first.get(unit.number, row), row)
        numbers: dict[int, int] = {}  # of the buffers of earlier chunks, in the order that they are found
        key: list[Hashable] = []
        for value, pieces in buffer_map.readable.items():
            first.setdefault(value, 0 if self._is_absolute else min(pieces))
            for row, found in pieces.items():
                for piece in found:
                    buffer = numbers.setdefault(piece.place[0], len(numbers))
                    key.append((value, row - first[value], buffer, piece.place[1], piece.region))
        for unit in units:
            instruction, types = self._program.instructions[unit.number], self._types[unit.number]
            ports = operands_read(instruction.op, types, None if unit.tile is None else unit.regions)
            rows = unit.rows.tolist() if retained else ()
            kept = [
                (place, one.region) for place, row in enumerate(rows) for one in retained.get((unit.number, row), ())
            ]
            key.extend(kept)
            key.extend(self._made(unit, ports, first, is_relative=unit.number in self._last and not kept))
            for port in ports:
                key.extend(self._read(instruction.operands[port], unit.rows, first, buffer_map))
        return ChunkShape(tuple(key), tuple(numbers))

    def _made(
        self, unit: Unit, ports: Sequence[int], first: Mapping[int, int], *, is_relative: bool
    ) -> Iterator[Hashable]:
        """Yield the rows that a unit makes, with their regions or, if these are relative, what they read."""
        instruction, types = self._program.instructions[unit.number], self._types[unit.number]
        yield unit.number, unit.tile, (unit.rows - first[unit.number]).tobytes()
        params = [instruction.params[row] for row in unit.rows.tolist()] if instruction.params else []
        if types:  # steps without operands draw their parameters, and depend on nothing else
            yield tuple(map(id, params))
        if unit.tile is None or not is_relative:
            yield unit.regions.tobytes()
            return
        for port in ports:
            if types[port].spatial:
                yield types[port], footprints_of(instruction.op, port, types, unit.regions, params).tobytes()

    def _read(
        self, operand: Operand, rows: Index, first: Mapping[int, int], buffer_map: BufferMap
    ) -> Iterator[Hashable]:
        """Yield the rows that an operand reads: of maps, from the first one that is there; of codes, their places."""
        parts = [(operand.value, operand.index[rows])] if operand.values is None else []
        if operand.values is not None:
            yield operand.values[rows].tobytes()
            parts = [(value, own) for value, own, _ in operand.take(rows).parts()]
        for value, own in parts:
            if not self._program.instructions[value].type.spatial:
                buffers, places = buffer_map.places(value, own)
                yield value, buffers.tobytes(), (places - places[0]).tobytes()
            elif self._is_absolute or value in first:
                yield value, (own - first.get(value, 0)).tobytes()
            else:
                yield value  # none of its rows is there
