"""Savings by regions, differences and chunks are counted, and results compared with the full computation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fgraph
from fgraph._geometry.regions import NOTHING, clip, covers, intersect, whole
from fgraph.analysis import infer_bounds
from fgraph.analysis.access import cyclic_axes
from fgraph.ir.baseline import rows_of
from fgraph.ir.ops import Concat, DrawMask, Mix
from fgraph.ir.program import as_index
from fgraph.plan import Plan
from fgraph.plan.chunks import _with_budget
from tests.engine.comparing import assert_close
from tests.networks import tiny
from tests.plan.graphs import BOX, image, local_edit, mosaic, panorama

pytestmark = pytest.mark.numeric


def conv_flops(plan: Plan) -> int:
    return sum(step.flops for step in plan.steps if step.op.layer_name)


def test_each_operand_of_a_blend_is_computed_only_where_it_has_weight() -> None:
    graph = local_edit(1.0)
    plan = fgraph.compile(graph, device="cpu")
    made = [line.share for line in plan.layers if line.name == "b32.conv1"]
    # Only b has an effect inside the box, only a outside: a is whole around the hole, b is in the box and its halo.
    assert len(made) == 2
    assert min(made) < 0.25
    assert_close(image(plan), image(plan, engine="eager"), "image")


def test_the_cells_of_a_closed_mosaic_cost_the_same_however_many_there_are() -> None:
    costs = {count: conv_flops(fgraph.compile(mosaic(count, "x"), device="cpu")) / count for count in (4, 8, 16)}
    assert costs[16] < 1.15 * costs[8]
    # Without regions each cell would cover the whole canvas, and a cell of 16 would cost twice as much as one of 8.
    raw = fgraph.compile(mosaic(16, "x"), device="cpu").cost
    assert raw.flops < 0.3 * raw.shared_flops


@pytest.mark.parametrize("wrap", ["none", "x", "both"])
def test_a_mosaic_is_the_same_with_and_without_regions(wrap: str) -> None:
    plan = fgraph.compile(mosaic(5, wrap), device="cpu")
    assert_close(image(plan), image(plan, engine="eager"), "image")


def test_strengths_of_one_edit_are_computed_only_where_they_differ() -> None:
    strengths = [float(value) for value in np.linspace(0.1, 1, 8)]
    together = fgraph.compile(local_edit(strengths), device="cpu")
    one = fgraph.compile(local_edit(strengths[:1]), device="cpu")
    assert conv_flops(together) < 4 * conv_flops(one)  # for eight times the pictures
    assert_close(image(together), image(together, engine="eager"), "image")
    based = [step for step in together.steps if any(not gather.exact and gather.is_layered for gather in step.inputs)]
    assert based, "no step reads a row over its base"


def test_the_cost_of_an_edit_is_the_cost_of_the_changed_pixels() -> None:
    baseline = fgraph.run(local_edit(0.5), keep=True, device="cpu")
    other = local_edit(0.9)
    plan = fgraph.compile(other, device="cpu")
    after = plan.since(baseline.baseline)
    assert conv_flops(after) < 0.5 * conv_flops(plan)
    assert_close(image(other, since=baseline, device="cpu"), image(plan), "image")
    same = fgraph.compile(local_edit(0.5), device="cpu").since(baseline.baseline)
    assert conv_flops(same) == 0
    assert_close(image(local_edit(0.5), since=baseline, device="cpu"), baseline["image"].array, "image")


@pytest.mark.parametrize("before", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("seeds", [(2, 4), (3, 5), (7, 8), (4, 2)])
def test_one_seed_of_two_is_changed(before: float, seeds: tuple[int, int]) -> None:
    def blended(alpha: float, seeds: tuple[int, int]) -> dict[str, Any]:
        document = local_edit(alpha)
        for node, seed in zip("ab", seeds, strict=True):
            document["nodes"][node] = {"op": "sample", "seed": seed}
        return document

    baseline = fgraph.run(blended(before, (2, 5)), keep=True, device="cpu")
    other = blended(0.5, seeds)
    assert_close(image(other, since=baseline, device="cpu"), image(other, device="cpu"), "image")


def test_a_run_of_another_model_does_not_build_on_this_one() -> None:
    baseline = fgraph.run(local_edit(0.5), keep=True, device="cpu")
    other = local_edit(0.5) | {"models": {"main": tiny(1, 32)}}
    assert_close(image(other, since=baseline, device="cpu"), image(other, device="cpu"), "image")


def test_since_requires_results_of_a_run_with_keep() -> None:
    plain = fgraph.run(local_edit(0.5), device="cpu")
    with pytest.raises(fgraph.FgraphError, match="keep=True"):
        fgraph.run(local_edit(0.5), since=plain)
    baseline = fgraph.run(local_edit(0.5), keep=True, device="cpu")
    for wrong in (3, [baseline], "kept"):
        with pytest.raises(
            fgraph.FgraphError, match=f"since takes the results of one graph, not {type(wrong).__name__}"
        ):
            fgraph.run(local_edit(0.5), since=wrong)
    with pytest.raises(fgraph.FgraphError, match=r"keep and since can.t be combined"):
        fgraph.run(local_edit(0.5), since=baseline, keep=True)


@pytest.mark.parametrize("parts", [2, 5, 9])
def test_a_panorama_in_chunks_is_the_same(parts: int) -> None:
    plan = fgraph.compile(panorama(8), device="cpu")
    cut = plan.within(plan.cost.peak_bytes // parts)
    assert cut.chunks > 1
    assert cut.cost.peak_bytes <= plan.cost.peak_bytes // parts
    assert_close(image(cut), image(plan), "image")


@pytest.mark.parametrize("parts", [1.5, 2])
def test_features_in_chunks_are_the_same(parts: float) -> None:
    nodes = {"z": {"op": "sample", "seed": [1, 2, 3]}, "t": {"op": "tap", "of": "z", "layer": "b16.conv0"}}
    nodes["i"] = {"op": "decode", "of": "z"}
    plan = fgraph.compile({"models": {"main": tiny(0)}, "nodes": nodes, "outputs": ["t", "i"]}, device="cpu")
    cut = plan.within(int(plan.cost.peak_bytes / parts))
    assert cut.chunks > 1
    found, expected = (fgraph.run(one)["t"].tensors for one in (cut, plan))
    for name in ("activation", "skip"):  # with sides of 16 pixels, and of 8
        assert_close(found[name], expected[name], name)


def test_codes_beside_images_in_chunks_are_the_same() -> None:
    graph = panorama(6) | {"outputs": ["image", "s1"]}
    plan = fgraph.compile(graph, device="cpu")
    cut = plan.within(plan.cost.peak_bytes // 2)
    assert cut.chunks > 1
    found, expected = fgraph.run(cut), fgraph.run(plan)
    assert_close(found["s1"].array, expected["s1"].array, "styles")
    assert_close(found["image"].array, expected["image"].array, "image")


def test_a_mask_may_be_drawn_for_one_blend_and_be_0_in_another() -> None:
    nodes: dict[str, Any] = {
        "k": BOX | {"box": [0.75, 0, 0.25, 1]},
        "half": {"op": "mask", "kind": "constant", "value": 0.5},
    }
    for seed, name in enumerate("abc"):
        nodes[name] = {"op": "sample", "seed": seed}
        nodes[f"t{name}"] = {"op": "tap", "of": name, "layer": "b32.conv1"}
    for name, first, mask in (("m1", "ta", "k"), ("m2", "tc", "k"), ("m3", "ta", "half")):
        nodes[name] = {"op": "blend", "a": first, "b": "tb", "mask": mask, "layers": "here"}
        nodes[f"i{name}"] = {"op": "decode", "of": name, "clamp": False}
    nodes["left"] = {"op": "crop", "of": "im2", "width": 0.5}
    outputs = ["im1", "left", "im3"]
    plan = fgraph.compile({"models": {"main": tiny(0, 32)}, "nodes": nodes, "outputs": outputs}, device="cpu")
    found, expected = fgraph.run(plan), fgraph.run(plan, engine="eager")
    for name in outputs:
        assert_close(found[name].array, expected[name].array, name)


def test_a_longer_canvas_needs_no_more_memory() -> None:
    budget = fgraph.compile(mosaic(6, "x"), device="cpu").cost.peak_bytes
    long = fgraph.compile(mosaic(24, "x"), device="cpu", memory=budget)
    assert long.cost.peak_bytes <= budget
    assert long.cost.flops < 1.5 * fgraph.compile(mosaic(24, "x"), device="cpu").cost.flops


@pytest.mark.parametrize("output", ["z", "i"])
def test_codes_cannot_be_cut(output: str) -> None:
    nodes = {"z": {"op": "sample", "seed": list(range(99))}, "i": {"op": "decode", "of": "z"}}
    with pytest.raises(fgraph.MemoryBudgetError, match=r"the codes alone need .* KiB; the budget is 1\.0 KiB"):
        fgraph.compile({"models": {"main": tiny(0, 32)}, "nodes": nodes, "outputs": [output]}, memory=1024)


def test_too_small_a_budget_is_refused_before_anything_runs() -> None:
    with pytest.raises(
        fgraph.MemoryBudgetError, match=r"cut into \d+ chunks, the most possible, it still needs .*; the budget is"
    ):
        fgraph.compile(mosaic(4, "none"), device="cpu", memory=2000)


def test_a_budget_just_missed_is_reported_in_bytes() -> None:
    assert _with_budget(104_900, 104_857) == "0.1 MiB; the budget is 102.4 KiB"
    assert _with_budget(104_860, 104_858) == "104,860 bytes; the budget is 104,858"


@pytest.mark.parametrize("memory", [0, -3, True, 1e12, "0", "1.2.3GiB", "2 GiBs", "-1GiB"])
def test_a_budget_is_a_number_of_bytes(memory: Any) -> None:
    with pytest.raises(
        fgraph.FgraphError, match=r"memory .* is not understood: write a number of bytes, or a size such as 512MiB"
    ):
        fgraph.compile(mosaic(2, "x"), memory=memory)


def test_a_budget_is_not_for_float64() -> None:
    with pytest.raises(fgraph.FgraphError, match="memory= is not supported with float64"):
        fgraph.compile(mosaic(2, "x"), memory="1GiB", precision="fp64")


@pytest.mark.parametrize("graph", [mosaic(6, "x"), mosaic(4, "none"), panorama(4), local_edit([0.2, 0.9])])
def test_computed_regions_contain_the_regions_that_readers_request(graph: dict[str, Any]) -> None:
    program = fgraph.compile(graph, device="cpu").program
    made = [dict(zip(one.rows.tolist(), one.regions.tolist(), strict=True)) for one in infer_bounds(program).values]
    cyclic = cyclic_axes(program)
    partial = 0
    for number, instruction in enumerate(program.instructions):
        types = tuple(program.instructions[one.value].type for one in instruction.operands)
        for row, region in made[number].items():
            partial += instruction.type.spatial and tuple(region) != whole(instruction.type.size)
            for port, operand in enumerate(instruction.operands):
                if not types[port].spatial or isinstance(instruction.op, Mix):
                    continue  # a term of a mix is read only where its alpha is not 0
                param = instruction.params[row] if instruction.params else None
                window = instruction.op.footprint(port, tuple(region), types, param)
                window = clip(window, types[port].size, instruction.op.footprint_wraps)
                for value, source in rows_of(operand.take(as_index([row]))):
                    computed = made[value].get(source, NOTHING)
                    differ = program.instructions[value].regions
                    if differ is not None:  # its base gives the rest
                        window = intersect(window, tuple(differ[source].tolist()), types[port].size, cyclic[value])
                    assert covers(tuple(computed), window, types[port].size, cyclic[value])
    assert partial


def test_a_mask_is_drawn_only_where_it_is_read_and_not_0() -> None:
    plan = fgraph.compile(mosaic(12, "none"), device="cpu")
    cut = plan.within(plan.cost.peak_bytes // 4)
    for step in cut.steps:
        if isinstance(step.op, DrawMask):
            assert step.rows * step.row_type.numbers < 2.5 * step.type.numbers / cut.chunks + 16 * step.type.size[0]
    terms = [len(step.inputs) // 2 for step in cut.steps if isinstance(step.op, Mix)]
    assert max(terms) < 12  # a chunk reads only some of the twelve tiles


def test_a_part_of_a_joined_canvas_reads_only_the_parts_that_it_lies_over() -> None:
    plan = fgraph.compile(panorama(24), device="cpu")
    cut = plan.within(plan.cost.peak_bytes // 8)
    assert max(len(step.inputs) for step in plan.steps if isinstance(step.op, Concat)) == 23
    joined = [step for step in cut.steps if isinstance(step.op, Concat) and step.type.kind == "rgb"]
    assert len(joined) == cut.chunks > 4
    for step in joined:
        assert len(step.inputs) <= 23 / cut.chunks + 2  # those at its ends, and the whole ones between
        assert all(gather.sources for gather in step.inputs)


def test_the_first_chunk_computes_all_values_without_pixels() -> None:
    program = fgraph.compile(panorama(4), device="cpu").program
    height, width = program.instructions[-1].type.size
    halves = [[(0, 0, (0, 0, height, width // 2))], [(0, 0, (0, width // 2, height, width))]]
    made = infer_bounds(program, [[], *halves]).values
    for one, instruction in zip(made, program.instructions, strict=True):
        assert set(one.chunks.tolist()) <= ({1, 2} if instruction.type.spatial else {0})
    last = made[-1]
    assert [tuple(region) for region in last.of(1).regions.tolist()] == [halves[0][0][2]]
    assert [tuple(region) for region in last.of(2).regions.tolist()] == [halves[1][0][2]]
    assert not len(last.of(0).rows)


def test_the_error_states_how_many_bytes_suffice() -> None:
    plan = fgraph.compile(mosaic(8, "none"), device="cpu")
    budgets, cut = [1], plan
    while cut is plan:
        try:
            cut = plan.within(budgets[-1])
        except fgraph.MemoryBudgetError as error:
            budgets.append(error.needed or 0)
    assert len(budgets) > 1
    assert budgets == sorted(set(budgets))
    assert cut.chunks > 1
    assert cut.cost.peak_bytes <= budgets[-1] < plan.cost.peak_bytes
