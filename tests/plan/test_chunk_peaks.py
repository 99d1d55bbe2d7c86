"""The peak of a chunk that is built alone is its peak among all chunks, and chunks that are too large are cut by it."""

from __future__ import annotations

from typing import Any

import pytest

import fgraph
from fgraph.analysis import infer_bounds
from fgraph.plan import chunks
from fgraph.plan.chunk_peaks import ChunkPeaks
from fgraph.plan.chunk_templates import ChunkTemplates
from fgraph.plan.chunked_steps import ChunkedSteps, build_chunks
from fgraph.plan.output_tiles import into_chunks, latent_tiles, merge_adjacent, output_tiles_of
from tests.plan.copies import contents_of, free_copies
from tests.plan.graphs import mosaic, panorama


@pytest.mark.parametrize("graph", [panorama(6), mosaic(8, "x"), mosaic(8, "none")])
def test_a_chunk_alone_has_the_peak_that_it_has_among_all(graph: dict[str, Any]) -> None:
    plan = fgraph.compile(graph, device="cpu")
    wanted = [latent_tiles(plan.program), *map(merge_adjacent, into_chunks(output_tiles_of(plan.program), 2))]
    bounds = infer_bounds(plan.program, wanted, cost_model=plan.cost_model)
    work = build_chunks(plan.program, wanted, bounds)
    peaks = ChunkPeaks(plan.program, wanted, bounds, ChunkTemplates(plan.program))
    assert sorted(chunk for group in peaks.groups for chunk in group) == list(range(1, len(wanted)))
    assert [peaks.of(chunk) for chunk in range(1, len(wanted))] == work.peaks[1:]


def test_chunks_that_are_too_large_are_cut_before_all_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = free_copies(fgraph.compile(panorama(24), device="cpu"))
    built: list[int] = []

    def count(*arguments: Any) -> ChunkedSteps:
        work = build_chunks(*arguments)
        built.append(work.chunks)
        return work

    monkeypatch.setattr(chunks, "build_chunks", count)
    budgets = [whole.cost.peak_bytes // parts for parts in range(8, 20)]
    plans = [contents_of(whole.within(budget)) for budget in budgets]
    few = sum(built)
    built.clear()
    monkeypatch.setattr(chunks._Search, "_too_large", lambda *arguments: (set(), 0))
    assert [contents_of(whole.within(budget)) for budget in budgets] == plans
    assert few < sum(built)
