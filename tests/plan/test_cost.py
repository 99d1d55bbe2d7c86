"""A plan predicts its run: layer calls and rows by layer, bytes, last uses."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings

import fgraph
from fgraph.ir.costs import Call, DeviceProfile
from fgraph.ir.ops import Clamp
from fgraph.plan import Step
from fgraph.plan.cost import bytes_in_use
from fgraph.plan.forecast import step_seconds
from fgraph.runtime import execute, run_plan
from tests.networks import tiny
from tests.plan.counting import Counted, assert_as_predicted, assert_freed_in_time, rows_by_layer
from tests.strategies import graphs, load

LAYERS = len(tiny(0).table.layers) - 1
RAMP = {"op": "mask", "kind": "ramp"}


def blended(seed: int = 0) -> fgraph.Graph:
    nodes = {
        "left": {"op": "sample"},
        "right": {"op": "sample"},
        "fade": RAMP,
        "mix": {"op": "blend", "a": "left", "b": "right", "mask": "fade"},
        "image": {"op": "decode", "of": "mix"},
    }
    return load({"seed": seed, "nodes": nodes, "outputs": ["image"]})


def panorama(count: int) -> fgraph.Graph:
    nodes = {
        "z": {"op": "sample", "count": count, "seed": 90, "draw": "numpy", "smooth": 0.7, "truncation": 0.7},
        "s1": {"op": "rows", "of": "z", "take": ":-1"},
        "s2": {"op": "rows", "of": "z", "take": "1:"},
        "l": {"op": "tap", "of": "s1", "layer": "b4.conv1"},
        "r": {"op": "tap", "of": "s2", "layer": "b4.conv1"},
        "w": {"op": "concat", "of": ["l", "r"]},
        "wl": {"op": "restyle", "of": "w", "latent": "s1"},
        "wr": {"op": "restyle", "of": "w", "latent": "s2"},
        "ramp": RAMP,
        "m": {"op": "blend", "a": "wl", "b": "wr", "mask": "ramp"},
        "decoded": {"op": "decode", "of": "m"},
        "image": {"op": "knit", "of": "decoded"},
    }
    return load({"nodes": nodes, "outputs": ["image"]})


def two_canvases() -> fgraph.Graph:
    nodes = {
        "s": {"op": "sample", "seed": [1, 2, 3]},
        "t": {"op": "tap", "of": "s", "layer": "b8"},
        "p": {"op": "pad", "of": "t", "right": 1},
        "plain": {"op": "decode", "of": "t"},
        "wide": {"op": "decode", "of": "p"},
    }
    return load({"nodes": nodes, "outputs": ["plain", "wide"]})


GRAPHS: dict[str, Callable[[], Any]] = {
    "blend": blended,
    "panorama": lambda: panorama(8),
    "two canvases": two_canvases,
    "a sweep": lambda: [blended(seed) for seed in range(20)],
    "different graphs": lambda: [blended(1), panorama(4), two_canvases()],
}


@pytest.mark.parametrize("name", GRAPHS)
def test_predicted_calls_equal_the_calls_of_a_run(name: str, counted: Counted) -> None:
    assert_as_predicted(fgraph.compile(GRAPHS[name](), device="cpu"), counted)


def test_predicted_calls_equal_the_calls_of_a_run_on_random_graphs(counted: Counted) -> None:
    @settings(max_examples=50, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(graphs())
    def check(document: dict[str, Any]) -> None:
        assume(all(node["op"] != "encode" for node in document["nodes"].values()))  # it draws images within its step
        plan = fgraph.compile(load(document), device="cpu")
        run_plan(plan)  # statistics of a model, such as clusters of channels, are no step of a plan
        assert_as_predicted(plan, counted)

    check()


def test_eager_calls_what_the_plan_calls_unbatched(counted: Counted) -> None:
    plan = fgraph.compile(panorama(3), device="cpu")
    fgraph.run(plan, engine="eager")
    assert plan.cost.unbatched_layer_calls == counted.calls.total()


def test_a_panorama_of_eight_calls_each_layer_once_for_each_size() -> None:
    plan = fgraph.compile(panorama(8), device="cpu")
    lines = [line for line in plan.layers if line.model]
    assert {line.calls for line in lines} == {1}
    sizes = {(line.name, getattr(line, "tile", "") or line.size) for line in lines}
    assert len(sizes) == len(lines)
    assert rows_by_layer(plan)["b4.conv1"] == 8  # each code once, although it is a left and a right half
    assert rows_by_layer(plan)["b16.torgb"] == 2 * 7  # two codes run each of the seven pictures


def test_two_hundred_copies_call_each_layer_once() -> None:
    plan = fgraph.compile([blended(seed) for seed in range(200)], device="cpu")
    assert plan.cost.layer_calls == LAYERS
    assert rows_by_layer(plan) == dict.fromkeys(rows_by_layer(plan), 400)
    assert plan.cost.unbatched_layer_calls == 400 * LAYERS
    assert len(plan.raw.instructions) == len(fgraph.compile(blended(), device="cpu").raw.instructions)


def test_equal_graphs_cost_as_one() -> None:
    one = fgraph.compile(blended(3), device="cpu")
    many = fgraph.compile([blended(3) for _ in range(20)], device="cpu")
    assert (many.cost.layer_calls, many.cost.flops) == (one.cost.layer_calls, one.cost.flops)


def test_fifty_edits_of_one_seed_share_the_layers_below_the_edit() -> None:
    def edit(amount: int) -> fgraph.Graph:
        nodes = {
            "s": {"op": "sample", "seed": 4},
            "t": {"op": "tap", "of": "s", "layer": "b8.conv1"},
            "moved": {"op": "shift", "of": "t", "dx": f"{amount}/100"},
            "image": {"op": "decode", "of": "moved"},
        }
        return load({"nodes": nodes, "outputs": ["image"]})

    rows = rows_by_layer(fgraph.compile([edit(amount) for amount in range(1, 51)], device="cpu"))
    below, above = {"b4.conv1", "b4.torgb", "b8.conv0", "b8.conv1"}, {"b8.torgb", "b16.conv0", "b16.conv1", "b16.torgb"}
    assert rows == dict.fromkeys(below, 1) | dict.fromkeys(above, 50)


def test_rows_of_alpha_zero_and_one_cost_one_branch() -> None:
    nodes = {
        "a": {"op": "sample", "seed": 1},
        "b": {"op": "sample", "seed": 2},
        "alpha": {"op": "mask", "kind": "constant", "value": [0, 0.5, 1]},
        "m": {"op": "blend", "a": "a", "b": "b", "mask": "alpha"},
        "image": {"op": "decode", "of": "m"},
    }
    rows = rows_by_layer(fgraph.compile(load({"nodes": nodes, "outputs": ["image"]}), device="cpu"))
    assert rows.pop("b4.conv1") == 2  # both codes on one constant
    assert set(rows.values()) == {4}  # both run one of the three trunks


def test_a_blend_with_an_empty_mask_costs_nothing(counted: Counted) -> None:
    nodes = {
        "a": {"op": "sample", "seed": 1},
        "b": {"op": "sample", "seed": 2},
        "fade": RAMP | {"alpha": 0},
        "m": {"op": "blend", "a": "a", "b": "b", "mask": "fade"},
        "unused": {"op": "decode", "of": "b"},
        "image": {"op": "decode", "of": "m"},
    }
    plan = fgraph.compile(load({"nodes": nodes, "outputs": ["image"]}), device="cpu")
    assert set(rows_by_layer(plan).values()) == {1}
    assert_as_predicted(plan, counted)


class Recorded:
    """A record of the results of steps, and of those that are alive."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bytes: list[int] = []
        self.alive: list[Any] = []
        run_step = execute._run_step

        def recording(*args: Any) -> torch.Tensor:
            made = run_step(*args).clone()  # a view, or a tensor of the generator, lives on elsewhere
            self.bytes.append(made.numel() * made.element_size())
            self.alive.append(weakref.ref(made))
            return made

        monkeypatch.setattr(execute, "_run_step", recording)


