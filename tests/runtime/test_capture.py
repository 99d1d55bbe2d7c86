"""Captured plans: a replay with other seeds and numbers equals a plain run, and does not wait for the host."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from hypothesis import given
from PIL import Image
from torch.overrides import TorchFunctionMode

import fgraph
from fgraph.ir import ops
from fgraph.lowering import Build, Inputs, values
from fgraph.node import ImagePort
from fgraph.runtime import capture as runtime_capture
from fgraph.runtime.capture import CAPTURABLE, CAPTURERS, Made, Replay
from tests.engine.comparing import arrays_of
from tests.examples import thoroughly
from tests.networks import tiny
from tests.plan.copies import free_copies
from tests.plan.graphs import mosaic
from tests.strategies import graphs, load
from tests.stylegan3_networks import tiny_stylegan3

ASKS = {"item", "tolist", "cpu", "numpy", "__bool__", "__int__", "__float__", "__index__", "nonzero"}
TELLS = {"tensor", "as_tensor", "new_tensor", "asarray"}
HOST_INPUTS = {
    ops.Cut, ops.Draw, ops.Given, ops.Component, ops.TextDirection, ops.NoiseField, ops.DrawMask, ops.Picture,
    ops.Plane, ops.Fill,
}  # fmt: skip
LEFT_OUT = {ops.Invert, ops.Drag, ops.Propose, ops.Sift, ops.Transplant, ops.Apply}  # the last runs a user's function


class NothingFromTheHost(TorchFunctionMode):
    """A mode that fails if a tensor is read back or created from host data, which a CUDA graph cannot do."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(function, "__name__", "")
        changes_nothing = name == "as_tensor" and isinstance(args[0], torch.Tensor)
        assert changes_nothing or name not in ASKS | TELLS, f"{name} while a plan is replayed"
        return function(*args, **(kwargs or {}))


@contextmanager
def sealed() -> Iterator[None]:
    def refuse(*_: Any) -> Any:
        raise AssertionError("from_numpy while a plan is replayed")

    with pytest.MonkeyPatch.context() as patch, NothingFromTheHost():
        patch.setattr(torch, "from_numpy", refuse)
        yield


def again(run: Callable[[], Made], device: torch.device) -> Replay:
    """Imitate a capturer without CUDA: warm up, then run again under the guard, into the same tensors."""
    run()
    with sealed():
        made = {one: {name: each.clone() for name, each in tensors.items()} for one, tensors in run().items()}

    def replay() -> Made:
        with sealed():
            anew = run()
        for result, tensors in anew.items():
            for name, tensor in tensors.items():
                made[result][name].copy_(tensor)
        return made

    return replay


@pytest.fixture
def capturer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CAPTURERS, "cpu", again)


def captured(graph: Any) -> fgraph.Captured:
    return fgraph.capture(graph, device="cpu")


def assert_exactly(found: Any, expected: Any) -> None:
    assert found.keys() == expected.keys()
    for name in found:
        for part, array in arrays_of(found[name]).items():
            assert np.array_equal(array, arrays_of(expected[name])[part]), f"{name}.{part}"


def blended(seed: int = 0, psi: float = 0.7, t: float = 0.5, alpha: float = 1.0, **noise: Any) -> dict[str, Any]:
    """Return a blend of codes inside a box with a crop, so that layers compute tiles."""
    return {
        "models": {"main": tiny(1, 32)},
        "seed": seed,
        "noise": {"mode": "random", **noise},
        "nodes": {
            "left": {"op": "sample", "truncation": psi, "count": 2},
            "right": {"op": "sample", "truncation": 0.5},
            "between": {"op": "lerp", "a": "left", "b": "right", "t": t},
            "box": {"op": "mask", "kind": "box", "box": [0.25, 0.25, 0.25, 0.5], "alpha": alpha},
            "mix": {"op": "blend", "a": "left", "b": "between", "mask": "box"},
            "moved": {"op": "shift", "of": "mix", "dx": 0.3, "layers": "b16..b16.conv1"},
            "whole": {"op": "decode", "of": "moved"},
            "image": {"op": "crop", "of": "whole", "width": 0.75},
        },
        "outputs": ["image", "between", "box"],
    }


