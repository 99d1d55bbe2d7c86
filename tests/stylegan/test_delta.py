"""Deltas: the places where their bases are found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import fgraph
from fgraph._errors import ModelError
from fgraph.stylegan import inspect
from fgraph.stylegan.checkpoints import delta
from fgraph.stylegan.checkpoints.delta import delta_metadata
from fgraph.stylegan.checkpoints.header import read_contents
from fgraph.stylegan.checkpoints.sources import file_digest, keep_model
from fgraph.stylegan.checkpoints.tensor_file import write_tensor_header
from fgraph.stylegan.checkpoints.weights import save_generator
from tests.networks import tiny
from tests.serving import serving


def write_delta(path: Path, base: str, digest: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    header = write_tensor_header({"w_mean.delta": ("float32", (8,))}, delta_metadata(base, digest, ""))
    path.write_bytes(header + np.ones(8, np.float32).tobytes())
    return path


@pytest.fixture
def base(tmp_path: Path) -> Path:
    save_generator(tiny(0), tmp_path / "models" / "base.safetensors")
    return tmp_path / "models" / "base.safetensors"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path) -> Iterator[None]:
    with fgraph.downloads(tmp_path / "cache"):
        yield


@pytest.mark.parametrize(
    "named", ["base.safetensors", "/elsewhere/base.safetensors", "C:\\elsewhere\\base.safetensors"]
)
def test_a_base_beside_the_delta_is_found(base: Path, named: str) -> None:
    file = write_delta(base.with_name("tuned.safetensors"), named, file_digest(base))
    assert read_contents(file).table == tiny(0).table


def test_a_base_in_the_cache_is_found_by_its_digest(base: Path, tmp_path: Path) -> None:
    file = write_delta(tmp_path / "out" / "tuned.safetensors", str(base), file_digest(base))
    with pytest.raises(ModelError, match="neither beside it, nor bundled, nor in the cache"):
        read_contents(file)
    keep_model(base, file_digest(base))
    assert read_contents(file).table == tiny(0).table


@pytest.mark.parametrize("named", ["/etc/passwd", "../models/base.safetensors", "~/secret", "~nobody-has-this-name/a"])
def test_a_delta_does_not_choose_the_files_that_are_read(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    read = list[Path]()
    monkeypatch.setattr(delta, "file_digest", lambda path: read.append(path) or file_digest(path))  # type: ignore[func-returns-value]
    file = write_delta(tmp_path / "out" / "tuned.safetensors", named, file_digest(base))
    with pytest.raises(ModelError, match="neither beside it, nor bundled, nor in the cache"):
        read_contents(file)
    assert read == []


def test_a_delta_requests_no_address(base: Path, tmp_path: Path) -> None:
    with serving(base.read_bytes()) as server:
        file = write_delta(tmp_path / "out" / "tuned.safetensors", server.address, file_digest(base))
        with pytest.raises(ModelError, match="nor in the cache"):
            inspect(file)
        assert server.requests == []
        fgraph.load_generator(server.address)  # the user's own choice
        assert inspect(file).table == tiny(0).table
        assert len(server.requests) == 1


@pytest.mark.parametrize("digest", ["", "x" * 64, "../../../../etc/passwd", "A" * 64])
def test_an_invalid_digest(base: Path, digest: str) -> None:
    file = write_delta(base.with_name("tuned.safetensors"), "base.safetensors", digest)
    with pytest.raises(ModelError, match="without the SHA-256 of its base"):
        read_contents(file)


def test_chains_of_deltas_have_a_bound(base: Path) -> None:
    last = base
    for number in range(9):
        assert read_contents(last).table == tiny(0).table
        last = write_delta(base.with_name(f"{number}.safetensors"), last.name, file_digest(last))
    with pytest.raises(ModelError, match="a chain of more than 8 deltas"):
        read_contents(last)
