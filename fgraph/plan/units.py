"""Units: the rows of one instruction that one call computes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fgraph._geometry.regions import Size, extent, whole
from fgraph.analysis import ValueBounds
from fgraph.ir.program import Index, Regions
from fgraph.ir.region_arrays import distinct
from fgraph.ir.types import Type


@dataclass(frozen=True, eq=False, slots=True)
class Unit:
    """Rows of one instruction that one call computes: all rows of one tile size."""

    number: int
    rows: Index
    regions: Regions
    tile: Size | None


def units_of(number: int, kind: Type, made: ValueBounds) -> Iterator[Unit]:
    """Yield the rows of a value that a chunk computes, grouped by the size of their tiles."""
    if not len(made.rows):
        return
    if not kind.spatial:
        yield Unit(number, made.rows, made.regions, None)
        return
    found, index = distinct(made.regions)
    tiles: dict[Size | None, int] = {}
    sizes = [None if region == whole(kind.size) else extent(region) for region in found]
    numbers = np.array([tiles.setdefault(size, len(tiles)) for size in sizes])[index]  # the tile size of each row
    for tile, size in tiles.items():
        mine = slice(None) if len(tiles) == 1 else numbers == size
        yield Unit(number, made.rows[mine], made.regions[mine], tile)
