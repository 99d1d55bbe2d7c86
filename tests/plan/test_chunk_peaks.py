"""The peak of a chunk that is built alone bounds its peak among all chunks from below, and decides which are cut."""

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
from tests.networks import tiny
from tests.plan.copies import contents_of, free_copies
from tests.plan.graphs import mosaic, panorama


@pytest.mark.parametrize("graph", [panorama(6), mosaic(8, "x"), mosaic(8, "none")])
def test_a_chunk_alone_has_the_peak_that_it_has_among_all(graph: dict[str, Any]) -> None:
    """Without retention, and with one tensor of codes, which all chunks read."""
    alone, among_all = peaks_of(graph)
    assert alone == among_all


def test_codes_that_only_other_chunks_read_do_not_count() -> None:
    graph = {
        "models": {"main": tiny(0, 32), "second": tiny(1, 32)},
        "nodes": {
            "a": {"op": "sample", "seed": 1, "count": 2},
            "b": {"op": "sample", "seed": 2, "count": 2, "model": "second"},
            "one": {"op": "decode", "of": "a"},
            "other": {"op": "decode", "of": "b"},
        },
        "outputs": ["one", "other"],
    }
    alone, among_all = peaks_of(graph)
    # the chunks of the first model, which run first, hold the codes of the second model for later chunks
    assert [peak < bound for peak, bound in zip(alone, among_all, strict=True)] == [True, True, False, False]
    assert alone[2:] == among_all[2:]


def peaks_of(graph: dict[str, Any]) -> tuple[list[int], list[int]]:
    """Return the peaks of all chunks of two tiles, each built alone, and among all."""
    plan = fgraph.compile(graph, device="cpu")
    wanted = [latent_tiles(plan.program), *map(merge_adjacent, into_chunks(output_tiles_of(plan.program), 2))]
    bounds = infer_bounds(plan.program, wanted, cost_model=plan.cost_model)
    work = build_chunks(plan.program, wanted, bounds)
    peaks = ChunkPeaks(plan.program, wanted, bounds, ChunkTemplates(plan.program))
    assert sorted(chunk for group in peaks.groups for chunk in group) == list(range(1, len(wanted)))
    return [peaks.of(chunk) for chunk in range(1, len(wanted))], work.peaks[1:]


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
