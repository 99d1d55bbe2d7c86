"""Chunks: splitting a program by its outputs so that it fits a memory budget.

A chunk computes a part of the outputs. A separate first chunk computes the codes, once. If two chunks need the same
part of a layer, either the first retains it for the second, or both compute it, whichever costs less. So a canvas of
any length runs in bounded memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from fgraph._cached import cached_property
from fgraph._collector import paused_collector
from fgraph._errors import MemoryBudgetError
from fgraph._geometry.regions import area
from fgraph._sizes import in_words
from fgraph.analysis import Bounds, BoundsMemo, ChunkOutputs, OutputTile, infer_bounds
from fgraph.ir.costs import DEFAULT_COSTS, CostModel
from fgraph.ir.program import Program
from fgraph.plan.chunk_peaks import ChunkPeaks
from fgraph.plan.chunk_templates import ChunkTemplates
from fgraph.plan.chunked_steps import ChunkedSteps, build_chunks
from fgraph.plan.cost import bounded_flops, fewest_calls
from fgraph.plan.output_tiles import halve, into_chunks, latent_tiles, merge_adjacent, output_tiles_of

RETENTION_SHARES = (0.5, 0.2)  # shares of the budget for retained values; no retention is tried last
_FEW = 4  # if at most one in this many chunks exceeds the budget, these chunks are cut in two
_MANY = 64  # if there are at least four times this many chunks, this many are tried first
_TRIED = 3  # groups of chunks that are tried alone, those that compute most
_SURELY = 1.2  # an estimate above this multiple of the budget is trusted, although it counts overlaps of a row twice
_HOPELESS = 2  # if the narrowest chunk needs more than this multiple of the budget, the search does not start


@paused_collector()
def split_into_chunks(
    program: Program,
    memory: int | None,
    cost_model: CostModel = DEFAULT_COSTS,
    shares: Sequence[float] = RETENTION_SHARES,
    peak: int | None = None,
) -> ChunkedSteps:
    """Return the steps and results of a program, in as few chunks as fit `memory` bytes.

    Args:
        program: the program to cut.
        memory: the budget in bytes; None: no limit.
        cost_model: the costs of calls and copies.
        shares: shares of the budget for retained values. The search tries each share, then no retention if that could
            cost less. It returns the cheapest plan.
        peak: the bytes that the program needs in one chunk, more than `memory`, if they are known.

    Raises:
        MemoryBudgetError: the narrowest chunks are still too large; the message says how large.
    """
    if memory is None or peak is None:
        work = build_chunks(program, [None], infer_bounds(program, cost_model=cost_model))
        peak = max(work.peaks)
        if memory is None or peak <= memory:
            return work
    return _split(_Search(program, memory, peak, cost_model), shares)


def _split(search: _Search, shares: Sequence[float]) -> ChunkedSteps:
    memory = search.memory
    if search.codes > memory:
        raise MemoryBudgetError(f"the codes alone need {_with_budget(search.codes, memory)}", needed=search.codes)
    if search.peak > _HOPELESS * memory and search.least > _HOPELESS * memory:  # the least peak is far too large
        raise _too_large(search, search.least)
    candidates: list[ChunkedSteps] = []
    for budget in shares:
        if candidates and candidates[-1].retained_bytes <= budget * memory:
            continue  # a smaller share gives the same result
        found = search.run(budget * memory)
        if isinstance(found, ChunkedSteps):
            candidates.append(found)
            if not found.retained_bytes or found.flops <= search.fewest_flops:
                return found  # no retention cannot cost less
    plain = search.run(0, alternatives=candidates)
    if isinstance(plain, ChunkedSteps):
        return min([plain, *(one for one in candidates if one.flops <= plain.flops)], key=search.cost)
    if candidates:
        return min(candidates, key=search.cost)
    raise _too_large(search, plain)


def _too_large(search: _Search, least: int) -> MemoryBudgetError:
    if search.tiles <= 1:
        message = f"the plan cannot be cut into chunks, and needs {_with_budget(least, search.memory)}"
        return MemoryBudgetError(message, needed=search.peak)
    return MemoryBudgetError(
        f"the plan needs {in_words(search.peak)} in one piece; cut into {search.tiles} chunks, the most possible, "
        f"it still needs {_with_budget(least, search.memory)}",
        needed=min(least, search.peak),
    )


def _with_budget(needed: int, memory: int) -> str:
    """Return the needed bytes and the budget in words: in MiB or KiB, or in bytes if they would look equal."""
    words = in_words(needed), in_words(memory)
    if words[0] == words[1]:
        words = f"{needed:,} bytes", f"{memory:,}"
    return "{}; the budget is {}".format(*words)


class _Search:
    """A search for the fewest chunks that fit.

    Args:
        program: the program to split.
        memory: the budget of each chunk, in bytes.
        peak: the peak of the program in one chunk, in bytes.
        cost_model: the costs of calls and copies.
    """

    def __init__(self, program: Program, memory: int, peak: int, cost_model: CostModel) -> None:
        self.memory = memory
        self.peak = peak
        self._program = program
        self._cost_model = cost_model
        self._memo = BoundsMemo(program, cost_model)
        self._templates = ChunkTemplates(program)
        self._rows = output_tiles_of(program)
        self.tiles = sum(map(len, self._rows))
        self.codes = self._alone([])
        self._first = ceil(self.tiles / max(2, ceil(peak / memory)))  # tiles in a chunk

    @cached_property
    def least(self) -> int:
        """The peak of a chunk of one large tile, without retention."""
        if not self._rows:
            return self.codes
        tiles = max(self._rows, key=lambda tiles: area(tiles[0][2]))
        return self._alone([[tiles[len(tiles) // 2]]])

    @property
    def fewest_flops(self) -> float:
        """The FLOPs of the fewest chunks that could fit, without retention."""
        wanted = self._wanted(into_chunks(self._rows, self._first))
        return bounded_flops(self._program, self._bounds(wanted))

    def cost(self, work: ChunkedSteps) -> float:
        """Return the cost of steps, in FLOPs."""
        return work.flops + self._cost_model.call * work.calls

    def run(self, budget: float, alternatives: Sequence[ChunkedSteps] = ()) -> ChunkedSteps | int:
        """Return steps that fit, with at most `budget` bytes retained between chunks; otherwise the least peak found.

        Args:
            budget: the most bytes that may be retained.
            alternatives: other steps that fit. If the new steps would cost more than one of these, they are not built,
                and a peak that fits is returned.
        """
        if not self.tiles:
            return self.codes  # there is nothing to split
        size, before = self._first, list[list[OutputTile]]()
        found: ChunkedSteps | int = self.peak
        while True:
            chunks = into_chunks(self._rows, size)
            if chunks != before:
                found = self._fit(chunks, budget, alternatives)
            before = chunks
            if isinstance(found, ChunkedSteps) or size == 1 or found <= self.memory:
                return found
            size = self._smaller(size, found)

    def _smaller(self, size: int, peak: int) -> int:
        """Return a smaller number of tiles for a chunk, given the peak of chunks of `size` tiles."""
        tile_bytes = (self.peak - peak) / max(1, self.tiles - size)  # that a tile adds; the rest is constant
        estimate = size - ceil((peak - self.memory) / tile_bytes) if tile_bytes > 0 else 0
        return max(1, size // 2, min(estimate, size - 1))

    def _fit(
        self, chunks: list[list[OutputTile]], budget: float, alternatives: Sequence[ChunkedSteps] = ()
    ) -> ChunkedSteps | int:
        """Return the steps of these chunks. A few chunks that are too large are cut in two.

        If many chunks are too large, return the peak. If the chunks cost more than `alternatives`, return the peak or
        the budget, whichever is less. Of very many chunks, the first ones are tried alone: if they are too large, all
        chunks are.
        """
        if len(chunks) >= 4 * _MANY:
            first = self._fit(chunks[:_MANY], budget)
            if not isinstance(first, ChunkedSteps):
                return first
        wanted = self._wanted(chunks)
        bounds = self._bounds(wanted, budget)
        peaks = ChunkPeaks(self._program, wanted, bounds, self._templates)
        peak = peaks.estimate(peaks.groups[0][0])
        row_by_row = len(chunks) == len(self._rows)  # smaller chunks would cut rows, and compute many pixels twice
        if peak > (_SURELY if row_by_row else 1) * self.memory:
            return peak
        if alternatives and self._costs_more(bounds, alternatives):
            return min(peak, self.memory)
        are_cut = len(chunks) > len(self._rows)  # of whole rows with bases, peaks would count parts that nobody reads
        while True:
            large, peak = self._too_large(peaks, len(chunks)) if are_cut else (set[int](), 0)
            if not large:
                work = build_chunks(self._program, wanted, bounds, self._templates)
                peak = max(work.peaks)
                if peak <= self.memory:
                    return work
                large = {chunk for chunk, peak in enumerate(work.peaks[1:], 1) if peak > self.memory}
            if _FEW * len(large) > len(chunks) or any(len(chunks[chunk - 1]) == 1 for chunk in large) or not large:
                return peak
            cut = [halve(one) if chunk in large else [one] for chunk, one in enumerate(chunks, 1)]
            chunks = [one for parts in cut for one in parts]
            wanted = self._wanted(chunks)
            bounds = self._bounds(wanted, budget)
            peaks = ChunkPeaks(self._program, wanted, bounds, self._templates)

    def _too_large(self, peaks: ChunkPeaks, count: int) -> tuple[set[int], int]:
        """Return the chunks that are too large, and the highest peak, from the peaks of those that compute most.

        The chunk that makes the rows that others share computes much: chunks that read them are tried before. If more
        than a few of the `count` chunks are too large, the others are not tried.
        """
        highest, large = 0, set[int]()
        for place, group in enumerate([*reversed(peaks.groups[:_TRIED]), *peaks.groups[_TRIED:]], 1):
            peak = peaks.of(group[0])
            highest = max(highest, peak)
            if peak > self.memory:
                large.update(group)
            if place >= _TRIED and (peak <= self.memory or _FEW * len(large) > count):
                break
        return large, highest

    def _costs_more(self, bounds: Bounds, alternatives: Sequence[ChunkedSteps]) -> bool:
        """Return whether steps within these bounds take more FLOPs than all others, and cost more than one of them."""
        flops = bounded_flops(self._program, bounds)
        if flops < max(one.flops for one in alternatives):
            return False
        calls = fewest_calls(self._program, bounds)
        return flops + self._cost_model.call * calls > min(map(self.cost, alternatives))

    def _alone(self, chunks: Sequence[Sequence[OutputTile]]) -> int:
        """Return the peak of these chunks, without retention."""
        wanted = self._wanted(chunks)
        return max(build_chunks(self._program, wanted, self._bounds(wanted), self._templates).peaks)

    def _bounds(self, wanted: Sequence[ChunkOutputs], budget: float = 0) -> Bounds:
        return infer_bounds(self._program, wanted, budget, self._cost_model, self._memo)

    def _wanted(self, chunks: Sequence[Sequence[OutputTile]]) -> list[list[OutputTile]]:
        """Return the output tiles of each chunk. The first chunk computes the codes."""
        return [latent_tiles(self._program), *map(merge_adjacent, chunks)]
