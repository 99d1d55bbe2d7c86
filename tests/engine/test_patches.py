"""Patches: the node against the nodes that it replaces, the published hard copy, and proposals in one plan."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import fgraph
from fgraph.plan import Step
from fgraph.runtime import run_plan
from fgraph.runtime.kernels.proposals import Look, Rule, propose_patches
from fgraph.runtime.kernels.seams import keep_seamless
from tests.engine.comparing import assert_close
from tests.networks import tiny
from tests.paths import GOLDENS
from tests.rounding import assert_no_worse
from tests.runtime.random_rounding import rounded_at_random

pytestmark = pytest.mark.numeric

MAIN = tiny(0, 32)
ENGINES: tuple[Any, ...] = ("batched", "eager")


def run(nodes: dict[str, Any], *, engine: Any = "batched", model: Any = MAIN, **more: Any) -> Any:
    outputs = [name for name, node in nodes.items() if node["op"] in ("decode", "tap")]
    document = {"models": {"main": model}, "nodes": nodes, "outputs": outputs, **more}
    return fgraph.run(document, engine=engine, device="cpu")


def decoded(**node: Any) -> dict[str, Any]:
    code = {"op": "sample", "seed": 5, "truncation": 0.7}
    return {"code": code, "made": {"op": "patches", "of": "code", **node}, "image": {"op": "decode", "of": "made"}}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("layers", ["b16..", "b8..b16", "const..3"])
def test_patches_are_shift_and_blend(engine: Any, layers: str) -> None:
    moves = [((0.5, 0.25, 0.25, 0.25), (-0.375, 0.125)), ((0.1, 0.6, 0.3, 0.2), (0.25, 0))]
    nodes: dict[str, Any] = decoded(
        patches=[{"box": list(box), "by": list(by)} for box, by in moves],
        feather=0.05,
        layers=layers,
        parts="activation",
    )
    last = "code"
    for number, (box, (dx, dy)) in enumerate(moves):
        names = {part: f"{part}{number}" for part in ("here", "there", "moved", "mix")}
        nodes[names["here"]] = {"op": "mask", "kind": "box", "box": list(box), "feather": 0.05}
        nodes[names["there"]] = {"op": "shift", "of": names["here"], "dx": dx, "dy": dy, "mode": "constant"}
        nodes[names["moved"]] = {
            "op": "shift",
            "of": "code",
            "dx": dx,
            "dy": dy,
            "layers": layers,
            "parts": "activation",
        }
        both = {"a": last, "b": names["moved"], "mask": names["there"]}
        last = names["mix"]
        nodes[last] = {"op": "blend", **both, "layers": layers, "parts": "activation"}
    nodes["written"] = {"op": "decode", "of": last}
    result = run(nodes, engine=engine)
    assert_close(result["image"].array, result["written"].array, "the shifts and blends")
    assert np.abs(result["image"].array - run(decoded(patches=nodes["made"]["patches"]))["image"].array).max() > 0.01


def test_form_code_is_the_published_patch_swap() -> None:
    golden = GOLDENS / "patch_swap_swap_soat256_a.npz"
    arrays = np.load(golden)
    (x1, y1, w1, h1), (x2, y2, w2, h2) = (arrays["coord"] / 256).tolist()
    nodes = {name: {"op": "latent", "file": str(golden), "array": name.upper(), "space": "s"} for name in ("s1", "s2")}
    box = [x2, y2, max(w1, w2), max(h1, h2)]
    patch = {"op": "patches", "of": "s1", "source": "s2", "patches": [{"box": box, "to": [x1, y1]}]}
    nodes |= {"made": patch | {"form": "code", "swap": True}, "image": {"op": "decode", "of": "made"}}  # type: ignore[dict-item]
    made = run(nodes, model=str(GOLDENS / "soat256_a.pt"))["image"].array
    assert_close(made, arrays["image"], "patch_swap")


def test_form_code_cuts_boxes_to_whole_pixels_and_leaves_the_skip() -> None:
    nodes = decoded(patches=[{"box": [0.26, 0.3, 0.2, 0.13], "to": [0.7, 0.01]}], form="code", at="b16")
    nodes |= {
        "before": {"op": "tap", "of": "code", "layer": "b16"},
        "after": {"op": "tap", "of": "made", "layer": "b16"},
    }
    result = run(nodes)
    before, after = (result[name].tensors for name in ("before", "after"))
    wanted = before["activation"].copy()
    wanted[..., 0:2, 11:14] = before["activation"][..., 4:6, 4:7]
    assert_close(after["activation"], wanted, "activation")
    assert_close(after["skip"], before["skip"], "skip")


@pytest.mark.parametrize("engine", ENGINES)
def test_proposals_equal_the_same_copies_as_boxes(engine: Any) -> None:
    """Proposals, written as boxes at the places found in the landscape, make the same picture."""
    rule = {"count": 2, "seed": 4, "variations": 3}
    varied = run(decoded(patches=rule), engine=engine, model="landscape")["image"].array
    plan = fgraph.compile({"models": {"main": "landscape"}, "nodes": decoded(patches=rule), "outputs": ["image"]})
    number = next(i for i, one in enumerate(plan.raw.instructions) if one.op.name == "propose")
    rows = fgraph.run(plan.as_baseline())["image"]
    assert_close(rows.array, varied, "baseline")
    picture = run({"code": decoded()["code"], "image": {"op": "decode", "of": "code"}}, model="landscape")[
        "image"
    ].array
    op: Any = plan.raw.instructions[number].op
    kernel_rule = Rule(op.count, (op.rows, op.columns), op.smallest, op.largest, op.horizon)
    before = picture[0].astype(np.float64)
    for row in range(3):
        found = propose_patches(Look(before, kernel_rule.cells), kernel_rule, 4, row)
        assert len(found) == 5
        tried = written_out(found)[0].astype(np.float64)
        boxes = keep_seamless(before, tried, found, kernel_rule.cells, 2)
        assert boxes[0, 2]
        assert_close(written_out(boxes)[0], varied[row], f"variation {row}")


def written_out(patches: Any) -> Any:
    boxes = [{"box": (one[:4] / 16).tolist(), "by": (one[4:] / 16).tolist()} for one in patches if one[2]]
    return run(decoded(patches=boxes), model="landscape")["image"].array


def test_sixteen_variations_differ_and_are_one_plan() -> None:
    graph = fgraph.load("graphs/graph/variations.yaml")
    plan = fgraph.compile(graph, device="cpu")
    calls: list[Step] = []
    images = run_plan(plan, "batched", calls.append)[0]["image"].array  # type: ignore[union-attr]
    assert len(images) == 16
    assert sum(step.op.layer_name is not None for step in calls) == plan.cost.layer_calls
    # layers below the patches run once, for one row; the others once for the picture, and twice for all variations:
    # with all proposed patches, then with the patches whose seams are invisible
    by_layer = [(step.op.layer_name, step.rows) for step in calls if step.op.layer_name]
    assert [rows for name, rows in by_layer if name and name.startswith(("b4.", "b8."))] == [1] * 5
    assert [rows for name, rows in by_layer if name == "b32.conv1"] == [1, 16, 16]
    assert len(by_layer) == 5 + 3 * 9 - 2  # b16.conv0 is shared too: patches come after it
    distances = np.abs(images[:, None] - images[None]).mean(axis=(2, 3, 4))
    assert (distances[np.triu_indices(16, 1)] > 1e-3).all()


def test_a_variation_does_not_depend_on_others() -> None:
    many = run(decoded(patches={"count": 2, "seed": [3, 8, 11]}), model="landscape")["image"].array
    one = run(decoded(patches={"count": 2, "seed": 8}), model="landscape")["image"].array
    assert_close(one[0], many[1], "alone")
    again = run(decoded(patches={"count": 2}), model="landscape", seed=1)["image"].array
    assert np.abs(again - run(decoded(patches={"count": 2}), model="landscape", seed=2)["image"].array).max() > 0.01


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"patches": []}, "patches is empty"),
        ({"patches": [{"box": [0, 0, 0.5, 0.5]}]}, "either `to`, its target, or `by`"),
        ({"patches": [{"box": [0, 0, 0, 0.5], "by": [0.5, 0]}]}, "width and a height above 0"),
        ({"patches": {"count": 1}, "swap": True}, "proposed patches copy within one picture"),
        (
            {"patches": {"seed": [1, 2], "variations": 4}},
            "a list of seeds, one for each row, or one seed with variations",
        ),
        ({"patches": {"smallest": 0.5, "largest": 0.2}}, "is above the largest"),
        (
            {"patches": [{"box": [0, 0, 0.5, 0.5], "by": [0.5, 0]}], "form": "code", "feather": 0.1},
            "leave layers, parts",
        ),
        ({"patches": {"count": 1}, "layers": "b128.."}, "has no layer 'b128'"),
    ],
)
def test_faults_say_what_is_wrong(node: dict[str, Any], message: str) -> None:
    faults = fgraph.check({"models": {"main": MAIN}, "nodes": decoded(**node), "outputs": ["image"]})
    assert any(message in fault.message for fault in faults), faults
    assert all(fault.where.startswith("nodes.made") for fault in faults)


def test_a_canvas_with_proposed_patches_cannot_be_edited() -> None:
    nodes = decoded(patches={"count": 1}) | {"wide": {"op": "pad", "of": "made", "left": 0.5}}
    nodes["image"] = {"op": "decode", "of": "wide"}
    (fault,) = fgraph.check({"models": {"main": MAIN}, "nodes": nodes, "outputs": ["image"]})
    assert "proposed patches still to be copied" in fault.message
    assert fault.where == "nodes.wide"


def test_half_precision_copies_patches_too() -> None:
    """The image is as near to the exact one as rounding allows."""
    moves = [{"box": [0.5, 0.25, 0.25, 0.25], "by": [-0.375, 0.125]}, {"box": [0.1, 0.6, 0.3, 0.2], "by": [0.25, 0]}]
    document = {"models": {"main": "landscape"}, "nodes": decoded(patches=moves), "outputs": ["image"]}
    exact = fgraph.run(document, device="cpu", precision="float64")["image"].array
    references = []
    for draw in range(3):
        with rounded_at_random(torch.bfloat16, draw):
            references.append(fgraph.run(document, device="cpu", engine="eager")["image"].array)
    found = fgraph.run(document, device="cpu", precision="bfloat16")["image"].array
    assert_no_worse(found, references, exact)


@pytest.mark.parametrize(
    ("patches", "where", "message"),
    [
        ({"cout": 3}, "patches.cout", "patches has no field 'cout' (did you mean 'count'?)"),
        ({"count": 0}, "patches.count", "found 0, expected a whole number from 1 to 16"),
        ({"largest": float("nan")}, "patches.largest", "found nan, expected a finite number"),
        ([{"box": [0, 0, 1, 1], "too": [0, 0]}], "patches[0].too", "patches has no field 'too'"),
        ([{"box": [0, 0, 1], "by": [0, 0]}], "patches[0].box", "expected a list of 4"),
    ],
)
def test_the_form_of_patches_decides_their_faults(patches: Any, where: str, message: str) -> None:
    faults = fgraph.check({"models": {"main": MAIN}, "nodes": decoded(patches=patches), "outputs": ["image"]})
    (fault,) = [one for one in faults if one.where == f"nodes.made.{where}"]
    assert message in f"{fault.message} ({fault.hint})"
