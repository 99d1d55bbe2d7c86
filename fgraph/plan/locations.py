"""Locations of rows: the buffer of each, and the region of the canvas that it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fgraph.ir.program import Index, Regions
from fgraph.ir.region_arrays import Flags

NO_BUFFER = -1


def baseline_buffer(slot: int) -> int:
    """Return the number of the buffer that holds value `slot` of a baseline."""
    return -2 - slot


@dataclass(frozen=True, eq=False)
class Locations:
    """Locations of rows in layers: a tile of each row, then the layers below it; NO_BUFFER where there is none."""

    buffers: Index  # [rows, layers]
    rows: Index  # [rows, layers], of the buffers
    regions: Regions  # [rows, layers, 4], the region of the canvas that is there

    def copy(self) -> Locations:
        """Return a copy, which can be changed."""
        return Locations(self.buffers.copy(), self.rows.copy(), self.regions.copy())

    def take(self, index: Index | slice) -> Locations:
        """Return the locations of some rows."""
        return Locations(self.buffers[index], self.rows[index], self.regions[index])

    def relocated(self, numbers: Mapping[int, int]) -> Locations:
        """Return the same rows in other buffers; `numbers` maps the buffers that differ."""
        buffers = [numbers.get(one, one) for one in self.buffers.ravel().tolist()]
        return Locations(np.array(buffers, np.int64).reshape(self.buffers.shape), self.rows, self.regions)

    @staticmethod
    def joined(parts: Sequence[Locations]) -> Locations:
        """Return locations laid end to end."""
        if len(parts) == 1:
            return parts[0]
        depth = max(part.depth for part in parts)
        deep = [part._deepened(depth) for part in parts]
        columns = ((one.buffers, one.rows, one.regions) for one in deep)
        return Locations(*(np.concatenate(column) for column in zip(*columns, strict=True)))

    @property
    def depth(self) -> int:
        """The number of layers."""
        return int(self.buffers.shape[1])

    def over(self, beneath: Locations) -> Locations:
        """Return these locations with the layers of others below."""
        columns = ((one.buffers, one.rows, one.regions) for one in (self, beneath))
        return Locations(*(np.concatenate(column, axis=1) for column in zip(*columns, strict=True)))

    def only(self, layers: Flags) -> Locations:
        """Return the same rows with only some layers, given by a mask [rows, layers]; each row's layers move up."""
        order = np.argsort(~layers, axis=1, kind="stable")[:, : max(1, int(layers.sum(axis=1).max(initial=0)))]
        buffers = np.where(layers, self.buffers, NO_BUFFER)
        return Locations(
            np.take_along_axis(buffers, order, axis=1),
            np.take_along_axis(self.rows, order, axis=1),
            np.take_along_axis(self.regions, order[:, :, None], axis=1),
        )

    def _deepened(self, depth: int) -> Locations:
        missing = depth - self.depth
        return self.over(no_locations(len(self.buffers), missing)) if missing else self


def no_locations(rows: int, layers: int = 1) -> Locations:
    """Return locations of rows that are in no buffer."""
    buffers, locations = np.full((rows, layers), NO_BUFFER, np.int64), np.zeros((rows, layers), np.int64)
    return Locations(buffers, locations, np.zeros((rows, layers, 4), np.int64))
