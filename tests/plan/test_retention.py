"""Retention between chunks: shared values are computed once, results are equal, and no plan costs more by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

import fgraph
from fgraph.analysis import infer_bounds, repeated_flops
from fgraph.ir.costs import CostModel
from fgraph.ir.ops import Spill
from fgraph.plan import Plan
from fgraph.plan.chunks import split_into_chunks
from fgraph.plan.drawing_groups import group_steps
from fgraph.plan.output_tiles import halve, into_chunks, latent_tiles, merge_adjacent, output_tiles_of
from fgraph.plan.plan import _parts
from tests.engine.comparing import STYLEGAN3_TERMS, assert_close, assert_equal
from tests.examples import assert_often_cut, cut_into, drawn, noting
from tests.networks import tiny
from tests.plan.copies import free_copies
from tests.plan.counting import Counted, assert_as_predicted, assert_freed_in_time, rows_by_layer
from tests.plan.graphs import image, local_edit, mosaic, panorama
from tests.strategies import graphs, load
from tests.strategies_stylegan3 import stylegan3_graphs

TRUNK = ("b4.conv1", "b4.torgb", "b8.conv0", "b8.conv1", "b8.torgb", "b16.conv0")


def edits(count: int) -> list[dict[str, Any]]:
    """Return graphs that move one seed at b16, each by another amount."""
    nodes = {"s": {"op": "sample", "seed": 4}, "t": {"op": "tap", "of": "s", "layer": "b16.conv0"}}
    moved = [{"op": "shift", "of": "t", "dx": f"{number}/{2 * count}"} for number in range(1, count + 1)]
    return [
        {
            "models": {"main": tiny(0, 32)},
            "nodes": nodes | {"m": one, "image": {"op": "decode", "of": "m"}},
            "outputs": ["image"],
        }
        for one in moved
    ]


def sweep(alphas: int, seeds: int, *, by_seed: bool) -> list[dict[str, Any]]:
    """Return one local edit at several strengths on several seeds."""
    found = []
    for first in range(seeds if by_seed else alphas):
        for second in range(alphas if by_seed else seeds):
            seed, alpha = (first, second) if by_seed else (second, first)
            document = local_edit((alpha + 1) / alphas, "b8..")
            document["nodes"]["a"]["seed"] = seed
            found.append(document)
    return found


def without_keeping(plan: Plan, peak: int | None = None) -> Plan:
    """Return the same plan without retention; `peak` is the peak of the plan in one chunk, if known."""
    memory = plan.options.memory
    assert memory is not None
    known = peak if peak is not None and peak > memory else None
    return replace(plan, **_parts(split_into_chunks(plan.program, memory, shares=(), peak=known)))


def results(plan: Plan) -> list[np.ndarray]:
    found = fgraph.run(plan)
    return [one["image"].array for one in (found if isinstance(found, list) else [found])]


def assert_same_images(cut: Plan, plan: Plan) -> None:
    for own, other in zip(results(cut), results(plan), strict=True):
        assert_close(own, other, "image")


def test_edits_of_one_seed_make_their_trunk_once(counted: Counted) -> None:
    plan = fgraph.compile(edits(24), device="cpu")
    cut = plan.within(plan.cost.peak_bytes // 6)
    assert cut.chunks >= 6
    assert {name: rows for name, rows in rows_by_layer(cut).items() if name in TRUNK} == dict.fromkeys(TRUNK, 1)
    assert cut.cost.flops == plan.cost.flops
    assert cut.repeated_flops == 0
    apart = without_keeping(cut)
    assert {rows for name, rows in rows_by_layer(apart).items() if name in TRUNK} == {apart.chunks}
    assert_as_predicted(cut, counted)
    assert_same_images(cut, plan)


def test_a_retained_part_lives_until_its_last_reader_and_counts() -> None:
    plan = fgraph.compile(edits(24), device="cpu")
    cut = plan.within(plan.cost.peak_bytes // 6)
    assert_freed_in_time(cut)
    assert 0 < cut.retained_bytes < cut.cost.peak_bytes <= cut.options.memory  # type: ignore[operator]
    border = max(number for number, step in enumerate(cut.steps) if step.op.layer_name == TRUNK[-1])
    freed = next(number for number, step in enumerate(cut.steps) if border in step.last_uses)
    assert freed > 0.8 * len(cut.steps)


def test_local_edits_compute_their_common_base_once() -> None:
    plan = fgraph.compile([local_edit(alpha) for alpha in np.linspace(0.1, 1, 16).tolist()], device="cpu")
    cut = free_copies(plan).within(plan.cost.peak_bytes // 3)
    assert cut.chunks > 1
    assert cut.cost.flops <= 1.01 * plan.cost.flops
    assert without_keeping(cut).cost.flops > 1.3 * plan.cost.flops
    assert_same_images(cut, plan)


def test_the_order_of_a_sweep_does_not_matter() -> None:
    plans = [fgraph.compile(sweep(6, 4, by_seed=by_seed), device="cpu") for by_seed in (True, False)]
    cuts = [free_copies(plan).within(plan.cost.peak_bytes // 4) for plan in plans]
    assert cuts[0].chunks == cuts[1].chunks > 1
    assert cuts[0].cost.flops == cuts[1].cost.flops
    assert_same_images(cuts[1], plans[1])


def test_features_and_images_keep_the_order_of_their_rows() -> None:
    nodes = {
        "few": {"op": "sample", "seed": [1, 2, 1]},
        "paused": {"op": "tap", "of": "few", "layer": "b8.conv1"},
        "many": {"op": "sample", "seed": [*range(30), 3, 1]},
        "image": {"op": "decode", "of": "many"},
    }
    plan = fgraph.compile({"models": {"main": tiny(0, 32)}, "nodes": nodes, "outputs": ["paused", "image"]})
    cut = plan.within(plan.cost.peak_bytes // 6)
    assert cut.chunks > 4
    assert_equal(fgraph.run(cut), fgraph.run(plan))


def test_an_image_is_cut_only_where_a_chunk_is_smaller() -> None:
    program = fgraph.compile(sweep(3, 2, by_seed=True), device="cpu").program
    rows = output_tiles_of(program)
    assert {len(tiles) for tiles in rows} == {2}  # stretches of 16 pixels
    whole = [{cell[:2] for cell in chunk} for chunk in into_chunks(rows, 5)]
    assert [len(one) for one in whole] == [2, 2, 2]
    assert set.union(*whole) == {(place, 0) for place in range(6)}
    assert [len(chunk) for chunk in into_chunks(rows, 1)] == [1] * 12
    assert [len(chunk) for chunk in halve(rows[0] + rows[1] + rows[2])] == [2, 4]
    assert halve(rows[0]) == [[rows[0][0]], [rows[0][1]]]
    assert merge_adjacent(rows[0] + rows[1]) == [(*tiles[0][:2], (0, 0, 32, 32)) for tiles in rows[:2]]


def test_borders_of_stretches_are_kept_where_copying_is_cheap(counted: Counted) -> None:
    for graph in (mosaic(8, "x"), mosaic(8, "none"), panorama(6)):
        plan = fgraph.compile(graph, device="cpu")
        cut = free_copies(plan).within(plan.cost.peak_bytes // 4)
        assert cut.chunks > 3
        assert any(isinstance(step.op, Spill) for step in cut.steps)
        assert cut.repeated_flops < 0.02 * cut.cost.flops
        assert without_keeping(cut).repeated_flops > 0.05 * cut.cost.flops
        assert_freed_in_time(cut)
        assert_as_predicted(cut, counted)
        assert_close(image(cut), image(plan), "image")


def test_small_borders_are_recomputed_where_that_costs_less() -> None:
    plan = fgraph.compile(mosaic(8, "none"), device="cpu")
    cut = plan.within(plan.cost.peak_bytes // 4)
    assert not any(isinstance(step.op, Spill) for step in cut.steps)  # in a network this small
    free = free_copies(plan).within(plan.cost.peak_bytes // 4)
    assert any(isinstance(step.op, Spill) for step in free.steps)


def test_no_more_is_retained_than_the_budget_allows() -> None:
    plan = fgraph.compile(edits(24), device="cpu")
    chunks = [latent_tiles(plan.program), *map(merge_adjacent, into_chunks(output_tiles_of(plan.program), 8))]
    free = infer_bounds(plan.program, chunks, plan.cost.peak_bytes)
    assert free.retained_bytes.max() > 0
    room = free.retained_bytes.max() / 2
    tight = infer_bounds(plan.program, chunks, room)
    assert 0 < tight.retained_bytes.max() <= room
    assert all(one.chunk < min(one.readers) <= max(one.readers) == one.last for one in tight.retained)
    assert 0 == repeated_flops(plan.program, free) < repeated_flops(plan.program, tight)
    none = infer_bounds(plan.program, chunks)
    assert not none.retained
    assert repeated_flops(plan.program, none) >= repeated_flops(plan.program, tight)


def test_a_sweep_that_shares_much_keeps_to_a_comfortable_working_set() -> None:
    plan = fgraph.compile(edits(24), device="cpu")
    bounded = replace(plan, cost_model=CostModel(working_set=plan.cost.peak_bytes // 6)).bounded
    assert bounded.chunks > 1
    assert bounded.cost.flops == plan.cost.flops
    assert without_keeping(bounded).cost.flops > 1.03 * plan.cost.flops  # without retention it would run whole


def test_explain_shows_retained_and_repeated_parts() -> None:
    plan = fgraph.compile(edits(24), device="cpu")
    cut = plan.within(plan.cost.peak_bytes // 6)
    line = next(line for line in str(cut).splitlines() if line.startswith("chunks"))
    assert line.endswith("KiB retained for later chunks, 0.0% of all FLOPs repeated")
    line = next(line for line in str(without_keeping(cut)).splitlines() if line.startswith("chunks"))
    assert "; nothing retained for later chunks, " in line
    assert not line.endswith(" 0.0% of all FLOPs repeated")


def test_copies_have_no_box_of_their_own_in_drawings() -> None:
    plan = fgraph.compile(mosaic(8, "none"), device="cpu")
    cut = free_copies(plan).within(plan.cost.peak_bytes // 4)
    copies = sum(isinstance(step.op, Spill) for step in cut.steps)
    boxes, sharing = group_steps(cut.steps)
    assert copies
    assert not sharing
    assert sum(len(box.steps) for box in boxes.values()) == len(cut.steps) - copies
    for box in boxes.values():
        assert all(boxes[one].level < box.level for one in box.reads if boxes[one].reads)


@cache
def sweeps() -> list[tuple[dict[str, Any], list[int], int]]:
    one = st.one_of(graphs(), graphs(), stylegan3_graphs())
    return drawn(120, st.tuples(one, st.lists(st.integers(0, 9), max_size=3), st.integers(2, 9)))


@cache
def swept(number: int) -> Plan:
    """Return a graph with its own and up to three other seeds, compiled together."""
    document, seeds, _ = sweeps()[number]
    documents = [document, *(document | {"seed": seed} for seed in seeds)]
    return fgraph.compile([load(one) for one in documents], device="cpu")


@pytest.fixture(autouse=True, scope="module")
def _forget() -> Iterator[None]:
    """Free the plans at the end of the module."""
    yield
    sweeps.cache_clear()
    swept.cache_clear()


def test_results_are_the_same_with_any_retention() -> None:
    kept: list[int] = []
    for number, (document, _, parts) in enumerate(sweeps()[:60]):
        plan = swept(number)
        with noting(document):
            cut = cut_into(free_copies(plan), parts)
            kept.append(cut.retained_bytes)
            assert cut.options.memory is not None
            assert cut.cost.peak_bytes <= cut.options.memory
            assert_freed_in_time(cut)
            for own, other in zip(fgraph.run(cut), fgraph.run(plan), strict=True):
                assert_equal(own, other, terms=STYLEGAN3_TERMS)
    assert sum(map(bool, kept)) >= len(kept) / 5  # most of the quarter that is cut


def test_keeping_never_costs_more() -> None:
    chunks: list[int] = []
    for number, (document, _, parts) in enumerate(sweeps()):
        plan = swept(number)
        apart: list[Plan] = []
        peak = plan.cost.peak_bytes
        with noting(document):
            cut = cut_into(plan, parts, lambda cut: apart.append(without_keeping(cut, peak)))  # noqa: B023
            chunks.append(cut.chunks)
            assert cut.cost.flops <= apart[-1].cost.flops
    assert_often_cut(chunks)
