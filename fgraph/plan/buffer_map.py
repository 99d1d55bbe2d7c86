"""The buffer map: where the rows of every value are, while the steps of a plan are built."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np

from fgraph._geometry.regions import Cyclic, Region, Size, area, covers, intersect
from fgraph.analysis import Retained
from fgraph.ir.ops import BaselineRows
from fgraph.ir.program import Index, Operand, Program, Regions
from fgraph.ir.region_arrays import FEW, Flags, areas, clipped, covering, intersections, whole_regions
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
        locations = self._tables[value].take(rows)
        if value in self._beneath:
            retained = self._beneath[value].take(rows)
            locations = locations.over(retained) if (retained.buffers != NO_BUFFER).any() else locations
        if len(rows) <= FEW:
            return _layers_read(locations, wanted, size)
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


def _layers_read(locations: Locations, wanted: Regions, size: Size) -> tuple[Locations, Flags]:
    """Do the work of `_own` for few rows, for which plain Python is faster than numpy."""
    found, windows, single = locations.regions.tolist(), wanted.tolist(), locations.depth == 1
    read: list[list[int]] = []  # the layers of each row that are read, then the other layers
    counts, covered = [], []
    for buffers, regions, window in zip(locations.buffers.tolist(), found, windows, strict=True):
        present = [layer for layer, buffer in enumerate(buffers) if buffer != NO_BUFFER]
        alone = next((layer for layer in present if covers(regions[layer], window, size, ROUND)), None)
        covered.append(alone is not None)
        if single:
            continue
        if alone is None:
            present = [layer for layer in present if area(intersect(tuple(window), tuple(regions[layer]), size, ROUND))]
        else:
            present = [alone]
        counts.append(len(present))
        read.append([*present, *(layer for layer in range(len(buffers)) if layer not in present)])
    if single:
        return locations, np.array(covered, bool)
    depth = max(1, max(counts, default=1))
    order = np.array(read, np.int64)[:, :depth]  # [rows, layers]
    row_index = np.arange(len(read))[:, None]
    buffers = np.where(np.arange(depth) < np.array(counts)[:, None], locations.buffers[row_index, order], NO_BUFFER)
    kept = Locations(buffers, locations.rows[row_index, order], locations.regions[row_index, order])
    return kept, np.array(covered, bool)


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
