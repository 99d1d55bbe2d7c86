"""Published functions in settings that no golden covers, against a plain loop over layers written from their papers.

The walk (StyleGAN of All Trades, section 4): at each layer both codes run on the same mixed features.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import fgraph
from fgraph.stylegan.nn.stylegan2 import upsample_skip
from tests.engine.comparing import assert_close
from tests.networks import tiny

pytestmark = pytest.mark.numeric

MAIN, TOON = tiny(0, 32), tiny(1, 32)
Weight = Callable[[int, int, int], Tensor]  # (σ index, height, width) -> α
ENGINES: tuple[Any, ...] = ("batched", "eager")


def code(seed: int, model: Any = MAIN) -> Tensor:
    """Return raw styles [1, S] of a seed."""
    z = torch.randn(1, model.table.z_dim, generator=torch.Generator().manual_seed(seed))
    return model.affine(model.map(z))


def walk(
    first: Tensor, second: Tensor, alpha: Weight, *, models: tuple[Any, Any] = (MAIN, MAIN), noise: bool = True,
    after: Callable[[int, Tensor], Tensor] = lambda index, x: x, mix_const: bool = False,
) -> Any:  # fmt: skip
    """Run both codes on one trunk, mixed after every layer; `after` changes x and skip once a layer has run."""
    x, skip = models[0].const(), None
    if mix_const:
        x = torch.lerp(x, models[1].const(), alpha(-1, 4, 4))
    for layer in models[0].table.layers[1:]:
        if skip is not None and layer.up == 2:
            skip = upsample_skip(skip)
        made = []
        for model, styles in zip(models, (first, second), strict=True):
            style = styles[:, layer.style_slice]
            if layer.kind == "torgb":
                made.append(model.torgb(layer, x, style, skip))
            else:
                field = model.noise_const(layer)
                field = field.repeat(1, 1, 1, 4)[..., : x.shape[-1] * layer.up] if noise else None
                made.append(model.conv(layer, x, style, field))
        mixed = torch.lerp(made[0], made[1], alpha(layer.index, *made[0].shape[-2:]))
        x, skip = (mixed, skip) if layer.kind == "conv" else (x, mixed)
        if layer.index == 0 or layer.name == "b8.torgb":
            x, skip = after(layer.index, x), None if skip is None else after(layer.index, skip)
    assert skip is not None
    return skip.clamp(-1, 1).numpy()


def ramp(length: int) -> Tensor:
    quarter = length // 4
    return torch.cat([torch.zeros(quarter), torch.linspace(0, 1, length - 2 * quarter), torch.ones(quarter)])


def run(engine: Any, nodes: dict[str, Any], **more: Any) -> Any:
    document = {"models": {"main": MAIN, "toon": TOON}, "nodes": nodes, "outputs": ["image"], **more}
    return fgraph.run(document, engine=engine, device="cpu")["image"].array


def sample(seed: int) -> dict[str, Any]:
    return {"op": "sample", "seed": seed}


NONE = {"mode": "none"}


@pytest.mark.parametrize("engine", ENGINES)
@torch.no_grad()
def test_blend_vertical(engine: Any) -> None:
    expected = walk(code(1), code(2), lambda index, height, width: ramp(height)[:, None])
    nodes = {
        "s1": sample(1),
        "s2": sample(2),
        "fade": {"op": "mask", "kind": "ramp", "axis": "y"},
        "m": {"op": "blend", "a": "s1", "b": "s2", "mask": "fade"},
        "image": {"op": "decode", "of": "m"},
    }
    assert_close(run(engine, nodes), expected, "blend vertical")


@pytest.mark.parametrize("engine", ENGINES)
@torch.no_grad()
def test_merge_fades_over_the_whole_width(engine: Any) -> None:
    first, second = code(1), code(2)
    layer = MAIN.table.at(0)
    joined = torch.cat(
        [MAIN.conv(layer, MAIN.const(), one[:, layer.style_slice], MAIN.noise_const(layer)) for one in (first, second)],
        3,
    )
    expected = walk(
        first,
        second,
        lambda index, height, width: torch.linspace(0, 1, width),
        after=lambda index, x: joined if index == 0 else x,
    )
    nodes = {
        "s1": sample(1),
        "s2": sample(2),
        "l": {"op": "tap", "of": "s1", "layer": "b4.conv1"},
        "r": {"op": "tap", "of": "s2", "layer": "b4.conv1"},
        "w": {"op": "concat", "of": ["l", "r"]},
        "wl": {"op": "restyle", "of": "w", "latent": "s1"},
        "wr": {"op": "restyle", "of": "w", "latent": "s2"},
        "fade": {"op": "mask", "kind": "ramp", "start": 0, "stop": 1},
        "m": {"op": "blend", "a": "wl", "b": "wr", "mask": "fade", "layers": "1.."},
        "image": {"op": "decode", "of": "m"},
    }
    assert_close(run(engine, nodes), expected, "merge")


def pad_wide(mode: str) -> Callable[[int, Tensor], Tensor]:
    return lambda index, x: F.pad(x, (4, 4, 0, 0), mode=mode) if index else x


SINGAN: dict[str, tuple[dict[str, Any], Callable[[int, Tensor], Tensor]]] = {
    "reflect": ({"op": "pad", "left": 0.5, "right": 0.5}, pad_wide("reflect")),
    "replicate": ({"op": "pad", "left": 0.5, "right": 0.5, "mode": "replicate"}, pad_wide("replicate")),
    "circular": ({"op": "pad", "left": 0.5, "right": 0.5, "mode": "circular"}, pad_wide("circular")),
    "horizontal": ({"op": "resize", "width": 2}, lambda index, x: x.repeat_interleave(2, 3) if index else x),
    "vertical": ({"op": "resize", "height": 2}, lambda index, x: x.repeat_interleave(2, 2) if index else x),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("mode", SINGAN)
@torch.no_grad()
def test_singan(mode: str, engine: Any) -> None:
    edit, after = SINGAN[mode]
    expected = walk(code(3), code(3), lambda index, height, width: torch.zeros(()), noise=False, after=after)
    nodes = {
        "s": sample(3),
        "t": {"op": "tap", "of": "s", "layer": "b8"},
        "p": {"of": "t", **edit},
        "image": {"op": "decode", "of": "p"},
    }
    made = run(engine, nodes, noise=NONE)
    assert made.shape == ((1, 3, 64, 32) if mode == "vertical" else (1, 3, 32, 64))
    assert_close(made, expected, mode)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("swap", [False, True])
@torch.no_grad()
def test_patch_swap_of_boxes_that_overlap(swap: bool, engine: Any) -> None:
    def paused(seed: int) -> Tensor:
        x = MAIN.const()
        for layer in MAIN.table.layers[1:]:
            if layer.kind == "conv" and layer.resolution <= 16:
                x = MAIN.conv(layer, x, code(seed)[:, layer.style_slice], MAIN.noise_const(layer))
        return x

    one, two = paused(1), paused(2)
    mixed = one.clone()
    mixed[..., 2:8, 3:8] = two[..., 4:10, 6:11]
    if swap:
        mixed[..., 4:10, 6:11] = two[..., 2:8, 3:8]
    nodes = {
        "s1": sample(1),
        "s2": sample(2),
        "one": {"op": "tap", "of": "s1", "layer": "b16"},
        "two": {"op": "tap", "of": "s2", "layer": "b16"},
        "box1": {"op": "mask", "kind": "box", "grid": 16, "box": [3, 2, 5, 6]},
        "box2": {"op": "mask", "kind": "box", "grid": 16, "box": [6, 4, 5, 6]},
        "t1": {"op": "shift", "of": "two", "dx": -3, "dy": -2, "unit": "pixel"},
        "t2": {"op": "shift", "of": "two", "dx": 3, "dy": 2, "unit": "pixel"},
        "p1": {"op": "blend", "a": "one", "b": "t1", "mask": "box1", "layers": "here", "parts": "activation"},
        "p2": {"op": "blend", "a": "p1", "b": "t2", "mask": "box2", "layers": "here", "parts": "activation"},
    }
    nodes["image"] = {"op": "tap", "of": "p2" if swap else "p1", "layer": "b16"}
    document = {"models": {"main": MAIN}, "nodes": nodes, "outputs": ["image"]}
    made = fgraph.run(document, engine=engine, device="cpu")["image"].tensors["activation"]
    assert_close(made, mixed.numpy(), "patch swap")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("early", [0.0, 0.3, 1.0])
@torch.no_grad()
def test_toonify(early: float, engine: Any) -> None:
    """The constants are mixed too; both codes come from the second model."""
    expected = walk(
        code(1, TOON),
        code(2, TOON),
        lambda index, height, width: torch.tensor(early if index < 6 else 0.7),
        models=(MAIN, TOON),
        mix_const=True,
    )
    nodes = {
        "s1": sample(1) | {"model": "toon"},
        "s2": sample(2) | {"model": "toon"},
        "early": {"op": "mask", "kind": "constant", "value": early},
        "late": {"op": "mask", "kind": "constant", "value": 0.7},
        "a": {"op": "tap", "of": "s1", "model": "main"},
        "b": {"op": "tap", "of": "s2", "model": "toon"},
        "e": {"op": "blend", "a": "a", "b": "b", "mask": "early", "layers": "const..5"},
        "m": {"op": "blend", "a": "e", "b": "b", "mask": "late", "layers": "6.."},
        "image": {"op": "decode", "of": "m"},
    }
    assert_close(run(engine, nodes), expected, "toonify")


@torch.no_grad()
def test_nested_blends_multiply_their_weights() -> None:
    """(1-α)((1-β)A + βB) + αC, all three on one trunk."""
    x, skip = MAIN.const(), None
    for layer in MAIN.table.layers[1:]:
        if skip is not None and layer.up == 2:
            skip = upsample_skip(skip)
        styles = [code(seed)[:, layer.style_slice] for seed in (1, 2, 3)]
        if layer.kind == "torgb":
            parts = [MAIN.torgb(layer, x, style, skip) for style in styles]
        else:
            parts = [MAIN.conv(layer, x, style, MAIN.noise_const(layer)) for style in styles]
        a, b, c = parts
        mixed = 0.75 * (0.6 * a + 0.4 * b) + 0.25 * c
        x, skip = (mixed, skip) if layer.kind == "conv" else (x, mixed)
    nodes = {
        "a": sample(1),
        "b": sample(2),
        "c": sample(3),
        "beta": {"op": "mask", "kind": "constant", "value": 0.4},
        "alpha": {"op": "mask", "kind": "constant", "value": 0.25},
        "inner": {"op": "blend", "a": "a", "b": "b", "mask": "beta"},
        "outer": {"op": "blend", "a": "inner", "b": "c", "mask": "alpha"},
        "image": {"op": "decode", "of": "outer", "clamp": False},
    }
    assert skip is not None
    assert_close(run("batched", nodes), skip.numpy(), "nested")


@torch.no_grad()
def test_a_closed_mosaic_rolls_with_its_codes() -> None:
    """A wrapped canvas has no seam: turning the codes by a cell turns the picture by a cell."""
    nodes = {
        "z": {"op": "sample", "seed": [1, 2, 3, 4]},
        "turned": {"op": "rows", "of": "z", "take": "1,2,3,0"},
        "m": {"op": "mosaic", "of": "z", "grid": [1, 4], "wrap": "x"},
        "n": {"op": "mosaic", "of": "turned", "grid": [1, 4], "wrap": "x"},
        "image": {"op": "decode", "of": "m", "clamp": False},
        "moved": {"op": "decode", "of": "n", "clamp": False},
    }
    document = {"models": {"main": MAIN}, "nodes": nodes, "outputs": ["image", "moved"]}
    result = fgraph.run(document, device="cpu")
    rolled = np.roll(result["image"].array, -MAIN.table.resolution, 3)
    assert_close(result["moved"].array, rolled, "rolled")
    open_nodes = {name: node | ({"wrap": "none"} if node["op"] == "mosaic" else {}) for name, node in nodes.items()}  # type: ignore[index, operator]
    cut = fgraph.run(document | {"nodes": open_nodes}, device="cpu")
    assert np.abs(np.roll(cut["image"].array, -MAIN.table.resolution, 3) - cut["moved"].array).max() > 0.1
