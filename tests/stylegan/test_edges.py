"""Layers read the right neighbours at, around and across the edges, at any size."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.nn import stylegan2 as network
from tests.rounding import assert_rounded, assert_summed, network_terms

pytestmark = [pytest.mark.numeric, pytest.mark.usefixtures("no_gradients")]

LAYER_TERMS = 9 * 6 + 6 + 2 * 4 + 4  # products, demodulation, the filter on two axes; style, gains
SIZES = [(4, 4), (3, 8), (1, 5), (7, 1), (1, 1)]


def layer(size: tuple[int, int], up: int, seed: int = 0) -> Any:
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(2, 6, *size, generator=draw)
    weight = torch.randn(5, 6, 3, 3, generator=draw)
    return x, weight, 1 + 0.3 * torch.randn(2, 6, generator=draw)


def convolved(x: Any, weight: Any, style: Any, **edges: Any) -> Any:
    """Run a layer that does nothing after its convolution."""
    return network.styled_conv(x, weight, style, torch.zeros(len(weight)), activation="linear", **edges)


def by_definition(x: Any, weight: Any, style: Any, up: int) -> Any:
    """Compute as published, row by row: modulate and demodulate the weight, convolve, filter."""
    rows = []
    for row, s in zip(x, style, strict=True):
        w = weight * s[None, :, None, None] / weight[0].numel() ** 0.5
        w = w * torch.rsqrt(w.square().sum((1, 2, 3), keepdim=True) + 1e-8)
        if up == 1:
            rows.append(torch.conv2d(row[None], w, padding=1))
            continue
        y = torch.nn.functional.pad(torch.conv_transpose2d(row[None], w.transpose(0, 1), stride=2), (1, 1, 1, 1))
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
        kernel = torch.outer(taps, taps) / 16
        rows.append(torch.conv2d(y.transpose(0, 1), kernel[None, None]).transpose(0, 1))
    return torch.cat(rows)


@pytest.mark.parametrize("up", [1, 2])
@pytest.mark.parametrize("size", SIZES)
def test_equals_the_definition(size: tuple[int, int], up: int) -> None:
    x, weight, style = layer(size, up)
    found = convolved(x, weight, style, up=up)
    assert found.shape == (2, 5, size[0] * up, size[1] * up)
    assert_summed(found, by_definition(x, weight, style, up), LAYER_TERMS)


def test_without_demodulation() -> None:
    x, weight, style = layer((5, 6), 1)
    found = network.to_rgb(x, weight[..., :1, :1], style, torch.zeros(5))
    expected = torch.conv2d(x * style[:, :, None, None], weight[..., :1, :1] / 6**0.5)
    assert_rounded(found, expected, 8 + 4)  # six products, the gain and the style


@pytest.mark.parametrize("up", [1, 2])
@pytest.mark.parametrize(("wrap_x", "wrap_y"), [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize("size", SIZES)
def test_wrapped_is_the_centre_of_a_tiled_canvas(size: tuple[int, int], wrap_x: bool, wrap_y: bool, up: int) -> None:
    x, weight, style = layer(size, up)
    tiled = x.tile(1, 1, 3 if wrap_y else 1, 3 if wrap_x else 1)
    expected = convolved(tiled, weight, style, up=up)
    top, left = size[0] * up if wrap_y else 0, size[1] * up if wrap_x else 0
    expected = expected[:, :, top : top + size[0] * up, left : left + size[1] * up]
    found = convolved(x, weight, style, up=up, wrap_x=wrap_x, wrap_y=wrap_y)
    assert_summed(found, expected, LAYER_TERMS)


@pytest.mark.parametrize("up", [1, 2])
def test_rolling_a_closed_canvas_rolls_the_result(up: int) -> None:
    x, weight, style = layer((6, 8), up)
    whole = convolved(x, weight, style, up=up, wrap_x=True, wrap_y=True)
    rolled = convolved(x.roll((2, 3), (2, 3)), weight, style, up=up, wrap_x=True, wrap_y=True)
    assert_summed(rolled, whole.roll((2 * up, 3 * up), (2, 3)), LAYER_TERMS)


@pytest.mark.parametrize("up", [1, 2])
def test_a_tile_with_its_context_is_that_part_of_the_whole(up: int) -> None:
    x, weight, style = layer((8, 9), up)
    whole = convolved(x, weight, style, up=up)
    tile = convolved(x[:, :, 1:7, 3:8], weight, style, up=up, padded=True)
    assert_summed(tile, whole[:, :, 2 * up : 6 * up, 4 * up : 7 * up], LAYER_TERMS)
    zeros = convolved(network.pad_edges(x), weight, style, up=up, padded=True)
    assert_summed(zeros, whole, LAYER_TERMS)


def test_skip_upsampling_formula() -> None:
    x = torch.tensor([4.0, 8.0, 20.0])
    row = torch.tensor([3.0, 5.0, 7.0, 11.0, 17.0, 15.0])  # (x[i-1] + 3 x[i]) / 4, (3 x[i] + x[i+1]) / 4
    vertical = torch.tensor([0.75, 0.75])  # of a single row between zeros
    expected = vertical[:, None] * row[None]
    assert_rounded(network.upsample_skip(x.view(1, 1, 1, 3))[0, 0], expected, 6)


@pytest.mark.parametrize("size", SIZES)
def test_wrapped_skip(size: tuple[int, int]) -> None:
    skip = torch.randn(2, 3, *size)
    height, width = 2 * size[0], 2 * size[1]
    expected = network.upsample_skip(skip.tile(1, 1, 3, 3))[:, :, height : 2 * height, width : 2 * width]
    assert_rounded(network.upsample_skip(skip, True, True), expected, 6)
    along_x = network.upsample_skip(skip.tile(1, 1, 1, 3))[..., width : 2 * width]
    assert_rounded(network.upsample_skip(skip, wrap_x=True), along_x, 6)
    padded = network.upsample_skip(network.pad_edges(skip, True, True), padded=True)
    assert_rounded(padded, expected, 6)


def test_a_closed_image_has_no_seam(small: StyleGAN2Generator, styles: Tensor) -> None:
    """On a closed canvas, rolling every layer's noise rolls the whole image."""
    turns = {layer.noise_index: layer.resolution // 4 for layer in small.table.layers if layer.noise_index is not None}
    noise = [small.noise_const(layer) for layer in small.table.layers if layer.noise_index is not None]
    flat = {**small.tensors, "const": small.const().mean((2, 3), keepdim=True).expand(-1, -1, 4, 4)}
    generator = type(small).from_tensors(small.table, flat)
    image = generator.synthesise(styles[:1], noise, wrap_x=True, wrap_y=True)
    rolled = [n.roll((turns[i], 3 * turns[i]), (2, 3)) for i, n in enumerate(noise)]
    found = generator.synthesise(styles[:1], rolled, wrap_x=True, wrap_y=True)
    assert_summed(found, image.roll((16, 48), (2, 3)), network_terms(small.table))
    assert (image - image.roll(16, 3)).abs().max() > 0.01