@pytest.mark.parametrize("name", GRAPHS)
def test_buffers_are_freed_after_their_last_use(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = Recorded(monkeypatch)
    plan = fgraph.compile(GRAPHS[name](), device="cpu")
    freed: set[int] = set()

    def check(step: Step) -> None:
        number = len(recorded.alive) - 1
        assert plan.steps[number] is step
        gone = {buffer for buffer, made in enumerate(recorded.alive) if made() is None}
        assert gone == freed
        freed.update(step.last_uses)

    run_plan(plan, on_step=check)
    assert_freed_in_time(plan)


@pytest.mark.parametrize("name", GRAPHS)
def test_predicted_bytes_cover_all_live_buffers(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = Recorded(monkeypatch)
    plan = fgraph.compile(GRAPHS[name](), device="cpu")
    run_plan(plan)
    assert [step.out_bytes for step in plan.steps] == recorded.bytes
    alive = most = 0
    for step, made in zip(plan.steps, recorded.bytes, strict=True):
        alive += made
        most = max(most, alive)
        alive -= sum(recorded.bytes[buffer] for buffer in step.last_uses)
    assert most <= plan.cost.peak_bytes <= 6 * most  # the workspace of steps adds to it


def test_a_budget_that_a_plan_would_exceed_is_refused_before_it_runs() -> None:
    peak = fgraph.compile(panorama(8), device="cpu").cost.peak_bytes
    assert fgraph.compile(panorama(8), device="cpu", memory=peak).cost.peak_bytes == peak
    with pytest.raises(fgraph.MemoryBudgetError, match="iB"):
        fgraph.compile(panorama(8), device="cpu", memory=1000)


def test_the_table_names_each_layer_and_the_totals() -> None:
    plan = fgraph.compile([blended(1), blended(2)], device="cpu")
    text = str(plan)
    for layer in tiny(0).table.layers[1:]:
        assert layer.name in text
    assert "2 graphs" in text
    assert f"row by row{plan.cost.unbatched_layer_calls:>24,}" in text


def test_an_operation_states_its_cost() -> None:
    class Costly(Clamp):
        """An operation that no code of plans mentions."""

        def workspace(self, call: Call, gathered: Sequence[int]) -> int:
            return 1000 * call.rows

        def seconds(self, call: Call, profile: DeviceProfile) -> float:
            return 7 * profile.overhead

    plan = fgraph.compile(
        "{nodes: {z: {op: sample, seed: [1, 2]}, i: {op: decode, of: z}}, outputs: [i]}", device="cpu"
    )
    (number,) = (number for number, step in enumerate(plan.steps) if isinstance(step.op, Clamp))
    step = replace(plan.steps[number], op=Costly())
    profile = DeviceProfile("cpu", "cpu", "float32", 1, 0.5, 1.0, 1.0, 1.0, (), ())
    assert step.workspace == 2000
    assert step_seconds(step, profile) == 3.5
    steps = (*plan.steps[:number], step, *plan.steps[number + 1 :])
    more = bytes_in_use(steps, plan.results)[number] - bytes_in_use(plan.steps, plan.results)[number]
    assert more == 2000 - plan.steps[number].workspace
