"""How a step reads its operands: rows of buffers, whole or as windows, each perhaps laid over a base row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np

from fgraph.ir.program import Index, Regions, as_index
from fgraph.ir.regions import Cyclic, Region, Size, Span, area, clip, covers, pieces, whole

Box = tuple[int, int, int, int]  # top, left, bottom, right within a tile
NOWHERE = -1
_ROUND: Cyclic = (True, True)  # a region that stands in a buffer may go round; one that does not is none the worse


def kept_buffer(slot: int) -> int:
    """The buffer in which value `slot` of an earlier run stands."""
    return -2 - slot


@dataclass(frozen=True, eq=False)
class Places:
    """Where rows stand: buffer, row of it, the region that is there; and the same of the base they lie over."""

    buffers: Index
    rows: Index
    regions: Regions
    base_buffers: Index
    base_rows: Index
    base_regions: Regions

    def take(self, index: Index) -> Places:
        """Places picked by index."""
        return Places(*(getattr(self, name)[index] for name in COLUMNS))

    @staticmethod
    def joined(parts: Sequence[Places]) -> Places:
        """Places laid end to end."""
        return Places(*(np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS))


COLUMNS = ("buffers", "rows", "regions", "base_buffers", "base_rows", "base_regions")


@dataclass(frozen=True, slots=True)
class Copy:
    """Pixels of consecutive rows that come from one buffer."""

    rows: tuple[int, int]  # of the result, half-open
    box: Box  # of the result
    buffer: int
    source_row: int
    repeats: bool  # whether one source row serves all rows, rather than consecutive ones
    source_box: Box

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

    places: Places
    size: Size | None = None  # of the canvas; None for codes
    windows: Regions | None = None
    exact: bool = True
    wraps: Cyclic = (False, False)  # whether a window beyond the canvas goes on at the other edge, or into zeros

    @property
    def count(self) -> int:
        """How many rows are read."""
        return len(self.places.rows)

    @cached_property
    def sources(self) -> list[int]:
        """The buffers read from, each once."""
        found = set(self.places.buffers.tolist())
        if not self.exact:
            found |= set(self.places.base_buffers.tolist())
        return sorted(found - {NOWHERE})

    @cached_property
    def way(self) -> Literal["view", "same", "pick", "pieces", "tiles"]:
        """How it is done.

        A slice of one buffer, one row for all, rows of one buffer, runs of several, or windows cut out.
        """
        if not self.exact:
            return "tiles"
        if len(self.sources) > 1:
            return "pieces"
        rows = self.places.rows
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
        return replace(self, places=self.places.take(index), windows=windows)

    def runs(self) -> Iterator[Gather]:
        """Stretches of rows that stand in one buffer; of whole rows only."""
        borders = np.flatnonzero(np.diff(self.places.buffers)) + 1
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
        places = self.places
        fixed = (places.buffers, places.base_buffers, places.regions, places.base_regions, self.windows)
        breaks = np.zeros(self.count - 1, bool)
        for column in fixed:
            breaks |= np.diff(column, axis=0).reshape(len(breaks), -1).any(axis=1)
        for rows in (places.rows, places.base_rows):
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
        """Whether a row is read over its base, so that the order of copies matters."""
        return any(self._layers(start) == (True, True) for start, _ in self._stretches)

    @cached_property
    def view(self) -> Copy | None:
        """The one copy that is all there is, so that looking does instead."""
        copies = self.copies
        alone = len(copies) == 1 and copies[0].rows == (0, self.count) and copies[0].box == (0, 0, *self.tile)
        return copies[0] if alone else None

    def _layers(self, row: int) -> tuple[bool, bool]:
        """Whether the row's own tile, and its base, are read."""
        assert self.windows is not None
        assert self.size is not None
        own = self.places.buffers[row] != NOWHERE
        if self.places.base_buffers[row] == NOWHERE:
            return own, False
        wanted = clip(_region(self.windows, row), self.size, self.wraps)
        return own, not (own and covers(_region(self.places.regions, row), wanted, self.size, _ROUND))

    def _cuts(self, rows: tuple[int, int]) -> Iterator[Copy]:
        """The copies of a stretch of rows: what is read of the base, then what is read over it."""
        own, base = self._layers(rows[0])
        places = self.places
        if base:
            yield from self._cut(rows, places.base_buffers, places.base_rows, places.base_regions)
        if own:
            yield from self._cut(rows, places.buffers, places.rows, places.regions)

    def _cut(self, stretch: tuple[int, int], buffers: Index, rows: Index, regions: Regions) -> Iterator[Copy]:
        assert self.windows is not None
        assert self.size is not None
        first, last = stretch[0], stretch[1] - 1
        window, source = _region(self.windows, first), _region(regions, first)
        vertical = self._pieces(0, (window[0], window[2]), (source[0], source[2]))
        horizontal = self._pieces(1, (window[1], window[3]), (source[1], source[3]))
        for y, from_y, height in vertical:
            for x, from_x, width in horizontal:
                yield Copy(
                    stretch,
                    (y, x, y + height, x + width),
                    int(buffers[first]),
                    int(rows[first]),
                    repeats=bool(rows[first] == rows[last]),
                    source_box=(from_y, from_x, from_y + height, from_x + width),
                )

    def _pieces(self, axis: int, window: Span, source: Span) -> list[tuple[int, int, int]]:
        assert self.size is not None
        size = self.size[axis]
        start, stop = window if self.wraps[axis] else (max(window[0], 0), min(window[1], size))
        found = pieces((start, stop), source, size, _ROUND[axis])
        return [(into + start - window[0], out_of, count) for into, out_of, count in found]


def _region(regions: Regions, row: int) -> Region:
    top, left, bottom, right = regions[row].tolist()
    return (top, left, bottom, right)


def whole_regions(count: int, size: Size) -> Regions:
    """The whole canvas, for each of `count` rows."""
    return np.tile(np.array(whole(size), np.int64), (count, 1))
