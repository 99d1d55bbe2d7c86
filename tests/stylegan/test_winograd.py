"""Winograd's algorithm agrees with the direct sum, at equal precision, in every layer that may run by it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import fgraph
from fgraph.stylegan.generators import stylegan2 as generator
from fgraph.stylegan.nn import stylegan2 as network
from fgraph.stylegan.nn import winograd
from fgraph.stylegan.tables import chunk_sizes
from tests.networks import tiny, wide
from tests.rounding import assert_promised, assert_summed, assert_within, likely, network_terms

pytestmark = pytest.mark.numeric

WINOGRAD = (
    4  # times the variance of the error of the direct sum, at most: `test_winograd_is_as_exact_as_the_direct_sum`
)


def maps(*shape: int, seed: int = 0) -> Tensor:
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return drawn.contiguous(memory_format=torch.channels_last) if len(shape) == 4 else drawn


def convolve(x: Tensor, weight: Tensor, size: Sequence[int]) -> tuple[Tensor, int]:
    """Return the joined result and the number of its bands; `x` includes its context."""
    height, width = size
    made = torch.empty(len(x), len(weight), height, width)
    bands = 0
    with torch.inference_mode():
        x = F.pad(x, (0, -width % chunk_sizes.WINOGRAD_TILE, 0, -height % chunk_sizes.WINOGRAD_TILE))
        x = x.contiguous(memory_format=torch.channels_last)
        for band, part in winograd.convolve_bands(x, winograd.transform_weight(weight), height, width):
            made[:, :, band], bands = part, bands + 1
    return made, bands


@pytest.mark.parametrize(("rows", "size"), [(1, (16, 16)), (3, (16, 20)), (2, (17, 15)), (1, (3, 30)), (1, (1, 1))])
def test_winograd_computes_a_convolution(rows: int, size: tuple[int, int]) -> None:
    x, weight = maps(rows, 6, size[0] + 2, size[1] + 2), maps(5, 6, 3, 3, seed=1) / 54**0.5
    made, _ = convolve(x, weight, size)
    assert_summed(made, F.conv2d(x, weight), WINOGRAD * 54)


def test_bands_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight = maps(2, 6, 31, 24), maps(5, 6, 3, 3, seed=1) / 54**0.5
    whole, bands = convolve(x, weight, (29, 22))
    assert bands == 1
    monkeypatch.setattr(
        chunk_sizes, "_WINOGRAD_NUMBERS", 2 * 2 * 6 * 6
    )  # two rows, two lines of six tiles, six channels
    parts, bands = convolve(x, weight, (29, 22))
    assert bands == 4
    assert_summed(parts, whole, WINOGRAD * 54)


@pytest.mark.parametrize("channels", [128, 512])
def test_winograd_is_as_exact_as_the_direct_sum(channels: int) -> None:
    x, weight = maps(1, channels, 34, 34), maps(channels, channels, 3, 3, seed=1) / (9 * channels) ** 0.5
    exact = F.conv2d(x.double(), weight.double())
    direct = (F.conv2d(x, weight) - exact).square().mean().sqrt()
    made, _ = convolve(x, weight, (32, 32))
    assert (made - exact).square().mean().sqrt() < 2 * direct
    assert_within(made, exact, likely(WINOGRAD * 9 * channels))  # of results whose standard deviation is 1


@pytest.mark.parametrize("edges", ["none", "x", "y", "xy", "padded"])
@pytest.mark.parametrize("size", [(16, 16), (13, 22)])
def test_a_layer_is_the_same(edges: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    padded = edges == "padded"
    x = maps(5, 6, size[0] + 2 * padded, size[1] + 2 * padded)
    weight, style, bias = maps(7, 6, 3, 3, seed=1), 1 + maps(5, 6, seed=2), maps(7, seed=3)
    rest = {
        "noise": maps(5, 1, *size, seed=4), "strength": torch.tensor(0.3), "padded": padded, "wrap_x": "x" in edges,
        "wrap_y": "y" in edges, "clamp": 1.5, "gain": 0.5, "residual": maps(5, 7, *size, seed=5),
    }  # fmt: skip
    monkeypatch.setattr(chunk_sizes, "CHUNK_BYTES", 2 * 4 * 7 * x.shape[2] * x.shape[3])  # two rows at a time
    with torch.inference_mode():
        transformed = winograd.transform_weight(weight)
        expected = network.styled_conv(x, weight, style, bias, **rest)
        made = network.styled_conv(x, weight, style, bias, transformed=transformed, **rest)
        room = torch.full_like(expected, torch.nan)
        returned = network.styled_conv(x, weight, style, bias, transformed=transformed, out=room, **rest)
    assert_summed(made, expected, WINOGRAD * 54 + 6)
    torch.testing.assert_close(room, made, rtol=0, atol=0)
    assert returned.data_ptr() == room.data_ptr()
    assert made.is_contiguous(memory_format=torch.channels_last)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes of inputs of the algorithm, recorded in order."""
    found: list[tuple[int, ...]] = []
    convolve_bands = network.convolve_bands  # type: ignore[attr-defined]
    monkeypatch.setattr(
        network,
        "convolve_bands",
        lambda x, *rest: found.append(tuple(x.shape)) or convolve_bands(x, *rest),  # type: ignore[func-returns-value]
    )
    return found


def test_wide_layers_of_a_generator_use_the_algorithm(
    calls: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = wide(0)
    styles = model.affine(model.map(maps(2, 8)))
    with torch.inference_mode():
        made = model.synthesise(styles)
        assert calls == [(2, 128, 18, 18), (2, 128, 34, 34)]  # b16.conv1, b32.conv1
        monkeypatch.setattr(generator, "suits", lambda *rest: False)
        assert_summed(made, model.synthesise(styles), WINOGRAD * network_terms(model.table))
    assert len(calls) == 2


def test_gradients_in_double_and_narrow_layers_take_the_direct_sum(calls: list[tuple[int, ...]]) -> None:
    model = wide(0)
    styles = model.affine(model.map(maps(1, 8))).requires_grad_()
    (slope,) = torch.autograd.grad(model.synthesise(styles).sum(), styles)
    assert slope.abs().sum() > 0
    with torch.inference_mode():
        model.to(dtype=torch.float64).synthesise(styles.detach().double())
        tiny(0).synthesise(tiny(0).affine(tiny(0).map(maps(1, 8))))
    assert not calls


def test_the_engine_gives_the_same_results_with_winograd(calls: list[tuple[int, ...]]) -> None:
    """Whole maps and tiles, on closed and on open canvases."""
    for wrap in ("none", "x"):
        graph = fgraph.Graph(models={"main": wide(0)})
        laid = graph.mosaic(graph.sample(seed=[0, 1, 2]), grid=[1, 3], wrap=wrap)
        image = graph.decode(laid)
        graph.outputs = {
            "image": image if wrap == "x" else graph.crop(image, left=0.25, width=0.375, top=0.25, height=0.75)
        }
        made, eager = fgraph.run(graph), fgraph.run(graph, engine="eager")
        for name in made:
            assert_promised(made[name].array, eager[name].array)
    assert any(shape[2] % 4 == 2 and shape[2] not in (18, 34) for shape in calls)  # tiles, rounded up
