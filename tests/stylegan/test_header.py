"""Headers give a generator's layers without torch, and errors say what is wrong with a source."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.header import BUNDLED, read_header
from fgraph.stylegan.loading import load_stylegan2

WITHOUT_TORCH = """
import sys
from fgraph.stylegan.checkpoints.header import read_header
for source in sys.argv[1:]:
    header = read_header(source)
    print(header.format, header.table.resolution, header.table.style_length)
assert "torch" not in sys.modules, "torch was loaded"
"""


def test_bundled_models_and_zip_checkpoints_are_read_without_torch(goldens: Path) -> None:
    sources = [*BUNDLED, str(goldens / "soat64_a.pt"), str(goldens / "soat256_a.pt")]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *sources], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        *["safetensors 64 1088"] * 4,
        "safetensors 128 1136",
        "rosinality 64 368",
        "rosinality 256 424",
    ]


def test_table_of_a_checkpoint(goldens: Path) -> None:
    table = read_header(goldens / "soat256_a.pt").table
    assert table.channels == ((4, 32), (8, 32), (16, 32), (32, 16), (64, 16), (128, 8), (256, 8))  # type: ignore[attr-defined]
    assert (table.z_dim, table.w_dim, table.mapping_layers, table.num_ws) == (64, 64, 8, 14)


@pytest.mark.parametrize("source", [*BUNDLED, "soat64_a.pt", "soat64_b.pt"])
def test_header_and_generator_agree(source: str, goldens: Path) -> None:
    header = read_header(goldens / source if source.endswith(".pt") else source)
    generator = load_stylegan2(header)
    assert generator.table == header.table
    assert generator.name == header.name == source.removesuffix(".pt")


def test_identity_follows_the_file(goldens: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.pt"
    copy.write_bytes((goldens / "soat64_a.pt").read_bytes())
    first = read_header(copy)
    assert read_header(str(copy)).identity == first.identity
    assert first.source == str(copy)
    copy.write_bytes((goldens / "soat64_b.pt").read_bytes())
    assert read_header(copy).identity != first.identity


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("lanscape", "did you mean 'landscape'.*"),
        ("no/such/file.pt", "bundled are landscape, avatar"),
        (".", "is a directory"),
    ],
)
def test_unknown_sources(source: str, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        read_header(source)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.pkl", b"\x80\x03}q\x00.", "holds nothing; expected a StyleGAN2 or StyleGAN3"),
        ("a.pt", b"\x80\x02}q\x00.", "holds nothing"),
        ("a.pt", b"", "is empty; expected"),
        ("a.pt", b"hello, this is text", "starts with b'hello, t'; expected a .safetensors"),
        ("a.safetensors", b"", "not a whole .safetensors file"),
        ("a.safetensors", b"\xff" * 40, "not a whole .safetensors file"),
    ],
)
def test_other_kinds_of_file(name: str, content: Any, says: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ModelError, match=says) as caught:
        read_header(path)
    assert str(path) in str(caught.value)
