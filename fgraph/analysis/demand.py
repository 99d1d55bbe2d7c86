"""What is asked of a program: which rows of each value each chunk makes, where, and what it keeps for others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fgraph.analysis.retention import Held
from fgraph.ir.ops import Join, Kept
from fgraph.ir.program import Index, Program, Regions, as_index
from fgraph.ir.rectangles import as_regions, whole_regions
from fgraph.ir.regions import Region

Cell = tuple[int, int, Region]  # an output, by its place; a row of it; what is wanted of that row
Wanted = Sequence[Cell] | None  # None: every output


@dataclass(frozen=True, eq=False, slots=True)
class Made:
    """The rows of a value that are made: in which chunk, and where. Codes have no regions, but zeros."""

    chunks: Index  # ascending
    rows: Index  # ascending within a chunk
    regions: Regions

    def of(self, chunk: int) -> Made:
        """Those that one chunk makes."""
        first, stop = np.searchsorted(self.chunks, (chunk, chunk + 1))
        return Made(self.chunks[first:stop], self.rows[first:stop], self.regions[first:stop])


NOT_MADE = Made(as_index([]), as_index([]), as_regions([]))


@dataclass(frozen=True, eq=False, slots=True)
class Demand:
    """What is made of a program, and what is kept of it between chunks."""

    made: Sequence[Made]  # for each value
    held: Sequence[Held]
    held_bytes: npt.NDArray[np.float64]  # while each chunk runs, in fp32; what that chunk itself makes is not in it
    repeated_flops: float = 0.0  # of pixels that an earlier chunk has made too


def all_whole(program: Program) -> Demand:
    """Every row of every value, whole."""
    found = []
    for one in program.instructions:
        size = one.type.size if one.type.spatial else (0, 0)
        made = Made(np.zeros(one.rows, np.int64), np.arange(one.rows), whole_regions(one.rows, size))
        found.append(NOT_MADE if isinstance(one.op, Join | Kept) else made)
    return Demand(found, (), np.zeros(1))
