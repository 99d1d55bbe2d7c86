"""Tests of drawings of plans."""

import re
from pathlib import Path

import pytest

import fgraph
from fgraph.digraph import wire
from fgraph.digraph.draw import draw_svg
from fgraph.ir.ops import LayerOp
from fgraph.plan import Plan
from fgraph.plan.draw import draw_plan
from fgraph.plan.drawing_groups import StepGroup, group_steps
from tests.plan.graphs import BLEND
from tests.svg import Drawing, read_drawing, tangles

GRAPHS = Path(__file__).parent.parent.parent / "graphs" / "graph"
BUNDLED = sorted(path.stem for path in GRAPHS.glob("*.yaml"))
ROWS = "nodes: {s: {op: sample, seed: [1, 2, 3, 4, 5, 6, 7, 8]}, image: {op: decode, of: s}}\noutputs: [image]"
CALLS = re.compile(r"; ([\d,]+) calls?, ")
TWO_MODELS = """
models: {main: avatar, toon: toon}
nodes:
  s: {op: sample, seed: 1}
  a: {op: decode, of: s}
  t: {op: tap, of: s, model: toon}
  b: {op: decode, of: t}
outputs: [a, b]
"""


def planned(graph: str | Path = BLEND) -> Plan:
    return fgraph.compile(fgraph.load(graph), device="cpu")


def drawn(plan: Plan) -> Drawing:
    return read_drawing(draw_plan(plan))


def calls(drawing: Drawing) -> int:
    return sum(int(found[1].replace(",", "")) for box in drawing.boxes.values() if (found := CALLS.search(box.tip)))


def test_every_step_is_in_one_box() -> None:
    plan = planned()
    drawing = drawn(plan)
    assert calls(drawing) == len(plan.steps)
    layers = [box for box in drawing.boxes.values() if re.match(r"b\d+\.", box.texts[0])]
    assert sorted(box.texts[0] for box in layers) == sorted(
        {step.op.layer.name for step in plan.steps if isinstance(step.op, LayerOp)}
    )
    assert sum(f"{len(plan.steps)} steps, {plan.cost.layer_calls} calls" in note for note in drawing.notes) == 1


def test_boxes_show_rows_sizes_calls_and_their_share_of_the_flops() -> None:
    plan = planned()
    (box,) = (box for box in drawn(plan).boxes.values() if box.texts[0] == "b64.conv1")
    steps = [step for step in plan.steps if isinstance(step.op, LayerOp) and step.op.layer.name == "b64.conv1"]
    flops = sum(step.flops for step in steps)
    share = f"{flops / plan.cost.flops:.1%}"
    assert box.texts[1] == (f"×{len(steps)}  {share}" if len(steps) > 1 else share)
    assert set(box.texts[2:]) == {
        f"{step.rows} row{'s' if step.rows > 1 else ''} {step.row_type.size[0]}×{step.row_type.size[1]}"
        for step in steps
    }
    assert f"{flops / 1e6:,.1f} MFLOP" in box.tip


def test_the_more_flops_the_deeper_the_colour() -> None:
    plan = planned()
    boxes = group_steps(plan.steps)[0]
    drawing = drawn(plan)
    layers = sorted(
        (box.flops, name) for name, box in boxes.items() if box.title.startswith("b") and "conv" in box.title
    )
    light = [sum(bytes.fromhex(drawing.boxes[name].fill[1:])) for _, name in layers]
    assert light == sorted(light, reverse=True)
    assert light[0] > light[-1]


def test_boxes_are_below_their_inputs_and_maps_beside_their_reader() -> None:
    plan = planned()
    boxes = group_steps(plan.steps)[0]
    drawing = drawn(plan)
    beside = 0
    for line in drawing.lines:
        start, end = drawing.boxes[line.start], drawing.boxes[line.end]
        if boxes[line.start].level == boxes[line.end].level:
            assert not boxes[line.start].reads
            assert start.top < (end.top + end.bottom) / 2 < start.bottom
            beside += 1
        else:
            assert start.bottom < end.top
    assert beside > 4


