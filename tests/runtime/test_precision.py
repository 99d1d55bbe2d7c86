"""Half precision: its errors, the parts that stay in full precision, and numbers beyond its range."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
import torch

import fgraph
from fgraph._errors import FgraphError
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.nn.half import DTYPES, half_from
from fgraph.stylegan.tables import chunk_sizes
from fgraph.stylegan.tables.base import Layer
from tests.networks import tiny
from tests.rounding import assert_no_worse, largest, likely, network_terms
from tests.runtime.random_rounding import rounded_at_random

pytestmark = pytest.mark.numeric

GRAPH = """
models: {main: %s}
nodes:
  left: {op: sample, seed: [3, 5], truncation: 0.7}
  right: {op: sample, seed: 8, truncation: 0.7}
  fade: {op: mask, kind: ramp, axis: x, start: 0.25, stop: 0.75}
  mix: {op: blend, a: left, b: right, mask: fade}
  image: {op: decode, of: mix}
outputs: [image]
"""
EDITED = """
nodes:
  code: {op: sample, seed: 3, truncation: 0.7}
  paused: {op: tap, of: code, layer: b32.conv1}
  moved: {op: shift, of: paused, dx: 0.3}
  wide: {op: concat, of: [moved, paused], axis: x}
  whole: {op: decode, of: wide}
  image: {op: crop, of: whole, left: 0.25, width: 0.25, height: 0.5}
outputs: [image]
"""  # a crop, so that layers compute tiles
DRAWS = range(3)


def images(graph: str, precision: str, engine: Literal["batched", "eager"] = "batched") -> np.ndarray:
    result = fgraph.run(graph, precision=precision, engine=engine, device="cpu")
    array = result["image"].array
    assert isinstance(array, np.ndarray)
    assert array.dtype == np.float32
    return array


@pytest.mark.parametrize("precision", DTYPES)
@pytest.mark.parametrize(
    "graph", [GRAPH % "landscape", GRAPH % "avatar", EDITED], ids=["landscape", "avatar", "edited"]
)
def test_images_are_as_near_to_exact_images_as_rounding_allows(graph: str, precision: str) -> None:
    exact, references = images(graph, "float64"), []
    for draw in DRAWS:
        with rounded_at_random(DTYPES[precision], draw):
            references.append(images(graph, "float32", "eager"))
    assert_no_worse(images(graph, precision), references, exact)
    assert_no_worse(images(graph, precision, "eager"), references, exact)


@pytest.mark.parametrize("dtype", DTYPES.values())
def test_high_layers_run_in_half_and_the_skip_in_full(dtype: torch.dtype) -> None:
    full = tiny(1, 32)
    half = full.with_half(dtype)
    styles = full.affine(torch.randn(2, full.table.w_dim, generator=torch.Generator().manual_seed(0)))
    x = full.const().expand(2, -1, -1, -1)
    for layer in full.table.layers[1:]:
        style = styles[:, layer.style_slice]
        if layer.kind == "conv":
            x = half.conv(layer, x, style, None)
            assert x.dtype == (dtype if layer.resolution >= half_from(32) else torch.float32)
        else:
            assert half.torgb(layer, x, style, None).dtype == torch.float32


@pytest.mark.parametrize("rows", [1, 3])
def test_activations_between_half_layers_are_stored_in_half(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if a layer runs a row at a time, and writes each into the result of all rows."""
    monkeypatch.setattr(chunk_sizes, "CHUNK_BYTES", 1)
    read: dict[str, set[torch.dtype]] = {}
    conv = StyleGAN2Generator.conv

    def recorded(generator: StyleGAN2Generator, layer: Layer, x: torch.Tensor, *rest: Any, **options: Any) -> Any:
        read.setdefault(layer.name, set()).add(x.dtype)
        return conv(generator, layer, x, *rest, **options)

    monkeypatch.setattr(StyleGAN2Generator, "conv", recorded)
    graph = fgraph.Graph(models={"main": tiny(1, 32)})
    graph.outputs = {"image": graph.decode(graph.sample(seed=list(range(rows))))}
    fgraph.run(graph, precision="bfloat16", device="cpu")
    assert read["b8.conv0"] == {torch.float32}
    assert all(read[name] == {torch.bfloat16} for name in ("b8.conv1", "b16.conv0", "b16.conv1", "b32.conv0"))


def huge(generator: StyleGAN2Generator, factor: float) -> StyleGAN2Generator:
    """Scale styles and weights so that plain products exceed 65504 by far; demodulation undoes the scale."""
    tensors = dict(generator.tensors)
    for layer in generator.table.layers[1:]:
        if layer.kind == "conv":
            for name in ("weight", "affine.weight", "affine.bias"):
                tensors[f"{layer.name}.{name}"] = tensors[f"{layer.name}.{name}"] * factor
    return replace(generator, tensors=tensors)


@pytest.mark.parametrize("factor", [1e4, 3e-2])
def test_weights_and_styles_beyond_the_range_do_no_harm(factor: float) -> None:
    generator = huge(tiny(1, 32), factor)
    w = torch.randn(2, generator.table.w_dim, generator=torch.Generator().manual_seed(0))
    half = generator.with_half(torch.float16).synthesise(generator.affine(w))
    assert torch.isfinite(half).all()
    double = huge(tiny(1, 32), 1e4).to(dtype=torch.float64)  # so large that the epsilon of demodulation vanishes
    styles, references = double.affine(w.double()), []
    for draw in DRAWS:
        with rounded_at_random(torch.float16, draw):
            references.append(double.synthesise(styles))
    assert_no_worse(half, references, double.synthesise(styles))


@pytest.mark.parametrize("wraps", [(False, False), (True, False), (True, True)])
def test_edges_are_read_as_in_full_precision(wraps: tuple[bool, bool]) -> None:
    generator = tiny(2, 32)
    layer = generator.table.at(generator.table.find("b16.conv0")[0])
    x = torch.randn(2, layer.in_channels, 8, 12, generator=torch.Generator().manual_seed(0))
    style = torch.randn(2, layer.in_channels, generator=torch.Generator().manual_seed(1))
    half = generator.with_half(torch.float16).conv(layer, x, style, None, *wraps)
    double = generator.to(dtype=torch.float64)
    arguments, references = (layer, x.double(), style.double(), None, *wraps), []
    for draw in DRAWS:
        with rounded_at_random(torch.float16, draw):
            references.append(double.conv(*arguments))
    assert_no_worse(half, references, double.conv(*arguments))


def test_double_precision_is_nearer_than_single() -> None:
    double, single = images(EDITED, "float64"), images(EDITED, "float32")
    table = fgraph.load_generator("landscape").table
    assert 0 < np.abs(double - single).max() < likely(network_terms(table), largest(double))


def test_the_error_for_an_unknown_precision_lists_the_known_ones() -> None:
    with pytest.raises(FgraphError, match="use float32, float64, bfloat16 or float16"):
        fgraph.compile(EDITED, precision="float31")


def test_a_generator_in_half_precision_is_derived_once() -> None:
    """Each run needs the half-precision weights, and making them takes as long as many layers take to run."""
    landscape = tiny(1, 16)
    half = landscape.with_half(torch.bfloat16)
    assert half.half is torch.bfloat16
    assert landscape.with_half(torch.bfloat16) is half
    assert half._derived is landscape._derived
    assert landscape.with_half(None) is landscape
    layer = landscape.table.layers[-2]
    assert half._derived.half_weight(layer, torch.bfloat16) is half._derived.half_weight(layer, torch.bfloat16)
