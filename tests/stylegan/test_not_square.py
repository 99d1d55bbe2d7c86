"""Generators of images that are not square: files of every format, whole passes, edits, forecasts and inversion."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import fgraph
from fgraph._errors import ModelError
from fgraph.stylegan import inspect
from fgraph.stylegan.checkpoints.contents import check_numbers
from fgraph.stylegan.checkpoints.weights import save_generator
from fgraph.stylegan.loading import load_generator, load_stylegan2
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from tests import stylegan3_pickles
from tests.layouts import rosinality
from tests.network_pickles import random_tensors
from tests.networks import tiny
from tests.rounding import assert_summed, network_terms
from tests.stylegan3_networks import tiny_stylegan3

pytestmark = pytest.mark.numeric

TABLE = StyleGAN2Table(channels=((4, 6), (8, 5), (16, 4)), z_dim=8, w_dim=8, mapping_layers=2, base=(4, 2))
TALL = tiny(0, family="tall")


def test_rosinality_s_layout_is_read(tmp_path: Path) -> None:
    tensors = random_tensors(TABLE)
    torch.save({"g_ema": rosinality(TABLE, tensors), "latent_avg": tensors["w_mean"]}, tmp_path / "human.pt")
    found = load_stylegan2(tmp_path / "human.pt")
    assert found.table == TABLE
    assert found.table.size == (16, 8)
    assert all(torch.equal(found.tensors[name], value) for name, value in tensors.items())


def test_a_pickle_of_stylegan3_is_read(tmp_path: Path) -> None:
    made = tiny_stylegan3(0, "n")
    (tmp_path / "human.pkl").write_bytes(stylegan3_pickles.checkpoint(made.table, made.tensors))
    found = load_generator(tmp_path / "human.pkl")
    assert found.table == made.table
    assert found.table.size == (32, 16)
    assert all(torch.equal(found.tensors[name], value) for name, value in made.tensors.items())


@pytest.mark.parametrize("generator", [TALL, tiny_stylegan3(0, "n")], ids=["stylegan2", "stylegan3"])
def test_files_of_fgraph_store_the_size(generator: Any, tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    save_generator(generator, path)
    assert load_generator(path).table == generator.table
    height, width = generator.table.size
    assert inspect(path).lines()["image"] == f"{height}x{width} (height x width), 3 channels"


@pytest.mark.parametrize(("height", "width"), [(65, 4), (4, 0), (4, 65), (0, 0)])
def test_a_constant_of_absurd_size_is_refused(height: int, width: int, tmp_path: Path) -> None:
    table = replace(TABLE, base=(height, width))
    tensors = random_tensors(replace(TABLE, base=(1, 1)))
    tensors["const"] = torch.zeros(1, 6, height, width)
    state = {key: value for key, value in rosinality(table, tensors).items() if not key.startswith("noises")}
    torch.save({"g_ema": state}, tmp_path / "human.pt")
    with pytest.raises(ModelError, match=r"its constant is|expected 4 dimensions"):
        load_generator(tmp_path / "human.pt")


def test_an_image_of_too_many_pixels_is_refused() -> None:
    """Otherwise, the noise that a small file lacks would take gigabytes."""
    channels = tuple((4 << i, 1) for i in range(10))
    check_numbers(replace(TABLE, channels=channels, base=(8, 8)), "file")
    with pytest.raises(ModelError, match="its image 4096x8192; expected"):
        check_numbers(replace(TABLE, channels=channels, base=(8, 16)), "file")


def test_a_wider_constant_is_a_wider_image() -> None:
    """A constant of equal columns gives equal columns far from the sides: each block reaches less than 8 pixels."""
    column = TALL.tensors["const"][..., :1]
    images = []
    for columns in (12, 16):
        table = replace(TALL.table, base=(4, columns))
        tensors = {name: value for name, value in TALL.tensors.items() if not name.endswith(".noise")}
        tensors["const"] = column.expand(-1, -1, *table.base).contiguous()
        made = type(TALL).from_tensors(table, tensors)
        styles = torch.randn(1, table.style_length, generator=torch.Generator().manual_seed(1))
        images.append(made.synthesise(styles, "none"))
    assert images[1].shape == (1, 3, 16, 64)
    assert_summed(images[1][..., 30:34], images[0][..., 22:26], network_terms(TALL.table))


GRAPH: dict[str, Any] = {
    "nodes": {
        "codes": {"op": "sample", "seed": [1, 2]},
        "other": {"op": "sample", "seed": 3},
        "fade": {"op": "mask", "kind": "ramp"},
        "mix": {"op": "blend", "a": "codes", "b": "other", "mask": "fade"},
        "image": {"op": "decode", "of": "mix"},
        "tiles": {"op": "mosaic", "of": "codes", "grid": [1, 2]},
        "large": {"op": "decode", "of": "tiles"},
    },
    "outputs": ["image", "fade", "large"],
}


@pytest.mark.parametrize("generator", [TALL, tiny_stylegan3(0, "n")], ids=["stylegan2", "stylegan3"])
def test_masks_and_mosaics_have_the_size_of_the_generator(generator: Any) -> None:
    height, width = generator.table.size
    results = fgraph.run(fgraph.load(GRAPH | {"models": {"main": generator}}))
    assert results["image"].array.shape == (2, 3, height, width)
    assert results["fade"].array.shape[-2:] == (height, width)
    assert results["large"].array.shape == (1, 3, height, 2 * width)


def test_pictures_are_read_and_inverted_at_the_size_of_the_generator(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)
    Image.fromarray(picture).save(tmp_path / "square.png")
    nodes = {
        "target": {"op": "image", "path": str(tmp_path / "square.png")},
        "code": {"op": "invert", "of": "target", "steps": 2},
        "image": {"op": "decode", "of": "code"},
    }
    found = fgraph.run(fgraph.load({"models": {"main": TALL}, "nodes": nodes, "outputs": ["target", "image"]}))
    assert found["target"].array.shape == found["image"].array.shape == (1, 3, 16, 8)


def test_faults_of_layers_name_the_size_of_the_generator() -> None:
    graph = {
        "models": {"main": TALL},
        "nodes": {"code": {"op": "sample"}, "tap": {"op": "tap", "of": "code", "layer": "b512"},
                  "image": {"op": "decode", "of": "tap"}},
        "outputs": ["image"],
    }  # fmt: skip
    assert "this 16x8-pixel model has no layer 'b512'" in fgraph.check(graph)[0].message
