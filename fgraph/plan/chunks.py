"""Cutting the work so that it fits a memory budget: output tile by output tile, codes made once.

A chunk is the program with only a part of the outputs wanted. What two chunks both need of a layer is kept from one to
the other, or computed by both, whichever costs less. So a canvas of any length runs in bounded memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from fgraph._errors import MemoryBudgetError
from fgraph._sizes import in_words
from fgraph.ir.program import Program
from fgraph.passes import Cell, find_regions
from fgraph.plan.cells import cells_of, chunks_of, codes_of, halved, joined
from fgraph.plan.cost import demand_flops
from fgraph.plan.work import Work, guess_peak, make_work

ROOMS = (0.5, 0.2)  # shares of the memory, for what is kept between chunks, that are tried before none
_CALL = 50e6  # FLOPs in the time that a call takes, however little it does
_FEW = 4  # one in so many chunks may turn out too large, and is cut in two


def cut_work(program: Program, memory: int | None, rooms: Sequence[float] = ROOMS) -> Work:
    """The steps and results of a program, in as few chunks as fit `memory` bytes.

    Args:
        program: what is cut.
        memory: the bytes that it may need; None: any number.
        rooms: how much of the memory may hold what is kept between chunks; of several the best is found. That it be
            none is tried anyway, unless it could not be better.

    Raises:
        MemoryBudgetError: the narrowest chunks are still too large; the message says how large.
    """
    work = make_work(program, [None], find_regions(program))
    peak = max(work.peaks)
    if memory is None or peak <= memory:
        return work
    search = _Search(program, memory, peak)
    kept: list[Work] = []
    for room in rooms:
        if kept and kept[-1].kept_bytes <= room * memory:
            continue  # it had no need of more
        found = search.run(room * memory)
        if isinstance(found, Work):
            kept.append(found)
            if not found.kept_bytes or found.flops <= search.fewest_flops:
                return found  # keeping nothing would not cost less
    plain = search.run(0)
    if isinstance(plain, Work):
        return min([plain, *(one for one in kept if one.flops <= plain.flops)], key=_cost)
    if kept:
        return min(kept, key=_cost)
    raise MemoryBudgetError(
        f"the work needs {in_words(peak)} at once, and still {in_words(plain)} when it is cut into "
        f"{search.cells} chunks, the most there can be; the budget is {in_words(memory)}"
    )


def _cost(work: Work) -> float:
    return work.flops + _CALL * work.calls


class _Search:
    """The search for the fewest chunks that fit.

    Args:
        program: what is cut.
        memory: the bytes that each chunk may need.
        peak: what all of it needs at once.
    """

    def __init__(self, program: Program, memory: int, peak: int) -> None:
        self._program = program
        self._memory = memory
        self._peak = peak
        self._rows = cells_of(program)
        self.cells = sum(map(len, self._rows))
        self._codes = max(make_work(program, self._wanted([]), find_regions(program, self._wanted([]))).peaks)
        self._first = ceil(self.cells / max(2, ceil(peak / memory)))  # cells of a chunk

    @property
    def fewest_flops(self) -> float:
        """The FLOPs of the fewest chunks that could fit, where nothing is kept between them."""
        wanted = self._wanted(chunks_of(self._rows, self._first))
        return demand_flops(self._program, find_regions(self._program, wanted))

    def run(self, room: float) -> Work | int:
        """The work that fits, where up to `room` bytes are kept between chunks; else the least peak that was found."""
        if self._codes > self._memory or not self.cells:
            return self._codes  # there is nothing to cut
        size = self._first
        while True:
            found = self._fit(chunks_of(self._rows, size), room)
            if isinstance(found, Work) or size == 1:
                return found
            size = self._smaller(size, found)

    def _smaller(self, size: int, peak: int) -> int:
        """How many cells a chunk should have, where those of `size` have that peak."""
        each = (self._peak - peak) / max(1, self.cells - size)  # what a cell adds; the rest is a floor
        guess = size - ceil((peak - self._memory) / each) if each > 0 else 0
        return max(1, size // 2, min(guess, size - 1))

    def _fit(self, chunks: list[list[Cell]], room: float) -> Work | int:
        """The work in these chunks, the few that are too large cut in two; or how large it is."""
        demand = find_regions(self._program, self._wanted(chunks), room)
        peak = guess_peak(self._program, self._wanted(chunks), demand)
        if peak > self._memory:
            return peak
        while True:
            work = make_work(self._program, self._wanted(chunks), demand)
            large = {chunk for chunk, peak in enumerate(work.peaks[1:]) if peak > self._memory}
            if max(work.peaks) <= self._memory:
                return work
            if _FEW * len(large) > len(chunks) or any(len(chunks[chunk]) == 1 for chunk in large) or not large:
                return max(work.peaks)
            cut = [halved(one) if chunk in large else [one] for chunk, one in enumerate(chunks)]
            chunks = [one for parts in cut for one in parts]
            demand = find_regions(self._program, self._wanted(chunks), room)

    def _wanted(self, chunks: Sequence[Sequence[Cell]]) -> list[list[Cell]]:
        """What each chunk wants, that of the codes first."""
        return [codes_of(self._program), *map(joined, chunks)]
