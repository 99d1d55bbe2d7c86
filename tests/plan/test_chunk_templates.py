"""Chunk templates: steps that are relocated equal those that are built."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgraph
from fgraph.analysis import Bounds, ChunkOutputs, infer_bounds
from fgraph.ir.program import Program
from fgraph.plan import chunks
from fgraph.plan.chunk_templates import ChunkTemplates
from fgraph.plan.chunked_steps import build_chunks
from fgraph.plan.output_tiles import halve, into_chunks, latent_tiles, merge_adjacent, output_tiles_of
from tests.examples import thoroughly
from tests.plan.copies import contents_of, free_copies
from tests.plan.graphs import local_edit, mosaic, panorama
from tests.strategies import graphs, load
from tests.strategies_stylegan3 import stylegan3_graphs


def shapes_and_chunks(program: Program, size: int, budget: float, cost_model: Any) -> tuple[int, int]:
    """Compare all steps with and without templates; return the numbers of different shapes and of chunks."""
    cut = into_chunks(output_tiles_of(program), size)
    templates = ChunkTemplates(program)
    found = 0
    others = [[*halve(cut[0]), *cut[1:]]] if cut and len(cut[0]) > 1 else []
    for parts in (cut, *others):
        wanted = [latent_tiles(program), *map(merge_adjacent, parts)]
        bounds = infer_bounds(program, wanted, budget, cost_model)
        built = contents_of(build_chunks(program, wanted, bounds))
        for _ in range(2):  # with the templates of these chunks, the second time
            assert contents_of(build_chunks(program, wanted, bounds, templates)) == built
        found = found or len(templates.known)
    return found, len(cut)


def test_a_long_panorama_has_few_shapes_of_chunks() -> None:
    plan = free_copies(fgraph.compile(panorama(14), device="cpu"))
    shapes, count = shapes_and_chunks(plan.program, 2, plan.cost.peak_bytes, plan.cost_model)
    assert count == 14
    assert shapes < count / 2
    longer = fgraph.compile(panorama(28), device="cpu").program
    assert shapes_and_chunks(longer, 2, plan.cost.peak_bytes, plan.cost_model) == (shapes, 28)


def test_edits_and_mosaics_are_the_same_with_templates() -> None:
    strengths = [local_edit(alpha / 8) for alpha in range(1, 9)]
    for document in (strengths, mosaic(8, "x"), mosaic(8, "none")):
        plan = free_copies(fgraph.compile(document, device="cpu"))
        for budget in (0, plan.cost.peak_bytes):
            shapes_and_chunks(plan.program, 2, budget, plan.cost_model)


def test_the_first_chunks_decide_whether_all_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fgraph.compile(panorama(40), device="cpu")
    budget = whole.cost.peak_bytes // 16
    plan = whole.within(budget)
    counts: list[int] = []

    def count(program: Program, wanted: Sequence[ChunkOutputs], *others: Any) -> Bounds:
        counts.append(len(wanted) - 1)
        return infer_bounds(program, wanted, *others)

    monkeypatch.setattr(chunks, "_MANY", 2)
    monkeypatch.setattr(chunks, "infer_bounds", count)
    again = whole.within(budget)
    assert {2, again.chunks} < set(counts)
    assert contents_of(again) == contents_of(plan)


SWEEPS = (
    st.one_of(graphs(), graphs(), stylegan3_graphs()),
    st.lists(st.integers(0, 9), max_size=3),
    st.integers(1, 4),
)


def test_relocated_steps_equal_those_that_are_built() -> None:
    compared: list[int] = []

    @thoroughly(30)
    @given(*SWEEPS)
    def agree(document: dict[str, Any], seeds: list[int], size: int) -> None:
        documents = [document, *(document | {"seed": seed} for seed in seeds)]
        plan = free_copies(fgraph.compile([load(one) for one in documents], device="cpu"))
        compared.append(shapes_and_chunks(plan.program, size, plan.cost.peak_bytes, plan.cost_model)[1])

    agree()
    assert sum(count > 1 for count in compared) >= len(compared) / 4
