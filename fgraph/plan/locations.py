"""Where rows stand: which buffers, and what of the canvas is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fgraph.ir.program import Index, Regions
from fgraph.ir.region_arrays import Flags

NOWHERE = -1


def kept_buffer(slot: int) -> int:
    """The buffer in which value `slot` of an earlier run stands."""
    return -2 - slot


@dataclass(frozen=True, eq=False)
class Places:
    """Where rows stand, in layers: of each row perhaps a tile, and beneath it what it is laid over. NOWHERE is none."""

    buffers: Index  # [rows, layers]
    rows: Index  # [rows, layers], of the buffers
    regions: Regions  # [rows, layers, 4], what of the canvas is there

    def take(self, index: Index) -> Places:
        """Places picked by index."""
        return Places(self.buffers[index], self.rows[index], self.regions[index])

    @staticmethod
    def joined(parts: Sequence[Places]) -> Places:
        """Places laid end to end."""
        if len(parts) == 1:
            return parts[0]
        depth = max(part.depth for part in parts)
        deep = [part._deepened(depth) for part in parts]
        columns = ((one.buffers, one.rows, one.regions) for one in deep)
        return Places(*(np.concatenate(column) for column in zip(*columns, strict=True)))

    @property
    def depth(self) -> int:
        """How many layers there are at most."""
        return int(self.buffers.shape[1])

    def over(self, beneath: Places) -> Places:
        """The same rows, laid over others."""
        columns = ((one.buffers, one.rows, one.regions) for one in (self, beneath))
        return Places(*(np.concatenate(column, axis=1) for column in zip(*columns, strict=True)))

    def only(self, layers: Flags) -> Places:
        """The same rows with some of their layers, [rows, layers], those of each row moved up."""
        order = np.argsort(~layers, axis=1, kind="stable")[:, : max(1, int(layers.sum(axis=1).max(initial=0)))]
        buffers = np.where(layers, self.buffers, NOWHERE)
        return Places(
            np.take_along_axis(buffers, order, axis=1),
            np.take_along_axis(self.rows, order, axis=1),
            np.take_along_axis(self.regions, order[:, :, None], axis=1),
        )

    def _deepened(self, depth: int) -> Places:
        missing = depth - self.depth
        return self.over(nowhere(len(self.buffers), missing)) if missing else self


def nowhere(rows: int, layers: int = 1) -> Places:
    """Places of rows that stand nowhere."""
    buffers, places = np.full((rows, layers), NOWHERE, np.int64), np.zeros((rows, layers), np.int64)
    return Places(buffers, places, np.zeros((rows, layers, 4), np.int64))
