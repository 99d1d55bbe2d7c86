"""The noise rules: the published filling of wide canvases, given arrays, and the inputs of a row's noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import fgraph
from fgraph.runtime.kernels.noise import lay_ends
from fgraph.runtime.kernels.seeds import keyed_noise, seeded_noise
from tests.engine.comparing import assert_as_interpreted, assert_close, assert_equal
from tests.networks import tiny
from tests.paths import GOLDENS
from tests.strategies import load

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize("case", "abcdef")
def test_filled_noise_matches_the_published_noise(case: str) -> None:
    golden = np.load(GOLDENS / "noise_fill.npz")
    x, noise, y = (golden[f"{name}_{case}"] for name in ("x", "noise", "y"))
    between = torch.from_numpy(seeded_noise(len(x), *x.shape[2:]))
    filled = lay_ends(between, torch.from_numpy(noise[0])).numpy()
    assert filled.shape == (len(x), 1, *x.shape[2:])
    assert_close(x + golden["weight"] * filled, y, case)


def wide(fit: str = "ends", seeds: object = (3, 8), right: str = "1.5") -> dict:  # type: ignore[type-arg]
    return {
        "noise": {"mode": "const", "fit": fit},
        "nodes": {
            "z": {"op": "sample", "seed": list(seeds) if isinstance(seeds, tuple) else seeds},
            "t": {"op": "tap", "of": "z", "layer": "b4.conv1"},
            "p": {"op": "pad", "of": "t", "right": right, "mode": "replicate"},
            "image": {"op": "decode", "of": "p"},
        },
        "outputs": ["image"],
    }


def test_ends_draws_for_the_declared_rows_whatever_is_stacked() -> None:
    graphs = [load(wide()), load(wide(seeds=(5, 8))), load(wide(seeds=3)), load(wide(seeds=(1, 2, 3)))]
    plan = fgraph.compile(graphs, device="cpu")
    batched, eager = fgraph.run(plan), fgraph.run(plan, engine="eager")
    for graph, own, other in zip(graphs, batched, eager, strict=True):
        assert_equal(own, other)
        assert_equal(own, fgraph.run(graph, device="cpu"))
        assert_as_interpreted(own, graph)


def test_ends_up_to_twice_the_width_does_not_depend_on_the_rows() -> None:
    both = fgraph.run(load(wide(right="1")), device="cpu")
    alone = fgraph.run(load(wide(right="1", seeds=8)), device="cpu")
    assert_equal(alone, both, 1)


def test_the_fault_of_fit_ends_suggests_tile() -> None:
    document = wide()
    document["nodes"]["p"] = {"op": "pad", "of": "t", "top": "0.5"}
    (fault,) = fgraph.check(load(document))
    assert fault.where == "nodes.image"
    assert "ends" in fault.message
    assert "tile" in fault.message


def test_random_noise_depends_on_seed_row_and_layer_alone() -> None:
    base = keyed_noise(1, 2, "b8.conv0", 4, 6)
    assert np.array_equal(base, keyed_noise(1, 2, "b8.conv0", 4, 6))
    for other in (
        keyed_noise(2, 2, "b8.conv0", 4, 6),
        keyed_noise(1, 3, "b8.conv0", 4, 6),
        keyed_noise(1, 2, "b8.conv1", 4, 6),
    ):
        assert not np.isclose(base, other).all()
    many = keyed_noise(1, 2, "b8.conv0", 256, 256)
    assert abs(many.mean()) < 5 / 256  # five standard errors of 256 x 256 normal numbers
    assert abs(many.std() - 1) < 5 / (2**0.5 * 256)


def test_given_noise_is_picked_by_the_rows_of_each_pass(tmp_path: Path) -> None:
    model = tiny(0)
    convs = [layer for layer in model.table.layers if layer.noise_index is not None]
    draw = torch.Generator().manual_seed(7)
    noise = [torch.randn(3, 1, layer.resolution, layer.resolution, generator=draw) for layer in convs]
    path = tmp_path / "noise.npz"
    np.savez(path, **{f"noise_{number}": one.numpy() for number, one in enumerate(noise)})
    document = {
        "noise": {"mode": "given", "file": str(path)},
        "nodes": {
            "z": {"op": "sample", "seed": [1, 2, 3]},
            "image": {"op": "decode", "of": "z", "clamp": False},
            "last": {"op": "rows", "of": "image", "take": "2"},
        },
        "outputs": ["image", "last"],
    }
    result = fgraph.run(load(document), device="cpu")
    z = torch.cat([torch.randn(1, 8, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2, 3)])
    expected = model.synthesise(model.affine(model.map(z)), noise)
    assert_close(result["image"].array, expected.numpy(), "image")
    assert_close(result["last"].array, expected[2:].numpy(), "last")


def test_given_noise_of_other_rows_is_a_fault_even_beside_graphs_that_it_fits(tmp_path: Path) -> None:
    path = tmp_path / "noise.npz"
    convs = [layer for layer in tiny(0).table.layers if layer.noise_index is not None]
    arrays = {f"noise_{n}": np.ones((3, 1, one.resolution, one.resolution)) for n, one in enumerate(convs)}
    np.savez(path, **arrays)

    def graph(seeds: list[int]) -> fgraph.Graph:
        nodes = {"z": {"op": "sample", "seed": seeds}, "image": {"op": "decode", "of": "z"}}
        return load({"noise": {"mode": "given", "file": str(path)}, "nodes": nodes, "outputs": ["image"]})

    assert not fgraph.check(graph([1, 2, 3]))
    for graphs in ([graph([1, 2])], [graph([1, 2, 3]), graph([1, 2])], [graph([1, 2]), graph([1, 2, 3])]):
        faults = fgraph.check(graphs)
        assert faults
        assert "has 3 rows; the pass has 2" in faults[0].message
