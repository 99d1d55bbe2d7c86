"""What is asked of a program: which rows of each value each chunk makes, where, and what it keeps for others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fgraph._geometry.regions import Region
from fgraph.analysis.retention import Retained
from fgraph.ir.program import Index, Program, Regions, as_index
from fgraph.ir.region_arrays import as_regions, whole_regions

OutputTile = tuple[int, int, Region]  # an output, by its place; a row of it; what is wanted of that row
ChunkOutputs = Sequence[OutputTile] | None  # None: every output


@dataclass(frozen=True, eq=False, slots=True)
class ValueBounds:
    """The rows of a value that are made: in which chunk, and where. Codes have no regions, but zeros."""

    chunks: Index  # ascending
    rows: Index  # ascending within a chunk
    regions: Regions

    def of(self, chunk: int) -> ValueBounds:
        """Those that one chunk makes."""
        first, stop = np.searchsorted(self.chunks, (chunk, chunk + 1))
        return ValueBounds(self.chunks[first:stop], self.rows[first:stop], self.regions[first:stop])


NOT_COMPUTED = ValueBounds(as_index([]), as_index([]), as_regions([]))


@dataclass(frozen=True, eq=False, slots=True)
class Bounds:
    """What is made of a program, and what is kept of it between chunks."""

    values: Sequence[ValueBounds]  # for each value
    retained: Sequence[Retained]
    retained_bytes: npt.NDArray[np.float64]  # while each chunk runs, in fp32; what that chunk itself makes is not in it
    repeated_flops: float = 0.0  # of pixels that an earlier chunk has made too


def whole_bounds(program: Program) -> Bounds:
    """Every row of every value, whole."""
    found = []
    for one in program.instructions:
        size = one.type.size if one.type.spatial else (0, 0)
        made = ValueBounds(np.zeros(one.rows, np.int64), np.arange(one.rows), whole_regions(one.rows, size))
        found.append(made if one.op.is_computed else NOT_COMPUTED)
    return Bounds(found, (), np.zeros(1))