def test_lines_are_dashed_where_rows_are_copied() -> None:
    plan = planned()
    boxes = group_steps(plan.steps)[0]
    drawing = drawn(plan)
    assert {line.dashed for line in drawing.lines} == {True, False}
    for line in drawing.lines:
        assert line.dashed == boxes[line.end].reads[line.start]
        assert ("copied together" in line.tip) == line.dashed


def test_one_line_of_codes_represents_all_layers_that_read_them() -> None:
    plan = planned()
    boxes = group_steps(plan.steps)[0]
    drawing = drawn(plan)

    def leads(lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(start, end) for start, end in lines if boxes[start].title == "affine" and boxes[end].model]

    all_lines = [(source, name) for name, box in boxes.items() for source in box.reads]
    shown = leads([(line.start, line.end) for line in drawing.lines])
    assert len(leads(all_lines)) > 10
    assert [boxes[end].title for _, end in shown] == ["b4.conv1"]
    assert len(drawing.lines) == len(all_lines) - len(leads(all_lines)) + len(shown)


def test_results_have_a_thick_frame() -> None:
    boxes = drawn(planned()).boxes
    assert [box.texts[0] for box in boxes.values() if box.frame == 3] == ["clamp"]


def test_layers_of_two_models_name_their_model() -> None:
    boxes = drawn(planned(TWO_MODELS)).boxes
    of = [box.texts[-2] for box in boxes.values() if box.texts[0] == "b64.conv1"]
    assert sorted(of) == ["avatar", "toon"]


def test_equal_steps_of_chunks_share_a_box() -> None:
    whole = planned(ROWS)
    plan = whole.within(whole.cost.peak_bytes // 3)
    drawing = drawn(plan)
    assert any(f"{plan.chunks} chunks" in note for note in drawing.notes)
    assert len(drawing.boxes) == len(drawn(whole).boxes)
    assert calls(drawing) == len(plan.steps)
    (box,) = (box for box in drawing.boxes.values() if box.texts[0] == "b64.conv1")
    assert re.match(r"×\d+ ", box.texts[1])


def test_many_graphs_need_no_more_boxes_than_one() -> None:
    seeds = [fgraph.load(GRAPHS / "panorama.yaml", overrides=[f"seed={seed}"]) for seed in range(64)]
    assert len(drawn(fgraph.compile(seeds, device="cpu")).boxes) == len(drawn(planned(GRAPHS / "panorama.yaml")).boxes)


def test_if_there_are_too_many_boxes_all_calls_of_a_layer_share_one(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned()
    monkeypatch.setattr("fgraph.plan.drawing_groups.LARGEST", 20)
    drawing = drawn(plan)
    assert calls(drawing) == len(plan.steps)
    assert sum(box.texts[0] == "noise" for box in drawing.boxes.values()) == 1
    assert any("too many to draw in order" in note for note in drawing.notes)


def test_a_run_that_builds_on_an_earlier_one_is_drawn() -> None:
    baseline = fgraph.run(BLEND, keep=True, device="cpu").baseline
    plan = planned(BLEND.replace("0.25, 0.25]", "0.25, 0.5]")).since(baseline)
    assert ordered(group_steps(plan.steps)[0])
    drawing = drawn(plan)
    assert calls(drawing) == len(plan.steps)
    assert tangles(drawing) == []


def ordered(boxes: dict[str, StepGroup]) -> bool:
    """Return whether each box follows all boxes that it reads."""
    seen: set[str] = set()
    for name, box in boxes.items():
        if not seen >= box.reads.keys():
            return False
        seen.add(name)
    return True


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_graphs_and_their_plans_are_drawn_without_tangles(name: str) -> None:
    graph = fgraph.load(GRAPHS / f"{name}.yaml")
    assert tangles(read_drawing(draw_svg(wire(graph.spec)[0]))) == []
    plan = fgraph.compile(graph, device="cpu")
    assert ordered(group_steps(plan.steps)[0])
    drawing = drawn(plan)
    assert calls(drawing) == len(plan.steps)
    assert tangles(drawing) == []
