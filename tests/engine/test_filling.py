"""A constant fills the new parts of an edited canvas; the weights that mix features still sum to 1 there."""

from __future__ import annotations

from typing import Any

import pytest

import fgraph
from tests.engine.comparing import assert_as_interpreted, assert_close, assert_equal
from tests.strategies import load

pytestmark = pytest.mark.numeric

CARRIERS: dict[str, dict[str, Any]] = {
    "joined": {"t": {"op": "concat", "of": ["l", "l"]}},
    "mosaic": {"t": {"op": "mosaic", "of": "four", "grid": [2, 2]}},
    "blended": {"m": {"op": "mask", "kind": "ramp"}, "t": {"op": "blend", "a": "l", "b": "r", "mask": "m"}},
}
EDITS: dict[str, dict[str, Any]] = {
    "shift": {"op": "shift", "dy": 0.5, "mode": "constant", "value": 0.5},
    "pad": {"op": "pad", "right": 0.5, "mode": "constant", "value": 0.5},
}


def filled(carrier: str, edit: str, noise: str = "tile") -> fgraph.Graph:
    nodes = {
        "z": {"op": "sample", "seed": 1},
        "y": {"op": "sample", "seed": 2},
        "four": {"op": "sample", "seed": [1, 1, 1, 1]},
        "l": {"op": "tap", "of": "z", "layer": "const"},
        "r": {"op": "tap", "of": "y", "layer": "const"},
        **CARRIERS[carrier],
        "e": {"of": "t", **EDITS[edit]},
        "image": {"op": "decode", "of": "e", "clamp": False},
    }
    return load({"noise": {"mode": "const", "fit": noise}, "nodes": nodes, "outputs": ["image"]})


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("carrier", CARRIERS)
def test_filled_canvases_are_mixed_to_the_end(carrier: str, edit: str) -> None:
    for noise in ("tile", "follow"):
        graph = filled(carrier, edit, noise)
        plan = fgraph.compile(graph, device="cpu")
        batched = fgraph.run(plan)
        assert_equal(batched, fgraph.run(plan, engine="eager"))
        assert_as_interpreted(batched, graph)


@pytest.mark.parametrize("carrier", ["joined", "mosaic"])
def test_parts_of_one_style_equal_one_pass(carrier: str) -> None:
    """The carrier mixes equal passes, so the picture equals the picture of any of them."""
    graph = filled(carrier, "pad")
    nodes = {name: node.model_dump() for name, node in graph.spec.nodes.items()}
    nodes["one"] = {"op": "restyle", "of": "e", "latent": "z"}
    nodes["again"] = {"op": "decode", "of": "one", "clamp": False}
    document = {name: {key: value for key, value in node.items() if value is not None} for name, node in nodes.items()}
    result = fgraph.run(load({"nodes": document, "outputs": ["image", "again"]}), device="cpu")
    assert_close(result["image"].array, result["again"].array, carrier)