def test_other_seeds_and_numbers_are_replayed(capturer: None, caplog: pytest.LogCaptureFixture) -> None:
    run = captured(blended())
    for graph in (
        blended(),
        blended(seed=5),
        blended(psi=0.2),
        blended(t=0.25),
        blended(alpha=0.4),
        blended(seed=8, psi=1.3, t=-0.5, alpha=0.9),
        blended(seed=8, psi=1.3, t=-0.5, alpha=0.9),
        blended(),
    ):
        assert_exactly(run(graph), fgraph.run(graph, device="cpu"))
    assert not caplog.messages


def coded(strength: float = 1.0, component: int = 0, psi: float = 0.5, ease: str = "linear") -> dict[str, Any]:
    """Return codes made by every operation whose parameters are numbers."""
    return {
        "models": {"main": tiny(1, 32)},
        "nodes": {
            "keys": {"op": "sample", "seed": [1, 2, 3]},
            "moved": {
                "op": "direction", "kind": "pca", "of": "keys", "strength": strength, "component": component,
                "layers": "b8..",
            },
            "styles": {"op": "truncate", "of": "moved", "truncation": psi},
            "sphere": {"op": "walk", "of": "keys", "path": "slerp", "frames": 9, "ease": ease},
            "spline": {"op": "walk", "of": "keys", "path": "spline", "frames": 9, "ease": ease},
        },
        "outputs": ["moved", "styles", "sphere", "spline"],
    }  # fmt: skip


def test_numbers_on_codes_are_replayed(capturer: None, caplog: pytest.LogCaptureFixture) -> None:
    plan = fgraph.compile(coded(), device="cpu")
    assert {ops.Move, ops.TruncateStyles, ops.Slerp, ops.Combine} < {type(step.op) for step in plan.steps}
    run = captured(coded())
    for graph in (coded(strength=-2), coded(component=3), coded(psi=0.9), coded(ease="smooth"), coded()):
        assert_exactly(run(graph), fgraph.run(graph, device="cpu"))
    assert not caplog.messages


def test_graphs_run_with_the_options_of_the_captured_plan(capturer: None, caplog: pytest.LogCaptureFixture) -> None:
    run = fgraph.capture(fgraph.compile(blended(), device="cpu", precision="float64"))
    expected = fgraph.run(blended(seed=1), device="cpu", precision="float64")
    assert_exactly(run(blended(seed=1)), expected)
    assert not np.array_equal(expected["image"].array, fgraph.run(blended(seed=1), device="cpu")["image"].array)
    assert not caplog.messages


def test_results_stay_when_the_next_are_made(capturer: None) -> None:
    run = captured(blended())
    first = run(blended(seed=1))
    before = {name: arrays_of(value)["array"].copy() for name, value in first.items()}
    run(blended(seed=2))
    for name, array in before.items():
        assert np.array_equal(arrays_of(first[name])["array"], array), name


