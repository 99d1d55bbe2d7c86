"""Network bending: the effect of each transform on a map, the choice of channels, and the cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fgraph
from fgraph.ir.bendings import draw_channels
from fgraph.stylegan.measured.clustering import channel_clusters
from tests.engine.comparing import LANDSCAPE_TERMS, assert_close
from tests.networks import tiny
from tests.rounding import assert_rounded
from tests.step_nodes import interpret
from tests.strategies import load

pytestmark = pytest.mark.numeric

LAYER = "b16.conv1"


def activation(*, outputs: str = "bent", before: dict[str, Any] | None = None, **node: Any) -> np.ndarray:
    """Return the output of a layer, bent: [rows, C, 16, 16]."""
    nodes = {
        "code": {"op": "sample", "seed": 3},
        "start": {"op": "tap", "of": "code", "layer": LAYER},
        **(before or {}),
        "bent": {"op": "bend", "of": "start", "layers": "here", **node},
    }
    return fgraph.run(load({"nodes": nodes, "outputs": [outputs]}), device="cpu")[outputs].tensors["activation"]


def plain() -> np.ndarray:
    return activation(kind="multiply")


def shifted(x: np.ndarray, down: int, right: int) -> np.ndarray:
    """Return the map moved by whole pixels and filled with zeros."""
    result = np.zeros_like(x)
    high, wide = x.shape[2:]
    result[:, :, max(down, 0) : high + min(down, 0), max(right, 0) : wide + min(right, 0)] = x[
        :, :, max(-down, 0) : high - max(down, 0), max(-right, 0) : wide - max(right, 0)
    ]
    return result


def greatest(x: np.ndarray, offsets: list[tuple[int, int]]) -> np.ndarray:
    low = np.full((1, x.shape[1], 24, 24), -np.inf, np.float32)
    low[:, :, 4:20, 4:20] = x
    return np.max([low[:, :, 4 + y : 20 + y, 4 + x : 20 + x] for y, x in offsets], axis=0)


CROSS = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]
CASES: dict[str, tuple[dict[str, Any], Callable[[np.ndarray], np.ndarray]]] = {
    "a quarter turn goes counter-clockwise": (
        {"kind": "rotate", "degrees": 90},
        lambda x: np.rot90(x, axes=(2, 3)),
    ),
    "a half turn is both flips": ({"kind": "rotate", "degrees": 180}, lambda x: x[:, :, ::-1, ::-1]),
    "about the published pixel, a half turn is off by one": (
        {"kind": "rotate", "degrees": 180, "about": "published"},
        lambda x: shifted(x[:, :, ::-1, ::-1], 1, 1),
    ),
    "flip x": ({"kind": "flip"}, lambda x: x[..., ::-1]),
    "flip y": ({"kind": "flip", "axis": "y"}, lambda x: x[:, :, ::-1]),
    "translate by fractions": ({"kind": "translate", "dx": 0.25, "dy": -0.125}, lambda x: shifted(x, -2, 4)),
    "translate by pixels": ({"kind": "translate", "dx": -3, "dy": 1, "unit": "pixel"}, lambda x: shifted(x, 1, -3)),
    "translate by half a pixel": (
        {"kind": "translate", "dx": 0.5, "unit": "pixel"},
        lambda x: (x + shifted(x, 0, 1)) / 2,
    ),
    "dilate by 1: a cross": ({"kind": "dilate", "radius": 1}, lambda x: greatest(x, CROSS)),
    "erode by 1": ({"kind": "erode", "radius": 1}, lambda x: -greatest(-x, CROSS)),
    "threshold": ({"kind": "threshold", "value": 0.2}, lambda x: (x > 0.2).astype(np.float32)),
    "multiply": ({"kind": "multiply", "factor": -2.5}, lambda x: -2.5 * x),
    "ablate": ({"kind": "ablate"}, lambda x: 0 * x),
    "invert": ({"kind": "invert"}, lambda x: 1 - x),
}


@pytest.mark.parametrize("case", CASES)
def test_the_effect_of_each_transform(case: str) -> None:
    node, expected = CASES[case]
    assert_rounded(activation(**node), expected(plain()), 16)  # coordinates of 16 pixels


def test_scaling_reads_nearer_to_the_middle() -> None:
    x, bent = plain().astype(np.float64), activation(kind="scale", factor=2)
    place = 7.5 + (np.arange(16) - 7.5) / 2
    low = np.floor(place).astype(int)
    part = place - low
    rows = x[:, :, low] * (1 - part)[:, None] + x[:, :, low + 1] * part[:, None]
    expected = rows[..., low] * (1 - part) + rows[..., low + 1] * part
    assert_rounded(bent, expected, 16)  # coordinates of 16 pixels


@pytest.mark.parametrize(
    ("chosen", "channels"),
    [
        ({"channels": "1,3"}, (1, 3)),
        ({"channels": 2}, (2,)),
        ({"fraction": 0.5, "seed": 4}, draw_channels(4, 0.5, 4, 6)),
        ({"clusters": 2, "cluster": 1}, None),
    ],
)
def test_only_the_chosen_channels_are_bent(chosen: dict[str, Any], channels: tuple[int, ...] | None) -> None:
    if channels is None:
        channels = tuple(np.flatnonzero(channel_clusters(tiny(0), LAYER, 2) == 1).tolist())
    expected = plain()
    expected[:, list(channels)] = 0
    assert 0 < len(channels) < 4
    assert np.array_equal(activation(kind="ablate", **chosen), expected)


def test_random_channels_differ_by_layer_and_seed() -> None:
    drawn = {draw_channels(512, 0.5, seed, layer) for seed in (0, 1) for layer in (3, 4)}
    assert len(drawn) == 4
    assert {len(one) for one in drawn} == {256}


def test_channels_move_across_the_edge_of_a_wrapped_canvas() -> None:
    before = {
        "codes": {"op": "sample", "seed": [1, 2]},
        "loop": {"op": "mosaic", "of": "codes", "grid": [1, 2], "wrap": "x"},
        "start": {"op": "tap", "of": "loop", "layer": LAYER},
    }
    x = activation(before=before, outputs="start", kind="ablate")
    moved = activation(before=before, kind="translate", dx=5, unit="pixel")
    assert_close(moved, np.roll(x, 5, axis=3), "moved")
    thick = activation(before=before, kind="dilate", radius=2)
    twice = activation(before=before, kind="translate", dx=0.5)
    assert_close(np.roll(twice, 16, axis=3), x, "half way")
    assert (thick[..., 0] >= x[..., -1]).all()


STRIP = {
    "code": {"op": "sample", "seed": 3},
    "bent": {"op": "bend", "kind": "rotate", "of": "code", "layers": "b8.conv1", "degrees": [0, 10, 20, 30, 40]},
    "image": {"op": "decode", "of": "bent"},
}


def test_a_strip_of_strengths_is_one_batch() -> None:
    strip = fgraph.compile(load({"nodes": STRIP, "outputs": ["image"]}), device="cpu")
    one = STRIP | {"bent": STRIP["bent"] | {"degrees": 10}}  # type: ignore[operator]
    alone = fgraph.compile(load({"nodes": one, "outputs": ["image"]}), device="cpu")
    assert strip.cost.layer_calls == alone.cost.layer_calls
    result = fgraph.run(strip)["image"].array
    assert len(result) == 5
    assert np.abs(result[1:] - result[:1]).max(axis=(1, 2, 3)).min() > 0.01


def test_a_transform_that_changes_nothing_costs_nothing() -> None:
    names = ("rotate", "degrees"), ("scale", "factor"), ("erode", "radius"), ("multiply", "factor"), ("translate", "dx")
    idle = {"rotate": 360, "scale": 1, "erode": 0, "multiply": 1, "translate": 0}
    for kind, field in names:
        bent = {"op": "bend", "kind": kind, "of": "code", "layers": "b8..", field: idle[kind]}
        plan = fgraph.compile(load({"nodes": STRIP | {"bent": bent}, "outputs": ["image"]}), device="cpu")
        assert not [step for step in plan.steps if step.op.name == "bend"], kind


@pytest.mark.parametrize(
    "kind",
    [
        {"kind": "dilate", "radius": [1, 2]},
        {"kind": "rotate", "degrees": [20, 40]},
        {"kind": "translate", "dx": [0.25, 0.1]},
    ],
)
def test_a_bend_is_computed_only_inside_the_mask_of_a_blend(kind: dict[str, Any]) -> None:
    nodes = {
        "code": {"op": "sample", "seed": 3},
        "bent": {"op": "bend", "of": "code", "layers": "b64.conv0", "channels": "0..9", **kind},
        "here": {"op": "mask", "kind": "box", "box": [0.1, 0.1, 0.2, 0.2]},
        "mix": {"op": "blend", "a": "code", "b": "bent", "mask": "here"},
        "image": {"op": "decode", "of": "mix"},
    }
    graph = fgraph.load({"models": {"main": "landscape"}, "nodes": nodes, "outputs": ["image"]})
    plan = fgraph.compile(graph, device="cpu")
    bends = [step for step in plan.steps if step.op.name == "bend"]
    assert bends
    assert all(step.share < 0.3 for step in bends)
    batched, eager = (fgraph.run(plan, engine=engine)["image"].array for engine in ("batched", "eager"))
    assert_close(batched, eager, "the two engines", LANDSCAPE_TERMS)
    assert np.array_equal(batched[0, :, 40:, 40:], batched[1, :, 40:, 40:])


def test_bends_nest_and_follow_each_other_in_order() -> None:
    nodes = {
        "code": {"op": "sample", "seed": 3},
        "moved": {"op": "bend", "kind": "translate", "of": "code", "layers": "b8", "dx": 0.25},
        "turned": {"op": "bend", "kind": "rotate", "of": "moved", "layers": "b8", "degrees": 90},
        "half": {"op": "mask", "kind": "ramp"},
        "mix": {"op": "blend", "a": "moved", "b": "turned", "mask": "half"},
        "inverted": {"op": "bend", "kind": "invert", "of": "mix", "layers": "b16.conv0", "channels": "1..2"},
        "image": {"op": "decode", "of": "inverted", "clamp": False},
    }
    graph = load({"nodes": nodes, "outputs": ["image"]})
    (expected,) = interpret(graph.spec)["image"]
    assert_close(fgraph.run(graph, device="cpu")["image"].array, expected.numpy(), "image")


@pytest.mark.parametrize(
    ("node", "where", "message"),
    [
        ({"kind": "ablate", "layers": "b16", "channels": "2..9"}, "channels", "channel 9 does not exist at b16.conv0"),
        ({"kind": "ablate", "layers": "b16", "channels": "x"}, "channels", "'x' names no channels"),
        ({"kind": "ablate", "layers": "b16.torgb"}, "layers", "no layer among"),
        ({"kind": "ablate", "layers": "b16", "cluster": 4}, None, "cluster is above 3"),
        ({"kind": "ablate", "layers": "const", "cluster": 1}, "layers", "const is not a convolution"),
        ({"kind": "ablate", "layers": "b16", "clusters": 9, "cluster": 1}, "clusters", "too few for 9 clusters"),
        ({"kind": "ablate", "layers": "b16", "cluster": 1, "channels": "1"}, None, "chosen in one way"),
        ({"kind": "scale", "layers": "b16", "factor": 0}, "factor", "found 0, expected"),
        ({"kind": "erode", "layers": "b16", "radius": -1}, "radius", "found -1, expected a whole number from 0"),
        ({"kind": "rotat", "layers": "b16"}, "kind", "rotat"),
    ],
)
def test_mistakes_are_reported(node: dict[str, Any], where: str | None, message: str) -> None:
    nodes = STRIP | {"bent": {"op": "bend", "of": "code", **node}}
    models = {"main": tiny(0)}
    (fault,) = fgraph.check({"models": models, "nodes": nodes, "outputs": ["image"]})
    assert fault.where == ("nodes.bent" if where is None else f"nodes.bent.{where}")
    assert message in f"{fault.message} {fault.hint}"
