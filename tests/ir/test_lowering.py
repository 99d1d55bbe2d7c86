"""Lowering: equal nodes form stacks, rows keep their source locations, faults name their nodes."""

from __future__ import annotations

from typing import Any

import pytest

import fgraph
from tests.programs import lowered
from tests.strategies import load

BLEND = {
    "left": {"op": "sample"},
    "right": {"op": "sample"},
    "fade": {"op": "mask", "kind": "ramp"},
    "mix": {"op": "blend", "a": "left", "b": "right", "mask": "fade"},
    "image": {"op": "decode", "of": "mix"},
}


def document(nodes: dict[str, Any], outputs: list[str] | None = None, seed: int = 0) -> dict[str, Any]:
    return {"seed": seed, "nodes": nodes, "outputs": outputs or ["image"]}


def test_a_sweep_lowers_to_as_many_operations_as_one_graph() -> None:
    one = lowered(document(BLEND))
    many = lowered(*(document(BLEND, seed=seed) for seed in range(50)))
    assert [instruction.op for instruction in many.instructions] == [instruction.op for instruction in one.instructions]
    assert {output.graph for output in many.outputs} == set(range(50))


def test_graphs_that_differ_in_a_static_field_share_the_nodes_before_it() -> None:
    def moved(mode: str) -> dict[str, Any]:
        shift = {"op": "shift", "of": "t", "dx": 0.25, "mode": mode}
        return document({"z": {"op": "sample"}, "t": {"op": "tap", "of": "z", "layer": "b8"}, "s": shift}, ["s"])

    program = lowered(moved("roll"), moved("reflect"))
    counts = [instruction.op.name for instruction in program.instructions]
    assert counts.count("draw") == 1
    assert counts.count("conv") == 3
    assert counts.count("shift") == 4  # activation and skip, for each of the two


def test_every_row_knows_its_graph_and_node() -> None:
    program = lowered(document(BLEND, seed=1), document(BLEND, seed=2))
    draw = program.instructions[0]
    source_locations = [program.source_locations[origin] for origin in draw.source_locations.tolist()]
    assert [(origin.graph, origin.node) for origin in source_locations] == [
        (0, "left"),
        (0, "right"),
        (1, "left"),
        (1, "right"),
    ]


def test_codes_that_are_not_truncated_stay_in_z_beside_truncated_codes() -> None:
    nodes = {"plain": {"op": "sample", "seed": 1}, "drawn": {"op": "sample", "seed": 1, "truncation": 0.5}}
    result = fgraph.run(load(document(nodes, ["plain", "drawn"])), device="cpu")
    assert (result["plain"].space, result["drawn"].space) == ("z", "w")


def test_text_shows_rows_parameters_and_outputs() -> None:
    nodes = {
        "z": {"op": "sample", "seed": [7, 8]},
        "t": {"op": "tap", "of": "z", "layer": "b4.conv1"},
        "s": {"op": "shift", "of": "t", "dx": [0.25, 0.5]},
    }
    text = str(lowered(document(nodes, ["s"]) | {"noise": {"mode": "none"}}))
    assert "%4 = conv(tiny0, b4.conv1) (%3[0 0], %2[0..1]) x2 : activation[6x4x4] @[1 1]" in text
    assert "%5 = shift(4, 4) (%4[0..1]) {Shift(dx=1/4); Shift(dx=1/2)} x2 : activation[6x4x4] @[2 2]" in text
    assert "output 0 s : Features of tiny0 = activation %5[0..1]" in text


PAUSED = {"z": {"op": "sample"}, "t": {"op": "tap", "of": "z", "layer": "b8.conv1"}}
FAULTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a layer that the model lacks": (
        {"z": {"op": "sample"}, "image": {"op": "tap", "of": "z", "layer": "b64.conv0"}},
        "image.layer",
        "has no layer 'b64.conv0'",
    ),
    "a layer in a set": (BLEND | {"mix": BLEND["mix"] | {"layers": "b8..b99"}}, "mix.layers", "b99"),
    "a pass that cannot go back": (
        PAUSED | {"image": {"op": "tap", "of": "t", "layer": "b4.conv1"}},
        "image.layer",
        "name a later layer",
    ),
    "a pad that is not whole": (PAUSED | {"image": {"op": "pad", "of": "t", "left": 0.3}}, "image.left", "0.25"),
    "a pad that fits the activation, not the skip": (
        PAUSED | {"image": {"op": "pad", "of": "t", "left": 1, "unit": "pixel"}},
        "image.left",
        "whole",
    ),
    "pauses that differ": (
        PAUSED | {"m": {"op": "mask", "kind": "ramp"}, "image": {"op": "blend", "a": "t", "b": "z", "mask": "m"}},
        "image",
        "tap both at one layer",
    ),
    "canvases that differ": (
        PAUSED
        | {
            "p": {"op": "pad", "of": "t", "right": 1},
            "m": {"op": "mask", "kind": "ramp"},
            "image": {"op": "blend", "a": "t", "b": "p", "mask": "m"},
        },
        "image",
        "edit both alike",
    ),
    "canvases that do not meet": (
        PAUSED | {"p": {"op": "pad", "of": "t", "top": 1}, "image": {"op": "concat", "of": ["t", "p"]}},
        "image",
        "equal height",
    ),
    "model of a pass under way": (
        PAUSED | {"image": {"op": "tap", "of": "t", "model": "toon"}},
        "image",
        "this pass has started",
    ),
    "a code of another length": (
        {"z": {"op": "latent", "space": "z", "value": [0.0] * 7}, "image": {"op": "decode", "of": "z"}},
        "z",
        "takes [8]",
    ),
    "a mask as an output whose size is not whole": (
        {"m": {"op": "mask", "kind": "ramp"}, "image": {"op": "crop", "of": "m", "left": 0.3}},
        "image",
        "whole",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_reported_at_its_node(name: str) -> None:
    nodes, node, message = FAULTS[name]
    faults = fgraph.check(load(document(nodes)))
    assert [fault.where for fault in faults] == [f"nodes.{node}"]
    assert message in faults[0].message


def test_faults_of_all_graphs_are_reported_together_and_once() -> None:
    wrong = document(PAUSED | {"image": {"op": "pad", "of": "t", "left": 0.3}, "late": {"op": "decode", "of": "image"}})
    other = document(PAUSED | {"image": {"op": "crop", "of": "t", "width": 0.3}})
    with pytest.raises(fgraph.GraphError) as raised:
        fgraph.compile([load(wrong), load(other), load(document(BLEND))], device="cpu")
    assert {fault.message.split(" =")[0] for fault in raised.value.faults} == {"pad left", "crop width"}
    assert len(raised.value.faults) == 2