def test_only_inputs_that_differ_are_copied(capturer: None, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: Counter[str] = Counter()
    host_input = runtime_capture.host_input  # type: ignore[attr-defined]

    def counting(plan: Any, number: int, context: Any) -> Any:
        found = host_input(plan, number, context)
        handed[plan.steps[number].op.name] += found is not None
        return found

    run = captured(blended(seed=3))
    monkeypatch.setattr(runtime_capture, "host_input", counting)
    run(blended(seed=3))
    assert not +handed
    run(blended(seed=3, t=0.1))
    assert +handed == {"lerp": 1}
    run(blended(seed=4, t=0.1))
    assert set(+handed) == {"lerp", "draw", "noise"}


def test_a_changed_picture_is_read_again(capturer: None, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    graph = fgraph.Graph(models=tiny(1))
    graph.outputs = {"picture": graph.flip(graph.image(path=str(path)), axis="x")}
    Image.new("RGB", (16, 16), "olive").save(path)
    run = captured(graph)
    before = run(graph)
    Image.new("RGB", (16, 16), "navy").save(path)
    after = run(graph)
    assert_exactly(after, fgraph.run(graph, device="cpu"))
    assert not np.array_equal(before["picture"].array, after["picture"].array)


def test_chunks_with_retained_parts(capturer: None, caplog: pytest.LogCaptureFixture) -> None:
    peak = fgraph.compile(mosaic(8, "x"), device="cpu").cost.peak_bytes
    other = mosaic(8, "x")
    other["nodes"]["z"]["seed"] = 5
    plans = [free_copies(fgraph.compile(one, device="cpu")).within(peak // 4) for one in (mosaic(8, "x"), other)]
    assert any(isinstance(step.op, ops.Spill) for step in plans[0].steps)
    run = fgraph.capture(plans[0])
    for plan in plans:
        assert_exactly(run(plan), fgraph.run(plan))
    assert not caplog.messages


def test_many_graphs_and_plans_and_chunks(capturer: None, caplog: pytest.LogCaptureFixture) -> None:
    many = [blended(seed=seed) for seed in (1, 2, 3)]
    run = captured(many)
    made = run([blended(seed=seed) for seed in (4, 5, 6)])
    for one, seed in zip(made, (4, 5, 6), strict=True):
        assert_exactly(one, fgraph.run([blended(seed=other) for other in (4, 5, 6)], device="cpu")[seed - 4])
    memory = fgraph.compile(many, device="cpu").cost.peak_bytes // 2
    plan = fgraph.compile(many, device="cpu", memory=memory)
    assert plan.chunks > 1
    run = fgraph.capture(plan)
    other = fgraph.compile([blended(seed=seed) for seed in (7, 8, 9)], device="cpu", memory=memory)
    for found, expected in zip(run(other), fgraph.run(other), strict=True):
        assert_exactly(found, expected)
    assert not caplog.messages


def test_another_structure_runs_as_usual_with_one_warning(capturer: None, caplog: pytest.LogCaptureFixture) -> None:
    run = captured(blended())
    wider = blended()
    wider["nodes"]["image"]["width"] = 0.5
    other = blended() | {"models": {"main": replace(tiny(2, 32), name=tiny(1, 32).name)}}
    for graph in (wider, other, blended(fit="follow")):
        assert_exactly(run(graph), fgraph.run(graph, device="cpu"))
    assert caplog.messages == ["a graph has another structure than the captured one, and runs as usual"]


def test_parameters_that_are_not_numbers_belong_to_the_structure(capturer: None) -> None:
    turned = [
        {
            "models": {"main": tiny(1)},
            "nodes": {
                "code": {"op": "sample", "seed": 1},
                "image": {"op": "decode", "of": "code"},
                "turned": {"op": "flip", "of": "image", "axis": axis},
            },
            "outputs": ["turned"],
        }
        for axis in ("x", "y")
    ]
    run = captured(turned[0])
    for graph in turned:
        assert_exactly(run(graph), fgraph.run(graph, device="cpu"))


def test_plans_that_keep_values_are_not_captured_nor_replayed(capturer: None) -> None:
    baseline = fgraph.run(coded(), device="cpu", keep=True).baseline  # a baseline that shares nothing with the others
    plan = fgraph.compile(blended(), device="cpu")
    run = fgraph.capture(plan)
    assert run(plan.since(baseline)).baseline is baseline
    assert run(plan.as_baseline()).baseline is not None
    for one in (plan.since(baseline), plan.as_baseline()):
        with pytest.raises(fgraph.FgraphError, match="a plan that keeps values, or builds on kept ones"):
            fgraph.capture(one)


def test_random_graphs_are_replayed_exactly(capturer: None, caplog: pytest.LogCaptureFixture) -> None:
    seen: Counter[str] = Counter()

    @thoroughly(30)
    @given(graphs())
    def replayed(document: dict[str, Any]) -> None:
        caplog.clear()
        run = captured(load(document))
        seen["captured"] += not caplog.messages
        for seed in (11, 12):
            graph = load(document | {"seed": seed})
            assert_exactly(run(graph), fgraph.run(graph, device="cpu"))
        seen["replayed"] += not caplog.messages

    replayed()
    assert seen["captured"] == seen["replayed"] > 18, seen


class Negative(fgraph.Node):
    """A node with a user's function."""

    op: Literal["negative"] = "negative"
    of: ImagePort

    def lower(self, build: Build, inputs: Inputs) -> values.Image:
        image = inputs.image("of")
        made = build.emit(ops.Apply(torch.negative), [image.pixels], params=[()] * inputs.rows)
        return replace(image, pixels=made)


def test_every_operation_is_an_input_captured_or_left_out() -> None:
    assert HOST_INPUTS | set(CAPTURABLE) | LEFT_OUT | {ops.BaselineRows} == set(ops.OPS)
    assert len(HOST_INPUTS) + len(CAPTURABLE) + len(LEFT_OUT) + 1 == len(ops.OPS)


IMAGE = {"op": "decode", "of": "code"}


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ({"swap": {"op": "patches", "of": "code", "patches": {"count": 1}}, "made": IMAGE | {"of": "swap"}}, "propose"),
        ({"image": IMAGE, "made": {"op": "invert", "of": "image", "steps": 1}}, "invert"),
        ({"image": IMAGE, "made": {"op": "negative", "of": "image"}}, "apply"),
    ],
)
def test_operations_that_may_ask_the_host_are_not_captured_with_a_warning(
    capturer: None, caplog: pytest.LogCaptureFixture, nodes: dict[str, Any], message: str
) -> None:
    own = {"code": {"op": "sample", "seed": [1, 2]}, **nodes}
    document = {"models": {"main": tiny(1, 32)}, "nodes": own, "outputs": ["made"]}
    run = fgraph.capture(document, device="cpu", nodes=(Negative,))
    assert len(caplog.messages) == 1
    assert f"the plan is not captured, and runs as usual: {message}" in caplog.text
    assert re.search(r"for nodes\.(made|swap), may ask the host", caplog.text)
    assert_exactly(run(document), fgraph.run(document, device="cpu", nodes=(Negative,)))
    assert len(caplog.messages) == 1


def of_stylegan3(seed: int, width: float = 1.0) -> fgraph.Graph:
    graph = fgraph.Graph(models=tiny_stylegan3(1))
    image = graph.decode(graph.sample(seed=seed, count=2))
    graph.outputs = {"image": graph.crop(image, width=width)}
    return graph


@pytest.mark.parametrize("width", [1.0, 0.5])
def test_stylegan3_is_replayed(capturer: None, caplog: pytest.LogCaptureFixture, width: float) -> None:
    run = captured(of_stylegan3(1, width))
    for seed in (1, 2):
        assert_exactly(run(of_stylegan3(seed, width)), fgraph.run(of_stylegan3(seed, width), device="cpu"))
    assert not caplog.messages


def owned(seed: int, strength: float = 1.0) -> dict[str, Any]:
    own = {"op": "own", "of": "a", "reference": "b", "part": [0], "layer": "b16", "strength": strength}
    nodes = {"a": {"op": "sample", "seed": seed}, "b": {"op": "sample", "seed": 9}, "made": own}
    return {"models": {"main": tiny(1, 32)}, "nodes": nodes, "outputs": ["made"]}


def test_parts_that_styles_own_are_replayed(capturer: None, caplog: pytest.LogCaptureFixture) -> None:
    run = captured(owned(1))
    for seed in (1, 2):
        assert_exactly(run(owned(seed)), fgraph.run(owned(seed), device="cpu"))
    assert not caplog.messages


def test_on_a_cpu_nothing_is_captured_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    run = captured(blended())
    assert caplog.messages == ["the plan is not captured, and runs as usual: only on CUDA, and this is cpu"]
    assert_exactly(run(blended(seed=4)), fgraph.run(blended(seed=4), device="cpu"))
    assert len(caplog.messages) == 1


def test_a_plan_whose_capture_fails_runs_as_usual(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(run: Callable[[], Made], device: torch.device) -> Replay:
        run()
        raise RuntimeError("operation not permitted when stream is capturing\nand so on")

    monkeypatch.setitem(CAPTURERS, "cpu", fails)
    run = captured(blended())
    assert caplog.messages == [
        "the plan is not captured, and runs as usual: operation not permitted when stream is capturing"
    ]
    assert_exactly(run(blended(seed=4)), fgraph.run(blended(seed=4), device="cpu"))
