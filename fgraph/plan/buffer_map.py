"""The buffer map: where the rows of every value are, while the steps of a plan are built."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np

from fgraph._geometry.regions import NOTHING, Cyclic, Region, Size, area, covers, intersect
from fgraph.analysis import Retained
from fgraph.ir.ops import BaselineRows
from fgraph.ir.program import Index, Operand, Program, Regions
from fgraph.ir.region_arrays import FEW, Flags, areas, clipped, covering, intersections, to_region, whole_regions
from fgraph.plan.gather import ROUND, Gather
from fgraph.plan.locations import NO_BUFFER, Locations, baseline_buffer, no_locations


class BufferMap:
    """Locations of the rows of every value; steps enter the rows they make and look up the rows they read."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._tables = [no_locations(one.rows) for one in program.instructions]
        self._retained: dict[int, list[Piece]] = {}
        self.readable: dict[int, dict[int, list[Piece]]] = {}  # value -> row -> the retained parts for this chunk
        self._beneath: dict[int, Locations] = {}  # the same parts, by value
        for value, one in enumerate(program.instructions):
            if isinstance(one.op, BaselineRows):  # the rows of an earlier run are whole, in a separate buffer
                regions = whole_regions(one.rows, one.type.size if one.type.spatial else (0, 0))
                self.put(value, np.arange(one.rows), (baseline_buffer(one.op.slot), 0), regions)

    def copy(self) -> BufferMap:
        """Return a map with the same rows in the same buffers. Retained parts are not copied."""
        other = copy(self)
        other._tables = [table.copy() for table in self._tables]
        other._retained, other.readable, other._beneath = {}, {}, {}
        return other

    def put(self, value: int, rows: Index, start: tuple[int, int], regions: Regions) -> None:
        """Enter rows of a value that are in a buffer, one after the other.

        Args:
            value: the value.
            rows: rows of the value.
            start: the buffer, and the row of it that holds the first of these rows.
            regions: the region of the canvas that each row covers.
        """
        table = self._tables[value]
        table.buffers[rows, 0] = start[0]
        table.rows[rows, 0] = np.arange(start[1], start[1] + len(rows))
        table.regions[rows, 0] = regions

    def drop(self, value: int, rows: Index) -> None:
        """Remove rows from their buffers; their retained parts stay readable."""
        table = self._tables[value]
        table.buffers[rows, 0], table.rows[rows, 0], table.regions[rows, 0] = NO_BUFFER, 0, 0

    def retain(self, retained: Retained, place: tuple[int, int], region: Region) -> None:
        """Enter a retained part of a row, which later chunks read; `place` is a buffer and a row of it."""
        self._retained.setdefault(retained.row[0], []).append(Piece(retained, place, region))

    @property
    def retained(self) -> list[Piece]:
        """All retained parts that the present chunk or a later one reads."""
        return [one for pieces in self._retained.values() for one in pieces]

    def begin(self, chunk: int) -> None:
        """Begin a chunk: later look-ups find the parts that are retained for it."""
        self.readable, self._beneath = {}, {}
        for value, pieces in self._retained.items():
            pieces[:] = [one for one in pieces if one.retained.last >= chunk]
            found: dict[int, list[Piece]] = {}
            for one in pieces:
                if chunk in one.retained.readers:
                    found.setdefault(one.retained.row[1], []).append(one)
            if found:
                self.readable[value] = found
                self._beneath[value] = _layers_of(found, self._program.instructions[value].rows)

    def places(self, value: int, rows: Index) -> tuple[Index, Index]:
        """Return the buffers of rows of a value, and the rows of these buffers."""
        table = self._tables[value]
        return table.buffers[rows, 0], table.rows[rows, 0]

    def start_of(self, value: int) -> tuple[int, int]:
        """Return the buffer of the first row of a value, and the row of that buffer."""
        table = self._tables[value]
        return int(table.buffers[0, 0]), int(table.rows[0, 0])

    def are_there(self, operands: Sequence[Operand], rows: Index) -> Flags:
        """Return for each operand whether at least one of the rows that it reads is in a buffer."""
        found = np.zeros(len(operands), bool)
        values = np.concatenate([one.row_values[rows] for one in operands])  # [operands * rows]
        together = Operand.of(values, np.concatenate([one.index[rows] for one in operands]))
        for part, part_rows, mine in together.parts():
            present = self._tables[part].buffers[part_rows, 0] != NO_BUFFER
            if part in self._beneath:
                present |= self._beneath[part].buffers[part_rows, 0] != NO_BUFFER
            found[mine[present] // len(rows)] = True
        return found

    def gather(self, operands: Sequence[Operand], windows: Regions | None, wraps: Cyclic = (False, False)) -> Gather:
        """Return the gather that reads rows of operands, laid end to end.

        Args:
            operands: the operands, of values of one type.
            windows: the window to read of each row; None: whole rows.
            wraps: for y and x, whether windows go round the edge.
        """
        kind = self._program.instructions[operands[0].value].type
        if not kind.spatial:
            return Gather(Locations.joined([self._locations(one, None, (0, 0)) for one in operands]))
        if windows is None:
            requested = wanted = whole_regions(sum(one.rows for one in operands), kind.size)
        else:
            requested, wanted = windows, clipped(windows, kind.size, wraps)
        found, start = [], 0
        for operand in operands:
            found.append(self._locations(operand, wanted[start : start + operand.rows], kind.size))
            start += operand.rows
        locations = Locations.joined(found)
        exact = locations.depth == 1 and NO_BUFFER not in locations.buffers
        return Gather(
            locations, kind.size, requested, exact and np.array_equal(locations.regions[:, 0], requested), wraps
        )

    def _locations(self, operand: Operand, wanted: Regions | None, size: Size) -> Locations:
        """Return the locations of the rows of an operand."""
        if operand.values is None:
            return self._layers(operand.value, operand.index, wanted, size)
        found, order = [], []
        for value, rows, mine in operand.parts():
            found.append(self._layers(value, rows, None if wanted is None else wanted[mine], size))
            order.append(mine)
        locations = Locations.joined(found)
        return locations if len(order) == 1 else locations.take(np.argsort(np.concatenate(order)))

    def _layers(self, value: int, rows: Index, wanted: Regions | None, size: Size) -> Locations:
        """Return the locations of rows of a value.

        The location of the base of a row is a layer below the row's own if the window extends beyond the row's region.
        """
        instruction = self._program.instructions[value]
        plain = instruction.bases is None and value not in self._beneath
        if wanted is None or plain:
            return self._tables[value].take(rows)
        own, covered = self._own(value, rows, wanted, size)
        if instruction.bases is None or instruction.regions is None:
            return own
        values = instruction.bases.values[rows]
        beyond = (values >= 0) & ~covered & ~covering(instruction.regions[rows], wanted, size, ROUND)
        if not beyond.any():
            return own
        parts, order = [no_locations(int((~beyond).sum()))], [np.flatnonzero(~beyond)]
        for base in np.unique(values[beyond]).tolist():
            mine = np.flatnonzero(beyond & (values == base))
            parts.append(self._own(base, instruction.bases.rows[rows[mine]], wanted[mine], size)[0])
            order.append(mine)
        return own.over(Locations.joined(parts).take(np.argsort(np.concatenate(order))))

    def _own(self, value: int, rows: Index, wanted: Regions, size: Size) -> tuple[Locations, Flags]:
        """Return the locations of rows with their retained parts, and whether one layer covers each row's window."""
        pieces = self.readable.get(value, {})
        if len(rows) <= FEW and not pieces.keys().isdisjoint(names := rows.tolist()):
            return self._own_in_pieces(value, names, wanted, size)
        locations = self._tables[value].take(rows)
        if len(rows) <= FEW:
            found = zip(locations.buffers.tolist(), locations.regions.tolist(), wanted.tolist(), strict=True)
            alone = [one[0] != NO_BUFFER and covers(parts[0], window, size, ROUND) for one, parts, window in found]
            return locations, np.array(alone, bool)
        if pieces:
            retained = self._beneath[value].take(rows)
            locations = locations.over(retained) if (retained.buffers != NO_BUFFER).any() else locations
        read = locations.buffers != NO_BUFFER
        covered = np.zeros(len(rows), bool)
        for layer in range(locations.depth):
            alone = read[:, layer] & ~covered & covering(locations.regions[:, layer], wanted, size, ROUND)
            covered |= alone
            read[alone] = np.arange(locations.depth) == layer
        if locations.depth == 1:
            return locations, covered
        uncovered = np.flatnonzero(~covered)
        for layer in range(locations.depth) if len(uncovered) else ():
            read[uncovered, layer] &= (
                areas(intersections(wanted[uncovered], locations.regions[uncovered, layer], size, ROUND)) > 0
            )
        return locations.only(read), covered

    def _own_in_pieces(self, value: int, rows: list[int], wanted: Regions, size: Size) -> tuple[Locations, Flags]:
        """Do the work of `_own` for few rows, for which plain Python is faster than numpy."""
        table, retained = self._tables[value], self.readable[value]
        layers: list[list[tuple[int, int, Region]]] = []
        covered = []
        for row, window in zip(rows, map(to_region, wanted), strict=True):
            there = [(*piece.place, piece.region) for piece in retained.get(row, ())]
            if (buffer := int(table.buffers[row, 0])) != NO_BUFFER:
                there.insert(0, (buffer, int(table.rows[row, 0]), to_region(table.regions[row, 0])))
            alone = next((one for one in there if covers(one[2], window, size, ROUND)), None)
            covered.append(alone is not None)
            layers.append([alone] if alone else [one for one in there if area(intersect(window, one[2], size, ROUND))])
        depth = max(1, *map(len, layers))
        filled = [[*found, *[(NO_BUFFER, 0, NOTHING)] * (depth - len(found))] for found in layers]
        columns = [np.array([[one[column] for one in found] for found in filled], np.int64) for column in (0, 1, 2)]
        return Locations(*columns), np.array(covered, bool)


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """A retained part of a row, and its location."""

    retained: Retained
    place: tuple[int, int]  # a buffer and a row of it
    region: Region


def _layers_of(pieces: dict[int, list[Piece]], rows: int) -> Locations:
    """Return locations that hold the pieces of each row, one in each layer."""
    locations = no_locations(rows, max(map(len, pieces.values())))
    for row, found in pieces.items():
        for layer, piece in enumerate(found):
            locations.buffers[row, layer], locations.rows[row, layer] = piece.place
            locations.regions[row, layer] = piece.region
    return locations
