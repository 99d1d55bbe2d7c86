"""Checkpoints of rosinality and SOAT in all their variants; broken and hostile ones raise a ModelError."""

from __future__ import annotations

import argparse
import io
import os
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.header import read_header
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.loading import load_stylegan2
from tests.rounding import assert_summed, mapping_terms

pytestmark = pytest.mark.numeric


@pytest.fixture
def checkpoint(goldens: Path) -> Any:
    """Return the contents of the golden checkpoint, a fresh copy each time."""
    return torch.load(goldens / "soat64_a.pt", weights_only=True)


def write(content: Any, path: Path, **options: Any) -> Any:
    torch.save(content, path, **options)
    return path


def zip_of(data: bytes, path: Path, name: str = "archive/data.pkl") -> Any:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, data)
    return path


def test_training_checkpoint(checkpoint: dict[str, Any], small: StyleGAN2Generator, tmp_path: Path) -> None:
    other = {key: torch.zeros_like(value) for key, value in checkpoint["g_ema"].items()}
    content = {
        "g": other,
        "g_ema": checkpoint["g_ema"],
        "g_optim": {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 0.002, "betas": (0, 0.99)}]},
        "args": argparse.Namespace(size=64, path="data"),
        "ada_aug_p": 0.5,
    }
    path = write(content, tmp_path / "training.pt")
    assert read_header(path).table == small.table
    found = load_stylegan2(path)
    assert torch.equal(found.const(), small.const())
    assert not torch.equal(found.w_mean, small.w_mean)  # the file has no latent_avg, so the mean was measured
    assert_summed(found.w_mean, found.map(seeded(64)).mean(0), mapping_terms(found.table) + 10_000)


def seeded(z_dim: Any) -> Any:
    return torch.randn(10_000, z_dim, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}])
def test_bare_state_dict_in_every_container(
    checkpoint: dict[str, Any], small: StyleGAN2Generator, styles: Tensor, options: Any, tmp_path: Path
) -> None:
    path = write(checkpoint["g_ema"], tmp_path / "bare.pt", **options)
    assert read_header(path).table == small.table
    with torch.no_grad():
        assert torch.equal(load_stylegan2(path).synthesise(styles), small.synthesise(styles))


def test_missing_noise_is_drawn_the_same_each_time(
    checkpoint: dict[str, Any], small: StyleGAN2Generator, tmp_path: Path
) -> None:
    state = {key: value for key, value in checkpoint["g_ema"].items() if not key.startswith("noises")}
    path = write({"g_ema": state}, tmp_path / "silent.pt")
    first, second = load_stylegan2(path), load_stylegan2(path)
    assert first.metadata["noise"] == "seeded"
    assert small.metadata["noise"] == "stored"
    layers = [layer for layer in first.table.layers if layer.kind == "conv"]
    for layer in layers:
        assert torch.equal(first.noise_const(layer), second.noise_const(layer))
        assert first.noise_const(layer).shape == (1, 1, layer.resolution, layer.resolution)
    assert not torch.equal(first.noise_const(layers[1]), first.noise_const(layers[2]))


def test_parameters_and_half_tensors_are_read(
    checkpoint: dict[str, Any], small: StyleGAN2Generator, tmp_path: Path
) -> None:
    state = {key: torch.nn.Parameter(value.half()) for key, value in checkpoint["g_ema"].items()}
    path = write({"g_ema": state}, tmp_path / "parameters.pt")
    assert read_header(path).table == small.table
    found = load_stylegan2(path)
    assert found.dtype == torch.float32
    assert not found.const().requires_grad
    assert torch.equal(found.const(), small.const().half().float())


CHANGES = [
    (lambda s: s.pop("input.input"), "expected a StyleGAN2 or StyleGAN3 generator: a dict with 'g_ema'"),
    (lambda s: s.pop("convs.3.activate.bias"), "lacks convs.3.activate.bias"),
    (lambda s: s.pop("style.2.weight"), r"holds style\.\d\.\w+, style"),
    (lambda s: s.update(extra=torch.zeros(1)), "holds extra, unknown in a 64-pixel generator"),
    (lambda s: s.update({"conv1.activate.bias": torch.zeros(7)}), r"conv1.activate.bias is \[7\].* imply \[32\]"),
    (lambda s: s.update({"to_rgb1.conv.weight": torch.zeros(3)}), r"'to_rgb1.conv.weight' is \[3\]; expected 5"),
    (lambda s: s.update({"noises.noise_8": torch.zeros(1, 1, 9, 9)}), "noises.noise_8 is"),
]


