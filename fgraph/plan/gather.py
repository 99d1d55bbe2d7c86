"""How a step reads its operands: rows of buffers, whole or as windows, each perhaps laid over a base row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from fgraph.ir.program import Index, Regions, as_index
from fgraph.ir.regions import Cyclic, Region, Size, area, clip, covers, pieces, whole

Box = tuple[int, int, int, int]  # top, left, bottom, right within a tile
NOWHERE = -1


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
        return Places(*(getattr(self, name)[index] for name in _COLUMNS))

    @staticmethod
    def joined(parts: Sequence[Places]) -> Places:
        """Places laid end to end."""
        return Places(*(np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS))


_COLUMNS = ("buffers", "rows", "regions", "base_buffers", "base_rows", "base_regions")


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
    cyclic: Cyclic = (False, False)
    windows: Regions | None = None
    exact: bool = True

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
        return Gather(self.places.take(index), self.size, self.cyclic, windows, self.exact)

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
        found: list[Copy] = []
        for row in range(self.count):
            for copy in self._row_copies(row):
                if not _extend(found, copy):
                    found.append(copy)
        return tuple(found)

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
        return any(self._layers(row) == (True, True) for row in range(self.count))

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
        wanted = clip(_region(self.windows, row), self.size, self.cyclic)
        return own, not (own and covers(_region(self.places.regions, row), wanted, self.size, self.cyclic))

    def _row_copies(self, row: int) -> Iterator[Copy]:
        own, base = self._layers(row)
        if base:
            yield from self._cut(row, self.places.base_buffers, self.places.base_rows, self.places.base_regions)
        if own:
            yield from self._cut(row, self.places.buffers, self.places.rows, self.places.regions)

    def _cut(self, row: int, buffers: Index, rows: Index, regions: Regions) -> Iterator[Copy]:
        assert self.windows is not None
        assert self.size is not None
        window, source = _region(self.windows, row), _region(regions, row)
        vertical = pieces((window[0], window[2]), (source[0], source[2]), self.size[0], self.cyclic[0])
        horizontal = pieces((window[1], window[3]), (source[1], source[3]), self.size[1], self.cyclic[1])
        for y, from_y, height in vertical:
            for x, from_x, width in horizontal:
                yield Copy(
                    (row, row + 1),
                    (y, x, y + height, x + width),
                    int(buffers[row]),
                    int(rows[row]),
                    repeats=True,
                    source_box=(from_y, from_x, from_y + height, from_x + width),
                )


def _region(regions: Regions, row: int) -> Region:
    top, left, bottom, right = regions[row].tolist()
    return (top, left, bottom, right)


def _extend(found: list[Copy], copy: Copy) -> bool:
    """Lengthen a copy of the row before by this one, where they are alike; whether that was done."""
    for place in range(len(found) - 1, max(-1, len(found) - 5), -1):
        last = found[place]
        alike = (last.rows[1], last.box, last.buffer, last.source_box) == (
            copy.rows[0], copy.box, copy.buffer, copy.source_box,
        )  # fmt: skip
        if not alike or not _after_is_free(found, place, last):
            continue
        count = last.rows[1] - last.rows[0]
        repeats = copy.source_row == last.source_row and (last.repeats or count == 1)
        follows = copy.source_row == last.source_row + count and (not last.repeats or count == 1)
        if repeats or follows:
            found[place] = Copy(
                (last.rows[0], copy.rows[1]), last.box, last.buffer, last.source_row, repeats, last.source_box
            )
            return True
    return False


def _after_is_free(found: list[Copy], place: int, last: Copy) -> bool:
    """Whether no later copy overlaps this box: the order of layers must stay."""
    return all(not _overlap(other.box, last.box) for other in found[place + 1 :])


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def whole_regions(count: int, size: Size) -> Regions:
    """The whole canvas, for each of `count` rows."""
    return np.tile(np.array(whole(size), np.int64), (count, 1))
