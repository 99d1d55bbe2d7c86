"""Features of a drag: a pass up to one layer, and samples of its map, against the operations of torch on whole maps."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

import fgraph
from fgraph.dragging.features import FeatureMaps, compute_features
from fgraph.dragging.layer import feature_layer
from fgraph.dragging.settings import DragError
from fgraph.stylegan.generators.base import Generator
from tests.networks import tiny
from tests.rounding import assert_summed
from tests.stylegan3_networks import tiny_stylegan3

pytestmark = pytest.mark.numeric

SIZE = (24, 32)


@pytest.fixture(scope="module")
def maps() -> FeatureMaps:
    values = torch.randn(2, 5, 6, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return FeatureMaps(values, SIZE)


def test_whole_pixels_match_the_resized_map(maps: FeatureMaps) -> None:
    pixels = torch.tensor([[[0, 0], [31, 23], [7, 11]], [[1, 22], [30, 0], [16, 12]]], dtype=torch.float64)
    found = maps.at_pixels(pixels)
    for row in range(2):
        for at, (x, y) in enumerate(pixels[row].long().tolist()):
            assert_summed(found[row, :, at], maps.resized()[row, :, y, x], terms=4)


def test_places_between_pixels_are_interpolated_on_the_resized_map(maps: FeatureMaps) -> None:
    places = torch.tensor([[[0.25, 3.5], [30.5, 22.75]], [[12.0, 7.125], [5.5, 0.5]]], dtype=torch.float64)
    scale = torch.tensor([2 / (SIZE[1] - 1), 2 / (SIZE[0] - 1)], dtype=torch.float64)
    expected = F.grid_sample(maps.resized(), (places * scale - 1)[:, None], align_corners=True)[:, :, 0]
    assert_summed(maps.at(places), expected, terms=24)


@pytest.mark.parametrize("make", [lambda: tiny(1), lambda: tiny(2, family="resnet"), lambda: tiny_stylegan3(3)])
def test_the_last_layer_of_features_is_what_the_engine_taps(make: object) -> None:
    generator: Generator = make()  # type: ignore[operator]
    layer = feature_layer(generator.table, None)
    graph = fgraph.Graph(models=generator)
    codes = graph.sample(seed=[1, 2])
    tapped = fgraph.run(graph, outputs={"maps": graph.tap(codes, layer=layer.name), "z": codes})
    with torch.no_grad():
        w = generator.map(torch.from_numpy(tapped["z"].array))
        found = generator.activation(generator.affine(w), layer)
    expected = torch.from_numpy(tapped["maps"].tensors["activation"])[:, : layer.out_channels]
    assert_summed(found, expected, terms=9 * layer.in_channels * (layer.index + 1))


def test_margins_are_not_part_of_the_maps() -> None:
    generator = tiny_stylegan3(3)
    layer = next(layer for layer in generator.table.layers if layer.kind == "conv" and layer.margin[0] > 0)
    styles = torch.randn(1, generator.table.style_length, generator=torch.Generator().manual_seed(1))
    maps = compute_features(generator, styles, layer)
    whole = generator.activation(styles, layer, "none")
    half = layer.margin[0] // 2
    assert torch.equal(maps.values, whole[:, :, half:-half, half:-half])
    assert maps.values.shape[2:] == (layer.resolution, layer.resolution)


def test_a_layer_that_makes_no_features_is_refused() -> None:
    table = tiny(1).table
    with pytest.raises(DragError, match=r"'b8\.torgb' is not a convolution of this model"):
        feature_layer(table, "b8.torgb")