@pytest.mark.parametrize(("change", "says"), CHANGES)
@pytest.mark.parametrize("zipped", [True, False])
def test_wrong_keys(checkpoint: dict[str, Any], change: Any, says: str, zipped: bool, tmp_path: Path) -> None:
    change(checkpoint["g_ema"])
    path = write(checkpoint, tmp_path / "wrong.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelError, match=says) as caught:
        read_header(path)
    assert "wrong.pt" in str(caught.value)


@pytest.mark.parametrize("content", [[1, 2], {}, {"model": 3}, {"g_ema": {}}, torch.zeros(3)])
def test_other_content(content: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expected a StyleGAN2 or StyleGAN3 generator: a dict with 'g_ema'"):
        read_header(write(content, tmp_path / "other.pt"))


def test_other_filters_and_means(checkpoint: dict[str, Any], tmp_path: Path) -> None:
    checkpoint["latent_avg"] = torch.zeros(5)
    with pytest.raises(ModelError, match="'latent_avg' is not a vector of 64 numbers"):
        load_stylegan2(write(checkpoint, tmp_path / "mean.pt"))
    checkpoint["g_ema"]["convs.0.conv.blur.kernel"] = torch.ones(4, 4)
    with pytest.raises(ModelError, match=r"'convs.0.conv.blur.kernel' is not the filter \[1, 3, 3, 1\]"):
        load_stylegan2(write(checkpoint, tmp_path / "filter.pt"))


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("share", [0.0001, 0.01, 0.3, 0.9, 0.9999])
def test_files_cut_short(checkpoint: dict[str, Any], zipped: bool, share: float, tmp_path: Path) -> None:
    content = write(checkpoint, tmp_path / "whole.pt", _use_new_zipfile_serialization=zipped).read_bytes()
    path = tmp_path / "cut.pt"
    path.write_bytes(content[: max(20, int(share * len(content)))])
    with pytest.raises(ModelError, match=r"cut\.pt"):
        load_stylegan2(path)


def test_zip_files_of_other_programs(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"0 entries data\.pkl"):
        read_header(zip_of(b"hello", tmp_path / "other.zip", "readme.txt"))


class Hostile:
    """An object that is pickled as a call of `function(*arguments)`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


def hostile_pickles(marker: Path) -> Iterator[Any]:
    command = f"touch {marker}"
    yield "os.system", pickle.dumps({"g_ema": Hostile(os.system, command)}, protocol=2)
    yield "eval", pickle.dumps({"g_ema": Hostile(eval, f"__import__('os').system({command!r})")}, protocol=2)
    yield "getattr", pickle.dumps(Hostile(getattr, argparse.Namespace, "__init__"), protocol=2)
    # A dotted name that starts at an allowed one, the opcode INST, and BUILD on a global.
    yield "dotted", b"\x80\x02ccollections\nOrderedDict.fromkeys\n."
    yield "protocol 4", b"\x80\x04\x8c\x02os\x8c\x06system\x93."
    yield "inst", b"(S'" + command.encode() + b"'\nios\nsystem\n."
    yield "build on a class", b"\x80\x02cargparse\nNamespace\n}U\x01xK\x01sb."
    yield "build on a function", b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x04\x00\x00\x00makeK\x01sb."
    yield "huge memo", b"\x80\x02Nr\xff\xff\xff\x7f."
    yield "huge bytearray", b"\x80\x05\x96\xff\xff\xff\xff\xff\x00\x00\x00abc."
    yield "unknown storage", b"\x80\x02(X\x07\x00\x00\x00storageX\x01\x00\x00\x00aNNK\x01tQ."
    yield (
        "storage that is missing",
        b"\x80\x02(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000NK\x01tQ.",
    )
    yield "no stop", b"\x80\x02}"
    yield "not a pickle", b"hello"


@pytest.mark.parametrize("case", range(14))
def test_hostile_pickles_are_refused_and_not_run(case: Any, tmp_path: Path) -> None:
    marker = tmp_path / "was_run"
    cases = list(hostile_pickles(marker))
    assert len(cases) == 14
    path = zip_of(cases[case][1], tmp_path / "hostile.pt")
    for read in (read_header, load_stylegan2):
        with pytest.raises(ModelError, match=r"hostile\.pt: (cannot be read safely|holds)"):
            read(path)
    assert not marker.exists()


def test_a_hostile_part_beside_the_generator_stays_inert(checkpoint: dict[str, Any], tmp_path: Path) -> None:
    marker = tmp_path / "was_run"
    checkpoint["args"] = Hostile(os.system, f"touch {marker}")
    path = write(checkpoint, tmp_path / "hostile.pt", _use_new_zipfile_serialization=False)
    load_stylegan2(path)
    assert not marker.exists()


def test_a_hostile_part_inside_the_generator_is_refused(checkpoint: dict[str, Any], tmp_path: Path) -> None:
    marker = tmp_path / "was_run"
    checkpoint["g_ema"]["conv1.conv.weight"] = Hostile(os.system, f"touch {marker}")
    path = write(checkpoint, tmp_path / "hostile.pt")
    with pytest.raises(ModelError, match=r"'conv1\.conv\.weight' of its generator is a stand-in for 'posix\.system'"):
        load_stylegan2(path)
    assert not marker.exists()


def test_other_modules_are_named(tmp_path: Path) -> None:
    path = write({"g_ema": torch.nn.Linear(2, 2)}, tmp_path / "module.pt")
    with pytest.raises(ModelError, match=r"holds 'g_ema' \(a stand-in for 'torch\.nn\.modules\.linear\.Linear'\)"):
        read_header(path)


def test_tensors_larger_than_their_data_are_refused(tmp_path: Path) -> None:
    """The pickle declares more numbers than the zip holds."""
    buffer = io.BytesIO()
    torch.save({"g_ema": {"input.input": torch.zeros(1, 4, 4, 4)}}, buffer)
    path = tmp_path / "lying.pt"
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[:8] if name.endswith("data/0") else content)
    with pytest.raises(ModelError, match="storage '0' is missing or cut short"):
        read_header(path)
