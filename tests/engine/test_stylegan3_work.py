"""StyleGAN3 in graphs: the work that is saved, and a run by the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import fgraph
from fgraph.ir.ops import LayerOp
from fgraph.stylegan.generators.stylegan3 import StyleGAN3Generator
from tests.engine.stylegan3 import T, assert_close, compute
from tests.paths import GOLDENS

pytestmark = pytest.mark.numeric


def counted(document: dict[str, Any]) -> tuple[fgraph.Plan, int]:
    """Return a plan, and the calls of layers that happen when it runs."""
    from fgraph._options import RunOptions
    from fgraph.runtime.execute import execute
    from fgraph.runtime.run import make_context

    plan, calls = fgraph.compile(fgraph.load(document), device="cpu"), []
    context = make_context(plan.models, RunOptions("cpu"))
    execute(plan, context, lambda *_: None, on_step=lambda step: calls.append(step.op))
    return plan, sum(isinstance(op, LayerOp) for op in calls)


def test_each_layer_is_called_once_for_all_rows() -> None:
    nodes = {"code": {"op": "sample", "seed": list(range(5))}, "image": {"op": "decode", "of": "code"}}
    plan, calls = counted({"models": {"main": T}, "nodes": nodes, "outputs": ["image"]})
    assert calls == plan.cost.layer_calls == len(T.table.layers) - 1
    assert plan.cost.unbatched_layer_calls == 5 * calls


def test_only_the_part_that_an_output_shows_is_computed() -> None:
    nodes: dict[str, Any] = {
        "code": {"op": "sample", "seed": 3}, "wide": {"op": "pad", "of": "code", "right": 7},
        "image": {"op": "decode", "of": "wide"}, "part": {"op": "crop", "of": "image", "width": 0.125},
    }  # fmt: skip
    document = {"models": {"main": T}, "nodes": nodes, "outputs": ["part"]}
    plan, calls = counted(document)
    assert calls == plan.cost.layer_calls
    assert plan.cost.flops < 0.35 * plan.cost.shared_flops
    whole = fgraph.run(fgraph.load(document | {"outputs": ["image"]}), device="cpu")["image"].array
    assert_close(fgraph.run(plan)["part"].array, whole[..., :32], "the part")


def test_a_long_canvas_runs_in_bounded_memory() -> None:
    nodes: dict[str, Any] = {
        "code": {"op": "sample", "seed": 3}, "wide": {"op": "pad", "of": "code", "right": 15},
        "image": {"op": "decode", "of": "wide"},
    }  # fmt: skip
    plan = fgraph.compile(fgraph.load({"models": {"main": T}, "nodes": nodes, "outputs": ["image"]}), device="cpu")
    cut = plan.within(plan.cost.peak_bytes // 3)
    assert cut.chunks > 1
    assert cut.cost.peak_bytes <= plan.cost.peak_bytes // 3
    assert_close(fgraph.run(cut)["image"].array, fgraph.run(plan)["image"].array, "in chunks")


def test_a_local_change_is_computed_where_it_is() -> None:
    """Two strengths of one local edit in the last layers: the second differs inside the box and a halo only."""
    nodes: dict[str, Any] = {
        "a": {"op": "sample", "seed": 3}, "b": {"op": "sample", "seed": 4},
        "far": {"op": "pad", "of": "a", "right": 3}, "wide": {"op": "pad", "of": "b", "right": 3},
        "k": {"op": "mask", "kind": "box", "box": [0.05, 0.3, 0.1, 0.3], "alpha": [0.5, 1.0]},
        "m": {"op": "blend", "a": "far", "b": "wide", "mask": "k", "layers": "L1.."},
        "image": {"op": "decode", "of": "m"},
    }  # fmt: skip
    document = {"models": {"main": T}, "nodes": nodes, "outputs": ["image"]}
    plan = fgraph.compile(fgraph.load(document), device="cpu")
    single = fgraph.compile(fgraph.load(document, overrides=["nodes.k.alpha=0.5"]), device="cpu")
    assert plan.cost.flops < 1.5 * single.cost.flops
    compute(T, nodes)


def test_the_command_line_runs_stylegan3(tmp_path: Path) -> None:
    from fgraph.cli import main

    folder = tmp_path / "run"
    arguments = ["graph=blend_horizontal", f"model={GOLDENS / 'sg3_t_32.pkl'}", f"hydra.run.dir={folder}"]
    assert main(arguments) == 0
    assert list(folder.rglob("*.png"))


def test_the_module_loads_what_runs() -> None:
    assert isinstance(fgraph.load_generator(GOLDENS / "sg3_t_32.pkl"), StyleGAN3Generator)
