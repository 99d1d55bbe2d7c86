"""Small files of arrays that would take much memory or time, and files that are not arrays at all."""

from __future__ import annotations

import io
import json
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fgraph.array_files import archives, pickled
from fgraph.array_files.latents import read_arrays, read_latent
from fgraph.stylegan.checkpoints.tensor_file import write_tensor_header

FREE = 1 << 20


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds of 1 MiB, so that the files of the tests are small."""
    for module in (archives, pickled):
        monkeypatch.setattr(module, "ARRAY_FREE", FREE)


def refused(path: Path, says: str, most: int = FREE // 2) -> None:
    """Check that a file is refused before memory is taken."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=says):
            read_latent(str(path))
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


def header(shape: str, descr: str = "<f4") -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def test_a_zip_that_expands(small: None, tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", codes=np.zeros((1, 8 * FREE), np.float32))
    assert (tmp_path / "a.npz").stat().st_size < FREE // 16
    refused(tmp_path / "a.npz", "its arrays take 32.0 MiB")


def test_small_numbers_that_expand_to_float32(small: None, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in "ab":
            archive.writestr(f"{name}.npy", header(f"({FREE // 2},)", "|b1") + bytes(FREE // 2))
    with pytest.raises(ValueError, match=r"is larger than the .* it may take"):
        read_arrays(tmp_path / "a.npz")


def test_arrays_that_compress_like_codes_are_read(small: None, tmp_path: Path) -> None:
    codes = np.random.RandomState(0).randn(4, FREE).astype(np.float32)
    np.savez_compressed(tmp_path / "a.npz", codes=codes)
    assert np.array_equal(read_latent(str(tmp_path / "a.npz")).codes.array, codes)


@pytest.mark.parametrize("shape", ["(1099511627776,)", "(4294967296, 4294967296, 4294967296)", "(-1,)"])
def test_a_header_with_a_false_shape(tmp_path: Path, shape: str) -> None:
    (tmp_path / "a.npy").write_bytes(header(shape) + bytes(64))
    refused(tmp_path / "a.npy", "is not a .npz or .npy file")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", header(shape) + bytes(64))
    refused(tmp_path / "a.npz", "is not a .npz or .npy file")


NO_HEADERS = ["(" * 5000, "[" * 5000 + "]" * 5000, "-" * 9000 + "1", "9" * 9000, "\x00", "a.b", "{}"]


@pytest.mark.parametrize("text", NO_HEADERS, ids=range(7))
def test_an_invalid_header(tmp_path: Path, text: str) -> None:
    content = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + bytes(8)
    (tmp_path / "a.npy").write_bytes(content)
    refused(tmp_path / "a.npy", "is not a .npz or .npy file", 16 * FREE)


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_other_compression(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", method) as archive:
        archive.writestr("a.npy", header("(1,)") + bytes(4))
    refused(tmp_path / "a.npz", "compressed by another method than deflate", 16 * FREE)


def changed_zip(change: Callable[[bytearray, int], None]) -> bytes:
    """Return a `.npz` with a change of its central directory, and of its local header."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", header("(1,)") + bytes(4))
    content = bytearray(buffer.getvalue())
    change(content, content.index(b"PK\x01\x02"))
    return bytes(content)


CHANGES: dict[str, Callable[[bytearray, int], None]] = {
    "encrypted": lambda content, at: content.__setitem__(at + 8, 1),
    "an unknown method": lambda content, at: content.__setitem__(at + 10, 77),
    "a version of the future": lambda content, at: content.__setitem__(at + 6, 200),
    "an offset beyond the file": lambda content, at: content.__setitem__(slice(at + 42, at + 46), b"\xff\xff\xff\x7f"),
    "a wrong checksum": lambda content, at: content.__setitem__(at + 16, content[at + 16] ^ 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_odd_archives_end_in_one_error(tmp_path: Path, change: str) -> None:
    (tmp_path / "a.npz").write_bytes(changed_zip(CHANGES[change]))
    refused(tmp_path / "a.npz", "is not a .npz or .npy file", 16 * FREE)


def test_many_views_of_one_storage(small: None, tmp_path: Path) -> None:
    whole = torch.zeros(FREE // 4)
    torch.save({str(i): whole.view(1, -1) for i in range(100)}, tmp_path / "a.pt")
    refused(tmp_path / "a.pt", "its arrays take 100.0 MiB in a file of", 8 * FREE)


def test_views_that_are_small_but_read_much(small: None, tmp_path: Path) -> None:
    whole = torch.zeros(FREE // 4)
    torch.save({str(i): whole[:: FREE // 4 - 1][None] for i in range(100)}, tmp_path / "a.pt")
    refused(tmp_path / "a.pt", "its arrays take 100.0 MiB in a file of", 8 * FREE)


def test_slices_of_one_batch_are_read(small: None, tmp_path: Path) -> None:
    batch = torch.arange(120.0).view(10, 3, 4)
    torch.save({f"{i}.png": {"latent": batch[i]} for i in range(10)}, tmp_path / "a.pt")
    assert np.array_equal(read_latent(str(tmp_path / "a.pt")).codes.array, batch.numpy())


def safetensors(offsets: list[tuple[int, int]], size: int) -> bytes:
    entries = {
        str(i): {"dtype": "F32", "shape": [(b - a) // 4], "data_offsets": [a, b]} for i, (a, b) in enumerate(offsets)
    }
    text = json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text + bytes(size)


WRONG_OFFSETS = [[(0, 64)] * 1000, [(0, 32), (16, 64)], [(0, 16), (32, 64)]]


@pytest.mark.parametrize("offsets", WRONG_OFFSETS, ids=["the same", "overlapping", "a gap"])
def test_tensors_that_overlap_or_leave_gaps(tmp_path: Path, offsets: list[tuple[int, int]]) -> None:
    (tmp_path / "a.safetensors").write_bytes(safetensors(offsets, 64))
    refused(tmp_path / "a.safetensors", "a tensor starts at byte", 16 * FREE)


def test_empty_tensors_take_no_place(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(safetensors([(0, 64), (64, 64), (0, 0)], 64))
    assert read_latent(str(tmp_path / "a.safetensors"), "0").codes.shape == (16,)


NO_JSON = ["[" * 100_000, '{"a":' * 100_000, '{"a": ' + "9" * 10_000 + "}", "[]", "\xff", '{"a": 1e999}']
NO_JSON.append(
    '{"__metadata__": {}}'.encode("utf-16").decode("latin-1")
)  # json.loads would accept it, and import a codec


@pytest.mark.parametrize("text", NO_JSON, ids=range(7))
def test_invalid_headers_of_safetensors(tmp_path: Path, text: str) -> None:
    content = text.encode("latin-1")
    (tmp_path / "a.safetensors").write_bytes(len(content).to_bytes(8, "little") + content)
    refused(tmp_path / "a.safetensors", "cannot read .*safetensors", 64 * FREE)


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".safetensors", ".pt", ".pkl"])
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no FIFOs")
def test_a_fifo_or_a_device_is_refused_at_once(tmp_path: Path, suffix: str) -> None:
    os.mkfifo(tmp_path / f"fifo{suffix}")
    (tmp_path / f"zero{suffix}").symlink_to("/dev/zero")
    for name in ("fifo", "zero"):
        with pytest.raises(ValueError, match="not a regular file"):
            read_latent(str(tmp_path / f"{name}{suffix}"))


@pytest.mark.parametrize("path", ["~nobody-has-this-name/a.npz", "a\x00.npz", "a" * 300 + ".npz", "/dev/null/a.npz"])
def test_invalid_paths(path: str) -> None:
    for read in (read_latent, read_arrays):
        with pytest.raises(ValueError, match="cannot read"):
            read(path)


def test_names_in_a_file_are_escaped(tmp_path: Path) -> None:
    entries: Any = {"a\x1b[2J\n": ("float32", (1,)), "b": ("float32", (1,))}
    (tmp_path / "a.safetensors").write_bytes(write_tensor_header(entries, {}) + bytes(8))
    with pytest.raises(ValueError, match=r"holds a\\x1b\[2J\\n, b: name the array"):
        read_latent(str(tmp_path / "a.safetensors"))
