"""How a step reads its operands: rows of buffers, whole or as windows, each perhaps laid over others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np

from fgraph._geometry.regions import Cyclic, Region, Size, Span, area, pieces
from fgraph.ir.program import Index, Regions, as_index
from fgraph.plan.locations import NO_BUFFER, Locations

ROUND: Cyclic = (True, True)  # a region that stands in a buffer may go round; one that does not is none the worse


@dataclass(frozen=True, slots=True)
class Copy:
    """Pixels of consecutive rows that come from one buffer."""

    rows: tuple[int, int]  # of the result, half-open
    box: Region  # of the result, within a tile
    buffer: int
    source_row: int
    repeats: bool  # whether one source row serves all rows, rather than consecutive ones
    source_box: Region

    @property
    def source_rows(self) -> tuple[int, int]:
        """The rows of the buffer, half-open."""
        count = 1 if self.repeats else self.rows[1] - self.rows[0]
        return self.source_row, self.source_row + count


@dataclass(frozen=True, eq=False)
class Gather:
    """What a step reads on one port, row by row: windows of maps; all of codes, which have none.

    `exact` says that every row is read just as it stands in its buffer.
    """

    locations: Locations
    size: Size | None = None  # of the canvas; None for codes
    windows: Regions | None = None
    exact: bool = True
    wraps: Cyclic = (False, False)  # whether a window beyond the canvas goes on at the other edge, or into zeros

    @property
    def count(self) -> int:
        """How many rows are read."""
        return len(self.locations.rows)

    @cached_property
    def sources(self) -> list[int]:
        """The buffers read from, each once."""
        if not self.exact:
            return sorted({copy.buffer for copy in self.copies})
        return sorted(set(self.locations.buffers[:, 0].tolist()) - {NO_BUFFER})

    @cached_property
    def way(self) -> Literal["view", "same", "pick", "pieces", "tiles"]:
        """How it is done.

        A slice of one buffer, one row for all, rows of one buffer, runs of several, or windows cut out.
        """
        if not self.exact:
            return "tiles"
        if len(self.sources) > 1:
            return "pieces"
        rows = self.locations.rows[:, 0]
        if len(rows) == 1 or bool((np.diff(rows) == 1).all()):
            return "view"
        return "same" if bool((rows == rows[0]).all()) else "pick"

    @property
    def copies_rows(self) -> bool:
        """Whether reading copies, rather than looking where the rows are."""
        if self.way == "tiles":
            return self.view is None
        return self.way in ("pick", "pieces")

    def take(self, index: Index) -> Gather:
        """The gather of some of the rows."""
        windows = None if self.windows is None else self.windows[index]
        return replace(self, locations=self.locations.take(index), windows=windows)

    def runs(self) -> Iterator[Gather]:
        """Stretches of rows that stand in one buffer; of whole rows only."""
        borders = np.flatnonzero(np.diff(self.locations.buffers[:, 0])) + 1
        for rows in np.split(np.arange(self.count), borders):
            yield self.take(as_index(rows))

    @cached_property
    def tile(self) -> Size:
        """Height and width of the windows; they must be equal."""
        assert self.windows is not None
        top, left, bottom, right = self.windows[0].tolist()
        return bottom - top, right - left

    @cached_property
    def copies(self) -> tuple[Copy, ...]:
        """The copies that fill the windows; what no copy reaches lies beyond a border, or is not looked at."""
        return tuple(copy for rows in self._stretches for copy in self._cuts(rows))

    @cached_property
    def _stretches(self) -> list[tuple[int, int]]:
        """Rows that follow each other and are read alike, from one row or from rows that follow each other."""
        assert self.windows is not None
        if self.count < 2:
            return [(0, self.count)] * self.count
        locations = self.locations
        breaks = np.zeros(self.count - 1, bool)
        for column in (locations.buffers, locations.regions, self.windows):
            breaks |= np.diff(column, axis=0).reshape(len(breaks), -1).any(axis=1)
        for rows in locations.rows.T:
            pace = np.diff(rows)
            breaks |= (pace != 0) & (pace != 1)
            breaks[1:] |= (pace[1:] != pace[:-1]) & ~breaks[:-1]
        return list(pairwise([0, *(np.flatnonzero(breaks) + 1).tolist(), self.count]))

    @cached_property
    def is_filled(self) -> bool:
        """Whether copies reach every pixel of every window."""
        assert self.windows is not None
        tile = self.tile
        reached = sum((copy.rows[1] - copy.rows[0]) * area(copy.box) for copy in self.copies)
        return not self.is_layered and reached == self.count * tile[0] * tile[1]

    @cached_property
    def is_layered(self) -> bool:
        """Whether a row is read in several layers, so that the order of copies matters."""
        return bool(((self.locations.buffers != NO_BUFFER).sum(axis=1) > 1).any())

    @cached_property
    def view(self) -> Copy | None:
        """The one copy that is all there is, so that looking does instead."""
        copies = self.copies
        alone = len(copies) == 1 and copies[0].rows == (0, self.count) and copies[0].box == (0, 0, *self.tile)
        return copies[0] if alone else None

    def _cuts(self, rows: tuple[int, int]) -> Iterator[Copy]:
        """The copies of a stretch of rows, the lowest layer first."""
        for layer in reversed(range(self.locations.depth)):
            if self.locations.buffers[rows[0], layer] != NO_BUFFER:
                yield from self._cut(rows, layer)

    def _cut(self, stretch: tuple[int, int], layer: int) -> Iterator[Copy]:
        assert self.windows is not None
        first, last = stretch[0], stretch[1] - 1
        window, source = self.windows[first].tolist(), self.locations.regions[first, layer].tolist()
        rows = self.locations.rows[:, layer]
        vertical = self._pieces(0, (window[0], window[2]), (source[0], source[2]))
        horizontal = self._pieces(1, (window[1], window[3]), (source[1], source[3])) if vertical else []
        for y, from_y, height in vertical:
            for x, from_x, width in horizontal:
                yield Copy(
                    stretch,
                    (y, x, y + height, x + width),
                    int(self.locations.buffers[first, layer]),
                    int(rows[first]),
                    repeats=bool(rows[first] == rows[last]),
                    source_box=(from_y, from_x, from_y + height, from_x + width),
                )

    def _pieces(self, axis: int, window: Span, source: Span) -> list[tuple[int, int, int]]:
        assert self.size is not None
        size = self.size[axis]
        start, stop = window if self.wraps[axis] else (max(window[0], 0), min(window[1], size))
        found = pieces((start, stop), source, size, ROUND[axis])
        return [(into + start - window[0], out_of, count) for into, out_of, count in found]
