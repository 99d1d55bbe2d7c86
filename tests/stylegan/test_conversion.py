"""Models are converted with equal bits, and inspected without being loaded."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from fgraph._errors import ModelError, SaveError
from fgraph.stylegan import convert, inspect
from fgraph.stylegan.checkpoints.families.rosinality import widths_note
from fgraph.stylegan.loading import load_stylegan2
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from tests import tensorflow_pickles
from tests.network_pickles import checkpoint, random_tensors
from tests.rounding import assert_rounded

TABLE = StyleGAN2Table(channels=((4, 6), (8, 5), (16, 4)), z_dim=7, w_dim=8, mapping_layers=2)
SOURCES = ["soat64_a.pt", "sg3_stylegan2_64.pkl", "ada_oldlayout64.pkl", "ada_resnet32.pkl", "ada_cond32.pkl"]


def assert_same(one: Any, other: Any) -> None:
    assert one.table == other.table
    for name, value in one.tensors.items():
        assert torch.equal(other.tensors[name], value), name


@pytest.mark.parametrize("name", SOURCES)
def test_conversion_to_fgraphs_format_and_back(name: str, goldens: Path, tmp_path: Path) -> None:
    report = convert(goldens / name, tmp_path / "own.safetensors")
    assert report.target.format == "safetensors"
    assert report.source.parameters == report.target.parameters
    assert report.exact
    assert f"digest of the tensors of both: {report.digest}" in str(report)
    before, after = load_stylegan2(goldens / name), load_stylegan2(tmp_path / "own.safetensors")
    assert_same(before, after)
    styles = torch.randn(1, before.table.style_length, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(before.synthesise(styles), after.synthesise(styles))


@pytest.mark.parametrize("clamp", [None, 256.0, "rosinality's own"])
def test_to_rosinality_and_back(clamp: Any, goldens: Path, tmp_path: Path) -> None:
    source = goldens / SOURCES[0]
    if not isinstance(clamp, str):
        table, source = replace(TABLE, z_dim=8, clamp=clamp), tmp_path / "network.pkl"
        source.write_bytes(checkpoint(table, random_tensors(table)))
    first = convert(source, tmp_path / "ros.pt")
    second = convert(tmp_path / "ros.pt", tmp_path / "own.safetensors")
    third = convert(tmp_path / "own.safetensors", tmp_path / "again.pt")
    assert (tmp_path / "again.pt").read_bytes()[:4] == b"PK\x03\x04"
    assert first.digest == second.digest == third.digest
    assert_same(load_stylegan2(source), load_stylegan2(tmp_path / "again.pt"))
    assert third.target.table == first.source.table


def test_widths_that_rosinality_does_not_build_are_noted(goldens: Path, tmp_path: Path) -> None:
    report = convert(goldens / "soat64_a.pt", tmp_path / "again.pt")
    assert isinstance(report.source.table, StyleGAN2Table)
    channels = dict(report.source.table.channels)
    assert str(report).endswith(f"set `self.channels = {channels}` in its model.py to load this file")
    for multiplier in (1, 2):
        counts = {4 << i: 512 if i < 4 else 256 * multiplier >> (i - 4) for i in range(9)}
        assert widths_note(replace(TABLE, channels=tuple(counts.items()))) == ""
    assert widths_note(replace(TABLE, channels=((4, 512), (8, 512)))) == ""


def test_half_reports_the_rounding(goldens: Path, tmp_path: Path) -> None:
    whole = convert(goldens / "soat64_a.pt", tmp_path / "whole.safetensors")
    half = convert(goldens / "soat64_a.pt", tmp_path / "half.safetensors", half=True)
    again = convert(tmp_path / "half.safetensors", tmp_path / "again.safetensors")
    assert not half.exact
    assert half.source_digest == whole.digest
    assert again.exact
    assert again.digest == half.digest
    lines = str(half).splitlines()
    assert lines[-2:] == [
        f"digest of the tensors of the source: {whole.digest}", f"rounded to float16: {half.digest}"
    ]  # fmt: skip


def test_keys_equal_those_of_the_original(goldens: Path, tmp_path: Path) -> None:
    convert(goldens / "soat64_a.pt", tmp_path / "again.pt")
    before, after = (torch.load(path, weights_only=True) for path in (goldens / "soat64_a.pt", tmp_path / "again.pt"))
    assert set(before) == set(after)
    assert set(before["g_ema"]) == set(after["g_ema"])
    for key, value in before["g_ema"].items():
        assert value.shape == after["g_ema"][key].shape, key
        assert_rounded(value, after["g_ema"][key], 1)


def test_from_tensorflow(tmp_path: Path) -> None:
    path = tmp_path / "tensorflow.pkl"
    path.write_bytes(tensorflow_pickles.checkpoint(TABLE, random_tensors(TABLE)))
    assert "TensorFlow" in str(convert(path, tmp_path / "own.safetensors"))
    assert_same(load_stylegan2(path), load_stylegan2(tmp_path / "own.safetensors"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"architecture": "resnet"}, "no place for architecture 'resnet', only for 'skip'"),
        ({"activation": "swish"}, "no place for activation 'swish'"),
        ({"c_dim": 3, "embed_width": 4}, "no place for c_dim 3"),
        ({"has_noise": False}, "no place for has_noise False"),
        ({"z_dim": 7}, "no place for z_dim 7, only for 8"),
        ({"image_channels": 1}, "no place for image_channels 1, only for 3"),
        ({"image_channels": 4}, "no place for image_channels 4, only for 3"),
        ({"base": (4, 2)}, r"no place for base \(4, 2\), only for \(4, 4\)"),
    ],
)
def test_generators_that_rosinality_cannot_represent(change: Any, says: str, tmp_path: Path) -> None:
    table, path = replace(TABLE, **({"z_dim": 8} | change)), tmp_path / "network.pkl"
    path.write_bytes(checkpoint(table, random_tensors(table)))
    with pytest.raises(ModelError, match=f"{says}.*convert to .safetensors instead"):
        convert(path, tmp_path / "ros.pt")
    assert not (tmp_path / "ros.pt").exists()
    convert(path, tmp_path / "own.safetensors")
    assert_same(load_stylegan2(path), load_stylegan2(tmp_path / "own.safetensors"))


def test_invalid_targets(goldens: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"to \.safetensors or \.pt, not to '\.onnx'"):
        convert(goldens / "soat64_a.pt", tmp_path / "model.onnx")
    with pytest.raises(ModelError, match="is the model itself"):
        convert(goldens / "soat64_a.pt", goldens / "soat64_a.pt")
    (tmp_path / "file").touch()
    with pytest.raises(SaveError):
        convert(goldens / "soat64_a.pt", tmp_path / "file" / "model.pt")


INSPECT = """
import sys
from fgraph.stylegan import inspect
print(inspect(sys.argv[1]))
assert "torch" not in sys.modules
"""


def test_inspection_in_words(goldens: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INSPECT, str(goldens / "ada_cond32.pkl")],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert lines["architecture"] == "StyleGAN2, skip"
    assert lines["format"] == "NVlabs PyTorch (.pkl)"
    assert lines["image"] == "32x32, 3 channels"
    assert lines["classes"] == "5"
    assert lines["codes"] == "z 48, w 64, W+ 8 rows, S 352"
    assert len(lines["sha256"]) == 64


def test_notes(goldens: Path, tmp_path: Path) -> None:
    assert inspect(goldens / "sg3_stylegan2_64.pkl").notes == ("outputs of layers are clamped to +-256",)
    state = torch.load(goldens / "soat64_a.pt", weights_only=True)["g_ema"]
    bare = {f"module.{key}": value for key, value in state.items() if not key.startswith("noises")}
    torch.save({"g": bare}, tmp_path / "bare.pt", _use_new_zipfile_serialization=False)
    notes = "; ".join(inspect(tmp_path / "bare.pt").notes)
    for note in ("it has no noise", "it has no mean of w", "no averaged generator"):
        assert note in notes


def test_a_generator_in_training_gives_a_warning(
    goldens: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = torch.load(goldens / "soat64_a.pt", weights_only=True)
    torch.save({"g": content["g_ema"]}, tmp_path / "training.pt")
    load_stylegan2(tmp_path / "training.pt")
    assert "has no averaged generator 'g_ema'; 'g' is loaded" in caplog.text
