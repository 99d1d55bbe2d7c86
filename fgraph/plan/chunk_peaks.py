"""The peaks of single chunks: a chunk is built alone, and what earlier chunks retain for it is assumed.

A search for chunks that fit thus rejects or cuts chunks before it builds all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fgraph._cached import cached_property
from fgraph.analysis import Bounds, ChunkOutputs, Retained
from fgraph.ir.program import Program
from fgraph.ir.region_arrays import areas
from fgraph.plan.build import StepBuilder
from fgraph.plan.chunk_templates import ChunkTemplates
from fgraph.plan.cost import bytes_in_use
from fgraph.plan.last_uses import buffers_read, with_last_uses


class ChunkPeaks:
    """The peaks of the chunks within the bounds of a program.

    Args:
        program: the program.
        wanted: the output tiles of each chunk. The first chunk computes the codes.
        bounds: the bounds of these chunks.
        templates: the templates of the program so far.
    """

    def __init__(
        self, program: Program, wanted: Sequence[ChunkOutputs], bounds: Bounds, templates: ChunkTemplates
    ) -> None:
        self._program = program
        self._wanted = wanted
        self._bounds = bounds
        self._templates = templates
        self._unread: set[Retained] = set()  # parts that one of their readers does not read: its own tiles cover them

    @cached_property
    def groups(self) -> list[list[int]]:
        """The numbers of the chunks, grouped by the bytes that they compute and find; the most bytes first.

        Chunks of one group almost always have the same peak. The chunk of the codes is left out.
        """
        found = self._bounds.retained_bytes.copy()
        for one, instruction in zip(self._bounds.values, self._program.instructions, strict=True):
            if instruction.type.spatial:
                weights = 4.0 * instruction.type.shape[0] * areas(one.regions)
                found += np.bincount(one.chunks, weights, minlength=len(self._wanted))
        groups: dict[float, list[int]] = {}
        for chunk, count in enumerate(found.tolist()[1:], 1):
            groups.setdefault(count, []).append(chunk)
        return [groups[count] for count in sorted(groups, reverse=True)]

    def estimate(self, chunk: int) -> int:
        """Return the peak of a chunk in bytes if all that it finds stays, and it leaves nothing for later chunks."""
        return self._peak(chunk, lambda part: part.chunk < chunk)

    def of(self, chunk: int) -> int:
        """Return the peak of a chunk in bytes.

        Without retention, it is at most the peak in the whole plan: codes that only other chunks read do not count.
        Parts that share a buffer are assumed to be freed one by one. What the chunk
        leaves for others counts, unless a chunk that was asked for earlier does not read it.
        """
        return self._peak(chunk, lambda part: part.last > chunk and part not in self._unread)

    def _peak(self, chunk: int, stays: Callable[[Retained], bool]) -> int:
        """Return the peak of a chunk in bytes if some retained parts stay until its end."""
        builder = StepBuilder(self._program, self._bounds, self._templates)
        steps = [*builder.chunk(0), *builder.assumed_parts(chunk)]
        steps += builder.chunk(chunk)
        results = list(builder.results(self._wanted[chunk]))
        read = buffers_read(steps, results)
        pieces = [(one.retained, one.place[0]) for one in builder.buffer_map.retained]
        self._unread |= {part for part, buffer in pieces if chunk in part.readers and buffer not in read}
        kept = {buffer for part, buffer in pieces if stays(part)}
        return max(bytes_in_use(with_last_uses(steps, results, kept), results))
