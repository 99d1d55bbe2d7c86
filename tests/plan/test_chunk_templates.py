"""Chunk templates: steps that are relocated equal those that are built."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import fgraph
from fgraph.analysis import infer_bounds
from fgraph.ir.program import Program
from fgraph.plan.chunk_templates import ChunkTemplates
from fgraph.plan.chunked_steps import ChunkedSteps, build_chunks
from fgraph.plan.output_tiles import halve, into_chunks, latent_tiles, merge_adjacent, output_tiles_of
from fgraph.plan.structures import result_key, step_key
from tests.examples import thoroughly
from tests.plan.copies import free_copies
from tests.plan.graphs import local_edit, mosaic, panorama
from tests.strategies import graphs, load
from tests.strategies_stylegan3 import stylegan3_graphs


def contents(work: ChunkedSteps) -> list[Hashable]:
    """Return everything that a run and the cost of a plan depend on."""
    steps = [
        (step_key(step), step.key, step.params, step.source_locations.tobytes(), step.workspace, step.flops)
        for step in work.steps
    ]
    copies = [
        [gather.copies if gather.way == "tiles" else gather.sources for gather in one.inputs] for one in work.steps
    ]
    return [steps, copies, [*map(result_key, work.results)], work.peaks, work.retained_bytes]


def shapes_and_chunks(program: Program, size: int, budget: float, cost_model: Any) -> tuple[int, int]:
    """Compare all steps with and without templates; return the numbers of different shapes and of chunks."""
    chunks = into_chunks(output_tiles_of(program), size)
    templates = ChunkTemplates(program)
    found = 0
    for parts in (chunks, chunks, [*halve(chunks[0]), *chunks[1:]] if chunks and len(chunks[0]) > 1 else chunks):
        wanted = [latent_tiles(program), *map(merge_adjacent, parts)]
        bounds = infer_bounds(program, wanted, budget, cost_model)
        assert contents(build_chunks(program, wanted, bounds, templates)) == contents(
            build_chunks(program, wanted, bounds)
        )
        found = found or len(templates.known)
    return found, len(chunks)


def test_a_long_panorama_has_few_shapes_of_chunks() -> None:
    plan = free_copies(fgraph.compile(panorama(40), device="cpu"))
    shapes, chunks = shapes_and_chunks(plan.program, 2, plan.cost.peak_bytes, plan.cost_model)
    assert chunks == 40
    assert shapes < chunks / 2
    longer = fgraph.compile(panorama(80), device="cpu").program
    assert shapes_and_chunks(longer, 2, plan.cost.peak_bytes, plan.cost_model) == (shapes, 80)


def test_edits_and_mosaics_are_the_same_with_templates() -> None:
    strengths = [local_edit(alpha / 8) for alpha in range(1, 9)]
    for document in (strengths, mosaic(8, "x"), mosaic(8, "none")):
        plan = free_copies(fgraph.compile(document, device="cpu"))
        for budget in (0, plan.cost.peak_bytes):
            shapes_and_chunks(plan.program, 2, budget, plan.cost_model)


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
    assert sum(chunks > 1 for chunks in compared) >= len(compared) / 4
