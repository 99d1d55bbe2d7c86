"""Chunk templates: chunks of equal shape have the same steps, but on different rows and in different buffers.

The neighbouring chunks of a long canvas, or of a sweep, differ in little more than the rows that they read. The steps
of the first chunk of a shape are a template. A later chunk relocates them, as a linker relocates compiled code.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fgraph.analysis import Retained, Row, footprints_of, operands_read
from fgraph.ir.ops import BaselineRows
from fgraph.ir.program import Index, Operand, Program, as_index
from fgraph.plan.buffer_map import BufferMap
from fgraph.plan.schedule import Key
from fgraph.plan.steps import Step
from fgraph.plan.units import Unit


@dataclass(frozen=True, eq=False, slots=True)
class Relocation:
    """The steps of a template, and a map from the template's buffers to the buffers that replace them."""

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
    """The properties that determine the steps of a chunk, up to their rows and buffers."""

    key: Hashable
    retained: Sequence[int]  # the buffers of earlier chunks that it can read


@dataclass(frozen=True, eq=False, slots=True)
class CodesChunk:
    """A first chunk that makes codes only: it does not depend on the other chunks, nor on what they retain."""

    steps: Sequence[Step]
    buffer_map: BufferMap  # after these steps
    keys: Sequence[Key]  # the schedule of the program
    shapes: Sequence[int]  # for each instruction, a number of its operation and its types


class ChunkTemplates:
    """The templates of a program, by the shape of their chunks.

    Two chunks have equal shape if they make and read equal regions of rows that correspond: the first, second, ... row
    of each value that is available.
    """

    def __init__(self, program: Program) -> None:
        self.known: dict[Hashable, ChunkTemplate] = {}
        self.codes: CodesChunk | None = None  # the first chunk, once it is built
        self._program = program
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
        available = _AvailableRows(self._program, units, buffer_map)
        numbers: dict[int, int] = {}  # numbers of the buffers of earlier chunks, in the order in which they are found
        key: list[Hashable] = []
        for value, pieces in buffer_map.readable.items():
            key += [value, available.places(value, as_index([*pieces]))]
            for found in pieces.values():
                buffers = [numbers.setdefault(one.place[0], len(numbers)) for one in found]
                key += [(buffer, one.place[1], one.region) for buffer, one in zip(buffers, found, strict=True)]
                key.append(len(found))
        for unit in units:
            instruction, types = self._program.instructions[unit.number], self._types[unit.number]
            ports = operands_read(instruction.op, types, None if unit.tile is None else unit.regions)
            rows = unit.rows.tolist() if retained else ()
            kept = [(row, one.region) for row, made in enumerate(rows) for one in retained.get((unit.number, made), ())]
            key += [unit.number, unit.tile, available.places(unit.number, unit.rows), *kept]
            key.extend(self._made(unit, ports, is_relative=unit.number in self._last and not kept))
            for port in ports:
                key.extend(available.read(instruction.operands[port], unit.rows))
        return ChunkShape(tuple(key), tuple(numbers))

    def _made(self, unit: Unit, ports: Sequence[int], *, is_relative: bool) -> Iterator[Hashable]:
        """Yield the regions that a unit makes or, if only those matter, the regions that it reads."""
        instruction, types = self._program.instructions[unit.number], self._types[unit.number]
        params = [instruction.params[row] for row in unit.rows.tolist()] if instruction.params else []
        if types:  # steps without operands draw their parameters, and depend on nothing else
            yield tuple(map(id, params))
        if unit.tile is None or not is_relative:
            yield unit.regions.tobytes()
            return
        for port in ports:
            if types[port].spatial:
                yield types[port], footprints_of(instruction.op, port, types, unit.regions, params).tobytes()


class _AvailableRows:
    """The rows of each value that a chunk makes, or can read from earlier chunks."""

    def __init__(self, program: Program, units: Sequence[Unit], buffer_map: BufferMap) -> None:
        self._program = program
        self._buffer_map = buffer_map
        rows: dict[int, set[int]] = {value: set(pieces) for value, pieces in buffer_map.readable.items()}
        for unit in units:
            rows.setdefault(unit.number, set()).update(unit.rows.tolist())
        self._places = {value: {row: place for place, row in enumerate(sorted(found))} for value, found in rows.items()}

    def places(self, value: int, rows: Index) -> Hashable:
        """Return the places of rows among the available rows of the value; -1 for absent rows."""
        if isinstance(self._program.instructions[value].op, BaselineRows):
            return rows.tobytes()  # codes keep their locations
        available = self._places.get(value)
        return None if available is None else tuple(available.get(row, -1) for row in rows.tolist())

    def read(self, operand: Operand, rows: Index) -> Iterator[Hashable]:
        """Yield the places of the rows that an operand reads and of their bases; for codes, yield their locations."""
        parts = [(operand.value, operand.index[rows])]
        if operand.values is not None:
            yield operand.values[rows].tobytes()
            parts = [(value, part_rows) for value, part_rows, _ in operand.take(rows).parts()]
        for value, part_rows in parts:
            instruction = self._program.instructions[value]
            if not instruction.type.spatial:
                buffers, locations = self._buffer_map.places(value, part_rows)
                yield value, buffers.tobytes(), (locations - locations[0]).tobytes()
                continue
            yield value, self.places(value, part_rows)
            if instruction.bases is not None and instruction.regions is not None:
                values, bases = instruction.bases.values[part_rows], instruction.bases.rows[part_rows]
                yield values.tobytes(), instruction.regions[part_rows].tobytes()
                yield tuple(
                    self.places(base, bases[values == base]) for base in np.unique(values[values >= 0]).tolist()
                )
