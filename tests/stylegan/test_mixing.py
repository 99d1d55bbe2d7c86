"""Mixtures of models: layer swapping by resolution, hard and soft, and averages."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from fgraph._errors import ModelError
from fgraph.stylegan import Mixing, mix
from fgraph.stylegan.checkpoints.weights import save_generator
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.loading import load_generator
from fgraph.stylegan.mixing import mix_generators
from tests.networks import tiny
from tests.rounding import assert_rounded
from tests.stylegan3_networks import tiny_stylegan3

A, B = tiny(0), tiny(1)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{number}.safetensors" for number in range(3)]
    for number, path in enumerate(paths):
        save_generator(tiny(number), path)
    return paths


def test_layers_are_swapped_from_a_resolution_on(files: list[Path], tmp_path: Path) -> None:
    report = mix(files[:2], tmp_path / "mixed.safetensors", Mixing(resolution=16))
    made = load_generator(tmp_path / "mixed.safetensors")
    for name, value in made.tensors.items():
        if name in ("style_mean", "style_std"):
            continue
        owner = B if name.startswith("b16") else A
        assert torch.equal(value, owner.tensors[name]), name
    assert report.shares == (("mapping", (1, 0)), ("4", (1, 0)), ("8", (1, 0)), ("16", (0, 1)))
    assert ["16", "0.0%", "100.0%"] in [line.split() for line in str(report).splitlines()]


def test_a_soft_change_is_a_sigmoid_of_octaves() -> None:
    made = mix_generators([A, B], Mixing(resolution=8, width=0.7))
    known = {"const": -0.5, "b4.conv1.weight": -0.5, "b8.conv0.affine.bias": 0.5, "b16.torgb.bias": 1.5}
    for name, octaves in known.items():
        share = 1 / (1 + math.exp(-octaves / 0.7))
        assert_rounded(made.tensors[name], (1 - share) * A.tensors[name] + share * B.tensors[name], 3)
    assert torch.equal(made.tensors["mapping.0.weight"], A.tensors["mapping.0.weight"])
    assert torch.equal(made.tensors["b8.conv0.noise"], B.tensors["b8.conv0.noise"])  # of the larger share
    assert torch.equal(made.tensors["b4.conv1.noise"], A.tensors["b4.conv1.noise"])


def test_an_average_is_weighted(files: list[Path], tmp_path: Path) -> None:
    mix(files, tmp_path / "mean.pt", Mixing(weights=(1, 2, 1)))
    made = load_generator(tmp_path / "mean.pt")
    for name in ("const", "mapping.1.weight", "w_mean", "b8.conv1.weight", "b16.torgb.affine.weight"):
        first, second, third = (tiny(number).tensors[name] for number in range(3))
        assert_rounded(made.tensors[name], first / 4 + second / 2 + third / 4, 3)
    assert torch.equal(made.tensors["b8.conv0.noise"], B.tensors["b8.conv0.noise"])


def test_stylegan3_is_mixed_by_the_rates_of_its_layers() -> None:
    one, other = tiny_stylegan3(0), tiny_stylegan3(1)
    made = mix_generators([one, other], Mixing(resolution=32))
    for layer in one.table.filtered:
        owner = other if layer.resolution >= 32 else one
        assert torch.equal(made.tensors[f"{layer.name}.weight"], owner.tensors[f"{layer.name}.weight"]), layer.name
    assert torch.equal(made.tensors["input.freqs"], one.tensors["input.freqs"])


@pytest.mark.parametrize(
    ("count", "mixing", "says"),
    [
        (1, Mixing(), "made of 2 or more models"),
        (3, Mixing(resolution=8), "2, where mix.resolution divides them"),
        (2, Mixing(resolution=2), "the layers have 4, 8, 16"),
        (2, Mixing(resolution=8, weights=(1, 1)), "is for an average"),
        (2, Mixing(resolution=8, width=-1), "expected octaves, 0 or more"),
        (2, Mixing(weights=(1, 2, 3)), "3 numbers for 2 models"),
        (2, Mixing(weights=(1, -1)), "whose sum is above 0"),
    ],
)
def test_settings_that_do_not_fit(count: int, mixing: Mixing, says: str, files: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=says):
        mix(files[:count], tmp_path / "mixed.safetensors", mixing)
    assert not (tmp_path / "mixed.safetensors").exists()


def other_mapping(tensors: dict[str, Any]) -> StyleGAN2Generator:
    table = replace(A.table, mapping_layers=1)
    left = {name: value for name, value in tensors.items() if not name.startswith("mapping.1")}
    return StyleGAN2Generator.from_tensors(table, left)


def test_the_clamp_comes_from_the_first_model(files: list[Path], tmp_path: Path) -> None:
    clamped = tmp_path / "clamped.safetensors"
    table = replace(B.table, clamp=256.0)
    save_generator(StyleGAN2Generator.from_tensors(table, dict(B.tensors)), clamped)
    report = mix([clamped, files[0]], tmp_path / "mixed.safetensors", Mixing(resolution=8))
    assert "the mixture has the clamp 256, as the first model" in str(report)
    assert load_generator(tmp_path / "mixed.safetensors").table == table


def test_models_of_other_architectures_are_refused(files: list[Path], tmp_path: Path) -> None:
    shallow, stylegan3 = tmp_path / "shallow.safetensors", tmp_path / "stylegan3.safetensors"
    save_generator(other_mapping(dict(B.tensors)), shallow)
    save_generator(tiny_stylegan3(0), stylegan3)
    target = tmp_path / "mixed.safetensors"
    with pytest.raises(ModelError, match="have different architectures: mapping_layers is 2 and 1"):
        mix([files[0], shallow], target, Mixing())
    with pytest.raises(ModelError, match="have different architectures: skip and stylegan3-t"):
        mix([files[0], stylegan3], target, Mixing(resolution=8))
    with pytest.raises(ModelError, match="is one of the models itself"):
        mix(files[:2], files[1], Mixing())
    mix([files[0], shallow], target, Mixing(resolution=8))  # the mapping of the second is not read
    assert load_generator(target).table == A.table
