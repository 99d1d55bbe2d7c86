"""Gathers: how a step reads rows of its operands from buffers, whole or as windows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from fgraph._cached import cached_property
from fgraph._geometry.regions import Cyclic, Region, Size, Span, area, pieces
from fgraph.ir.program import Index, Regions
from fgraph.ir.region_arrays import FEW
from fgraph.plan.locations import NO_BUFFER, Locations

Slices = tuple[slice, slice, slice, slice]  # rows, channels, lines, columns
ROUND: Cyclic = (True, True)  # regions of buffers may wrap; on an axis without wraps, this changes nothing


@dataclass(frozen=True)
class Copy:
    """A copy of pixels of consecutive rows from one buffer."""

    rows: tuple[int, int]  # range of rows of the result, half-open
    box: Region  # box of the result, within a tile
    buffer: int
    source_row: int
    repeats: bool  # whether all rows copy one source row, rather than consecutive ones
    source_box: Region

    def relocated(self, numbers: Mapping[int, int]) -> Copy:
        """Return the copy of the same pixels from another buffer, if `numbers` has one."""
        buffer = numbers.get(self.buffer, self.buffer)
        return Copy(self.rows, self.box, buffer, self.source_row, self.repeats, self.source_box)

    @property
    def source_rows(self) -> tuple[int, int]:
        """The rows of the buffer that are read, half-open."""
        count = 1 if self.repeats else self.rows[1] - self.rows[0]
        return self.source_row, self.source_row + count

    @cached_property
    def source(self) -> Slices:
        """The index of the pixels that are read, in the buffer."""
        return _slices(self.source_rows, self.source_box)

    @cached_property
    def target(self) -> Slices:
        """The index of the pixels that are written, in the result."""
        return _slices(self.rows, self.box)


@dataclass(frozen=True, eq=False)
class Gather:
    """The rows that a step reads on one port: windows of maps, or whole codes.

    `exact` means that every row is read exactly as it is in its buffer.
    """

    locations: Locations
    size: Size | None = None  # size of the canvas; None for codes
    windows: Regions | None = None
    exact: bool = True
    # for y and x, whether a window beyond the canvas continues at the opposite edge, rather than with zeros
    wraps: Cyclic = (False, False)
    origin: tuple[Gather, Mapping[int, int]] | None = None  # the gather that it relocates, and the buffers that differ

    @property
    def count(self) -> int:
        """The number of rows."""
        return len(self.locations.rows)

    @cached_property
    def sources(self) -> list[int]:
        """The buffers that are read, each once."""
        if not self.exact:
            return sorted({copy.buffer for copy in self.copies})
        return sorted(set(self.locations.buffers[:, 0].tolist()) - {NO_BUFFER})

    @cached_property
    def way(self) -> Literal["view", "same", "pick", "pieces", "tiles"]:
        """The way of reading.

        `view`: a slice of one buffer. `same`: one row for all. `pick`: rows of one buffer. `pieces`: runs of rows of
        several buffers. `tiles`: windows, assembled by `copies`.
        """
        if not self.exact:
            return "tiles"
        if len(self.sources) > 1:
            return "pieces"
        rows = self.locations.rows[:, 0]
        if len(rows) == 1 or bool((rows[1:] - rows[:-1] == 1).all()):
            return "view"
        return "same" if bool((rows == rows[0]).all()) else "pick"

    @property
    def copies_rows(self) -> bool:
        """True if reading copies rows, rather than views them in place."""
        if self.way == "tiles":
            return self.view is None
        return self.way in ("pick", "pieces")

    def relocated(self, numbers: Mapping[int, int]) -> Gather:
        """Return the gather that reads the same rows in other buffers; `numbers` maps the buffers that differ."""
        made = Gather(
            self.locations.relocated(numbers), self.size, self.windows, self.exact, self.wraps, (self, numbers)
        )
        made.__dict__["sources"] = sorted([numbers.get(one, one) for one in self.sources])
        return made

    def take(self, index: Index | slice) -> Gather:
        """Return the gather of some of the rows."""
        windows = None if self.windows is None else self.windows[index]
        return replace(self, locations=self.locations.take(index), windows=windows, origin=None)

    @cached_property
    def runs(self) -> tuple[Gather, ...]:
        """A gather for each run of rows in one buffer; only for whole rows."""
        borders = (np.flatnonzero(np.diff(self.locations.buffers[:, 0])) + 1).tolist()
        return tuple(self.take(slice(*one)) for one in pairwise([0, *borders, self.count]))

    @cached_property
    def tile(self) -> Size:
        """The height and width of the windows, which are all of one size."""
        assert self.windows is not None
        top, left, bottom, right = self.windows[0].tolist()
        return bottom - top, right - left

    @cached_property
    def copies(self) -> tuple[Copy, ...]:
        """The copies that fill the windows. Pixels without a copy are beyond a border, or nothing depends on them."""
        if self.origin is not None:  # many plans are discarded before they need the copies
            gather, numbers = self.origin
            return tuple(one.relocated(numbers) for one in gather.copies)
        return tuple(copy for rows in self._stretches for copy in self._cuts(rows))

    @cached_property
    def _stretches(self) -> list[tuple[int, int]]:
        """Runs of rows, half-open, with equal windows, regions and buffers, from one row or from consecutive rows."""
        assert self.windows is not None
        if self.count < 2:
            return [(0, self.count)] * self.count
        locations = self.locations
        if self.count <= FEW:
            return list(pairwise([0, *self._few_breaks(), self.count]))
        breaks = np.zeros(self.count - 1, bool)
        for column in (locations.buffers, locations.regions, self.windows):
            breaks |= np.diff(column, axis=0).reshape(len(breaks), -1).any(axis=1)
        for rows in locations.rows.T:
            stride = np.diff(rows)
            breaks |= (stride != 0) & (stride != 1)
            breaks[1:] |= (stride[1:] != stride[:-1]) & ~breaks[:-1]
        return list(pairwise([0, *(np.flatnonzero(breaks) + 1).tolist(), self.count]))

    def _few_breaks(self) -> Iterator[int]:
        """Yield the rows that begin a run, for few rows: the overhead of numpy calls would exceed the work."""
        assert self.windows is not None
        locations = self.locations
        sources = list(zip(locations.buffers.tolist(), locations.regions.tolist(), self.windows.tolist(), strict=True))
        breaks = [sources[row] != sources[row - 1] for row in range(1, len(sources))]
        for rows in locations.rows.T.tolist():
            strides = [after - row for row, after in pairwise(rows)]
            breaks = [found or stride not in (0, 1) for found, stride in zip(breaks, strides, strict=True)]
            changes = [False, *(strides[at] != strides[at - 1] and not breaks[at - 1] for at in range(1, len(strides)))]
            breaks = [found or change for found, change in zip(breaks, changes, strict=True)]
        return (row for row, found in enumerate(breaks, 1) if found)

    @cached_property
    def is_filled(self) -> bool:
        """True if copies fill every pixel of every window."""
        assert self.windows is not None
        tile = self.tile
        reached = sum((copy.rows[1] - copy.rows[0]) * area(copy.box) for copy in self.copies)
        return not self.is_layered and reached == self.count * tile[0] * tile[1]

    @cached_property
    def is_layered(self) -> bool:
        """True if a row is read in several layers, so that the order of copies matters."""
        return bool(((self.locations.buffers != NO_BUFFER).sum(axis=1) > 1).any())

    @cached_property
    def view(self) -> Copy | None:
        """The only copy, if it fills all windows: a view then replaces it. Otherwise None."""
        copies = self.copies
        alone = len(copies) == 1 and copies[0].rows == (0, self.count) and copies[0].box == (0, 0, *self.tile)
        return copies[0] if alone else None

    def _cuts(self, rows: tuple[int, int]) -> Iterator[Copy]:
        """Yield the copies of a run of rows, the lowest layer first."""
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


def _slices(rows: tuple[int, int], box: Region) -> Slices:
    return slice(*rows), slice(None), slice(box[0], box[2]), slice(box[1], box[3])
