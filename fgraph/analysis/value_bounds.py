"""The result of bounds inference: the rows and regions that each chunk computes, and the parts that it retains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fgraph._geometry.regions import Region
from fgraph.analysis.retention import Retained
from fgraph.ir.program import Index, Program, Regions, as_index
from fgraph.ir.region_arrays import as_regions, whole_regions

OutputTile = tuple[int, int, Region]  # index of an output, row, region
ChunkOutputs = Sequence[OutputTile] | None  # None: all outputs


@dataclass(frozen=True, eq=False, slots=True)
class ValueBounds:
    """The rows of a value that are computed, with their chunks and regions; the regions of codes are zeros."""

    chunks: Index  # ascending
    rows: Index  # ascending within a chunk
    regions: Regions

    def of(self, chunk: int) -> ValueBounds:
        """Return the rows that one chunk computes."""
        return self.part(*np.searchsorted(self.chunks, (chunk, chunk + 1)).tolist())

    def part(self, first: int, stop: int) -> ValueBounds:
        """Return entries `first` to `stop`."""
        return ValueBounds(self.chunks[first:stop], self.rows[first:stop], self.regions[first:stop])


NOT_COMPUTED = ValueBounds(as_index([]), as_index([]), as_regions([]))


@dataclass(frozen=True, eq=False, slots=True)
class Bounds:
    """The rows of each value that are computed, and the parts that are retained between chunks."""

    values: Sequence[ValueBounds]  # the bounds of each value
    retained: Sequence[Retained]
    retained_bytes: npt.NDArray[np.float64]  # bytes of earlier chunks that are retained while each chunk runs, in fp32


def whole_bounds(program: Program) -> Bounds:
    """Return the bounds that compute every row of every value whole, in one chunk."""
    found = []
    for one in program.instructions:
        size = one.type.size if one.type.spatial else (0, 0)
        made = ValueBounds(np.zeros(one.rows, np.int64), np.arange(one.rows), whole_regions(one.rows, size))
        found.append(made if one.op.is_computed else NOT_COMPUTED)
    return Bounds(found, (), np.zeros(1))
