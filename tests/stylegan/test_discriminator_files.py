"""Discriminators in model files: rosinality's `d` and NVlabs' `D`, read without running anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from fgraph._errors import ModelError
from fgraph.inversion import InversionSettings
from fgraph.inversion.batch import invert
from fgraph.inversion.problem import make_problem
from fgraph.stylegan.checkpoints.discriminator_file import load_discriminator
from fgraph.stylegan.checkpoints.rosinality_file import save_rosinality
from fgraph.stylegan.checkpoints.weights import save_generator
from fgraph.stylegan.loading import load_stylegan2
from fgraph.stylegan.nn.discriminator import initial_tensors
from fgraph.stylegan.tables.discriminator import DiscriminatorTable
from tests.network_pickles import Persistent, dumps
from tests.networks import tiny

TABLE = DiscriminatorTable(size=16, channels=((4, 5), (8, 4), (16, 3)))
TENSORS = initial_tensors(TABLE, seed=1)
FIR = torch.tensor([1.0, 3.0, 3.0, 1.0]).outer(torch.tensor([1.0, 3.0, 3.0, 1.0])) / 64


def trained(path: Path, state: dict[str, Tensor]) -> Path:
    """Return a checkpoint of rosinality's trainer: with `g_ema`, and with filters among the tensors of `d`."""
    save_rosinality(tiny(1), path)
    content = torch.load(path, weights_only=True)
    filters = {f"convs.{i}.{part}.0.kernel": FIR for i in (1, 2) for part in ("conv2", "skip")}
    torch.save({**content, "d": {**state, **filters}}, path)
    return path


def conv(name: str, bias: str | None, **facts: Any) -> Persistent:
    parameters = {"weight": TENSORS[name], "bias": TENSORS[bias] if bias else None}
    return Persistent("Conv2dLayer", {"_parameters": parameters, "conv_clamp": None, "activation": "lrelu", **facts})


def nvlabs(path: Path, architecture: str = "resnet", clamp: float | None = None) -> Path:
    """Return a pickle with `D` alone, in the form of NVlabs' persistence."""
    blocks: dict[str, Persistent] = {}
    for i in (1, 2):
        layers = {
            "conv0": conv(f"convs.{i}.conv1.0.weight", f"convs.{i}.conv1.1.bias", conv_clamp=clamp),
            "conv1": conv(f"convs.{i}.conv2.1.weight", f"convs.{i}.conv2.2.bias", conv_clamp=clamp),
            "skip": conv(f"convs.{i}.skip.1.weight", None, activation="linear"),
        }
        if i == 1:
            layers["fromrgb"] = conv("convs.0.0.weight", "convs.0.1.bias", conv_clamp=clamp)
        state = {"architecture": architecture, "_buffers": {"resample_filter": FIR}, "_modules": layers}
        blocks[f"b{TABLE.size >> (i - 1)}"] = Persistent("DiscriminatorBlock", state)
    dense = {
        name: Persistent("FullyConnectedLayer", {
            "_parameters": {part: TENSORS[f"final_linear.{i}.{part}"] for part in ("weight", "bias")},
        })
        for i, name in enumerate(("fc", "out"))
    }  # fmt: skip
    parts = {
        "conv": conv("final_conv.0.weight", "final_conv.1.bias"),
        **dense,
        "mbstd": Persistent("MinibatchStdLayer", {"group_size": 2}),
    }
    blocks["b4"] = Persistent("DiscriminatorEpilogue", {"_modules": parts})
    whole = Persistent("Discriminator", {"img_resolution": 16, "c_dim": 0, "_modules": blocks})
    path.write_bytes(dumps({"G": None, "D": whole, "G_ema": None}))
    return path


def test_rosinality_s_discriminator_is_read(tmp_path: Path) -> None:
    path = trained(tmp_path / "trained.pt", TENSORS)
    found = load_discriminator(path)
    assert found.table == TABLE
    assert all(torch.equal(found.tensors[name], value) for name, value in TENSORS.items())
    assert load_stylegan2(path).digest == load_stylegan2(path).digest  # its generator is read as before
    images = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    assert found.score(images).shape == (2, 1)


def test_a_grown_discriminator_keeps_its_former_input(tmp_path: Path) -> None:
    table = replace(TABLE, faded=(8,))
    found = load_discriminator(trained(tmp_path / "grown.pt", initial_tensors(table, seed=2)))
    assert found.table == table


@pytest.mark.parametrize("clamp", [None, 256.0])
def test_nvlabs_discriminator_is_read(tmp_path: Path, clamp: float | None) -> None:
    found = load_discriminator(nvlabs(tmp_path / "network.pkl", clamp=clamp))
    assert found.table == replace(TABLE, stddev_group=2, clamp=clamp)
    assert all(torch.equal(found.tensors[name], value) for name, value in TENSORS.items())


def test_a_file_of_nvlabs_program_is_read() -> None:
    found = load_discriminator(Path(__file__).parent.parent / "goldens" / "sg3_stylegan2_64.pkl")
    assert found.table == DiscriminatorTable(64, ((4, 16), (8, 16), (16, 16), (32, 8), (64, 4)), clamp=256.0)


def test_an_inversion_uses_a_discriminator(tmp_path: Path) -> None:
    generator = load_stylegan2(trained(tmp_path / "trained.pt", TENSORS))
    settings = InversionSettings(mse=0, pyramid=0, prior="none", discriminator=1, steps=25, patience=0)
    with torch.no_grad():
        z = torch.randn(2, 8, generator=torch.Generator().manual_seed(2))
        images = generator.synthesise(generator.affine(generator.map(z)))
    problem = make_problem(generator, settings)
    assert problem.curve_names == ("loss", "discriminator")
    for found in invert(problem, images):
        assert float(found.curve[-1, 0]) < 0.7 * float(found.curve[0, 0])
    with pytest.raises(ModelError, match=r"holds no discriminator.*set the weight of the loss 'discriminator' to 0"):
        make_problem(generator, settings, discriminator="landscape")


def test_missing_and_other_discriminators_are_refused(tmp_path: Path) -> None:
    save_generator(tiny(1), tmp_path / "own.safetensors")
    save_rosinality(tiny(1), tmp_path / "plain.pt")
    less = {name: value for name, value in TENSORS.items() if name != "convs.2.conv1.1.bias"}
    odd = {**TENSORS, "convs.1.conv1.0.weight": torch.zeros(3, 4, 3, 3)}
    cases = {
        tmp_path / "own.safetensors": "a .safetensors model holds no discriminator",
        tmp_path / "plain.pt": "holds no discriminator; expected",
        trained(tmp_path / "less.pt", less): "'convs.2.conv1.1.bias' of its discriminator is nothing; expected .4.",
        trained(tmp_path / "odd.pt", odd): r"is \[3, 4, 3, 3\]; expected \[3, 3, 3, 3\]",
        trained(tmp_path / "other.pt", {"body.0.w": torch.zeros(3)}): "has no tensor 'convs.0.0.weight'",
        nvlabs(tmp_path / "skip.pkl", architecture="skip"): "is not a residual block",
    }
    for path, message in cases.items():
        with pytest.raises(ModelError, match=message):
            load_discriminator(path)
