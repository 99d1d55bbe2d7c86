"""Saved models load again with equal bits, if their files are whole and valid."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import safetensors
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from fgraph._errors import ModelError, SaveError
from fgraph.stylegan.checkpoints.fgraph_file import describe
from fgraph.stylegan.checkpoints.header import BUNDLED, read_header
from fgraph.stylegan.checkpoints.tensor_file import write_tensor_header
from fgraph.stylegan.checkpoints.weights import save_generator
from fgraph.stylegan.generators.statistics import SAMPLES, SEED, sample_codes
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.loading import load_stylegan2
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.stylegan.tables.stylegan2_tensors import required_shapes
from tests.rounding import assert_within, largest, likely, mapping_terms


@pytest.fixture(scope="module")
def saved(small: StyleGAN2Generator, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("saved") / "small.safetensors"
    save_generator(replace(small, metadata={**small.metadata, "title": "A small one"}), path)
    return path


def test_round_trip_is_exact(small: StyleGAN2Generator, saved: Path, styles: Tensor) -> None:
    again = load_stylegan2(saved)
    assert set(again.tensors) == {*small.tensors, "style_mean", "style_std"}
    for key, value in small.tensors.items():
        assert torch.equal(again.tensors[key], value), key
    assert again.table == small.table
    assert again.metadata["title"] == "A small one"
    with torch.no_grad():
        assert torch.equal(again.synthesise(styles), small.synthesise(styles))


def test_saving_again_gives_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    save_generator(load_stylegan2(saved), tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == saved.read_bytes()


def test_the_safetensors_library_reads_the_files(small: StyleGAN2Generator, saved: Path) -> None:
    with safetensors.safe_open(saved, framework="pt") as file:
        metadata = file.metadata()
        assert torch.equal(file.get_tensor("const"), small.const())
    assert json.loads(metadata["channels"]) == {"4": 32, "8": 32, "16": 32, "32": 16, "64": 16}
    assert metadata["sha256"] == load_stylegan2(saved).digest


def test_half_file(small: StyleGAN2Generator, saved: Path, styles: Tensor, tmp_path: Path) -> None:
    path = tmp_path / "half.safetensors"
    save_generator(small, path, half=True)
    assert path.stat().st_size < 0.6 * saved.stat().st_size
    again = load_stylegan2(path)
    assert again.dtype == torch.float32
    assert torch.equal(again.w_mean, small.w_mean)
    assert torch.equal(again.const(), small.const().half().float())
    with torch.no_grad():
        assert (again.synthesise(styles) - small.synthesise(styles)).abs().max() < 1 / 255


def test_a_weight_too_large_for_half_is_named(small: StyleGAN2Generator, tmp_path: Path) -> None:
    huge = {**small.tensors, "const": small.const() * 1e6}
    with pytest.raises(ModelError, match="const holds numbers beyond the range of float16"):
        save_generator(replace(small, tensors=huge), tmp_path / "a.safetensors", half=True)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_leaves_nothing(small: StyleGAN2Generator, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(SaveError, match=r"cannot write .*taken: there is a directory of this name"):
        save_generator(small, tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_models_show_something(name: str) -> None:
    generator = load_stylegan2(name)
    assert {"title", "license", "origin", "sha256"} <= set(generator.metadata)
    with torch.no_grad():
        w = generator.map(torch.randn(8, generator.table.z_dim, generator=torch.Generator().manual_seed(0)))
        images = generator.synthesise(generator.affine(generator.truncate(w, 0.8)))
    assert images.shape == (8, 3, *generator.table.size)
    assert images.abs().mean() < 1
    assert images.std(dim=0).mean() > 0.1  # eight different pictures


def test_the_bundled_pair_reads_the_same_styles_bit_for_bit() -> None:
    first, second = load_stylegan2("avatar"), load_stylegan2("toon")
    with torch.no_grad():
        z = torch.randn(16, first.table.z_dim, generator=torch.Generator().manual_seed(0))
        w = first.truncate(first.map(z), 0.7)
        assert torch.equal(w, second.truncate(second.map(z), 0.7))
        assert torch.equal(first.affine(w), second.affine(w))
        # and yet they draw different pictures
        assert (first.synthesise(first.affine(w)) - second.synthesise(second.affine(w))).abs().mean() > 0.05


@pytest.mark.parametrize("name", BUNDLED)
def test_stored_statistics_match_the_samples(name: str) -> None:
    """The reference sends all samples through the mapping network and the affine layers.

    In a file of float16, statistics are those of the weights before they were rounded.
    """
    generator = load_stylegan2(name)
    mean, std = generator.style_statistics()
    with torch.no_grad():
        z = torch.randn(SAMPLES, generator.table.z_dim, generator=torch.Generator().manual_seed(SEED))
        styles = generator.affine(generator.map(z)).double()
    half = generator.const().half().float().equal(generator.const())
    terms = mapping_terms(generator.table) + generator.table.w_dim
    for stored, found in ((mean, styles.mean(0)), (std, styles.std(0))):
        bound = likely(terms, largest(found), "float16") if half else 1e-5
        assert_within(stored, found.float(), bound)


def test_statistics_are_the_same_each_time(goldens: Path) -> None:
    first, second = (load_stylegan2(goldens / "soat64_a.pt").style_statistics() for _ in range(2))
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
    assert first[0].shape == first[1].shape == (368,)


def test_a_half_file_survives_float32(tmp_path: Path) -> None:
    """A model is stored in float16 and run in float32: saving it again in float16 loses nothing."""
    save_generator(load_stylegan2("landscape"), tmp_path / "half.safetensors", half=True)
    generator = load_stylegan2(tmp_path / "half.safetensors")
    save_generator(generator, tmp_path / "again.safetensors", half=True)
    again = load_stylegan2(tmp_path / "again.safetensors")
    assert again.digest == generator.digest


def test_changed_data_is_noticed(saved: Path, tmp_path: Path) -> None:
    content = bytearray(saved.read_bytes())
    content[-5] ^= 1
    path = tmp_path / "changed.safetensors"
    path.write_bytes(content)
    assert read_header(path).table.resolution == 64
    with pytest.raises(ModelError, match="SHA-256 differs"):
        load_stylegan2(path)


@pytest.mark.parametrize("part", [0, 4, 9, 100, 0.3, 0.999])
def test_files_cut_short(saved: Path, part: float, tmp_path: Path) -> None:
    content = saved.read_bytes()
    path = tmp_path / "cut.safetensors"
    path.write_bytes(content[: part if isinstance(part, int) else int(part * len(content))])
    with pytest.raises(ModelError, match=r"cut\.safetensors: is not a whole"):
        load_stylegan2(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "other"}, "holds .*; expected a StyleGAN2 or StyleGAN3 generator"),
        ({"format_version": "3"}, "format version 3; this fgraph reads 1 and 2"),
        ({"architecture": "other"}, "architecture is 'other'; this fgraph runs skip, orig, resnet"),
        ({"architecture": "resnet"}, "lacks b8.conv0.residual.weight"),
        ({"activation": '"sin"'}, "metadata are wrong.*activation"),
        ({"clamp": "-1"}, "metadata are wrong.*clamp"),
        ({"c_dim": "4"}, "has 4 classes, embedded in 0 numbers"),
        ({"channels": "[1]"}, "metadata are wrong"),
        ({"size": "63"}, "has resolutions .* for 63 pixels"),
        ({"w_dim": "0"}, "out of range"),
        ({"w_dim": "32"}, r"b16.conv0.affine.weight is \[32, 64\], but the others imply \[32, 32\]"),
        ({"mapping_layers": "5"}, "lacks mapping.4.weight, mapping.4.bias"),
    ],
)
def test_metadata_that_disagree(saved: Path, change: Any, says: str, tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    with safetensors.safe_open(saved, framework="pt") as file:
        save_file(load_file(saved), path, {**file.metadata(), **change})
    with pytest.raises(ModelError, match=says):
        read_header(path)


def _without_noise(path: Path, size: int, **facts: int) -> Path:
    """Write the smallest generator of a size, without its noise."""
    widths = tuple((4 << block, 1) for block in range(size.bit_length() - 2))
    table = StyleGAN2Table(widths, **({"z_dim": 1, "w_dim": 1, "mapping_layers": 1} | facts))
    shapes = required_shapes(table)
    head = write_tensor_header({name: ("float32", shape) for name, shape in shapes.items()}, describe(table))
    path.write_bytes(head + bytes(4 * sum(math.prod(shape) for shape in shapes.values())))
    return path


def test_a_tiny_file_draws_no_more_noise_than_its_size_allows(tmp_path: Path) -> None:
    assert read_header(_without_noise(tmp_path / "small.safetensors", 1024)).table.size == (1024, 1024)
    path = _without_noise(tmp_path / "large.safetensors", 4096)
    assert path.stat().st_size < 1 << 16
    with pytest.raises(ModelError, match=r"lacks 170\.7 MiB of noise; at most 16\.0 MiB, or 4 times the file"):
        load_stylegan2(path)


def test_codes_longer_than_allowed_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="codes have 1 and 4097 numbers; at most 4096 are allowed"):
        read_header(_without_noise(tmp_path / "wide.safetensors", 8, w_dim=4097))


@pytest.mark.parametrize(("z_dim", "c_dim"), [(3, 0), (7, 5), (512, 0)])
def test_samples_equal_those_of_one_draw(z_dim: int, c_dim: int) -> None:
    """The digest does not depend on how samples are drawn, so that measurements stay valid."""
    table = StyleGAN2Table(((4, 1),), z_dim, 1, 1, c_dim=c_dim, embed_width=c_dim)
    draw = torch.Generator().manual_seed(SEED)
    expected = torch.randn(SAMPLES, z_dim, generator=draw)
    found = torch.cat(list(sample_codes(table)))
    assert torch.equal(found[:, :z_dim], expected)
    if c_dim:
        assert torch.equal(found[:, z_dim:].argmax(dim=1), torch.randint(c_dim, (SAMPLES,), generator=draw))


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b'{"__metadata__": 3}',
        b'{"__metadata__": {"a": 1}}',
        b'{"a": 1}',
        b'{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [-1, -1], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [1e9, 4]}}',
        b'{"a": {"dtype": [], "shape": [1], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": 4, "data_offsets": [0, 4]}}',
        b"[" * 50_000,
    ],
)
def test_false_headers(header: Any, tmp_path: Path) -> None:
    path = tmp_path / "lies.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(ModelError, match="is not a whole"):
        read_header(path)
