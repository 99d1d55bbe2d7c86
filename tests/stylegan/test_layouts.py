"""Generators as other programs save them: each layout holds the same tensors as the original."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fgraph.stylegan.checkpoints.header import read_header
from fgraph.stylegan.loading import load_stylegan2
from tests.layouts import TABLE, layouts
from tests.network_pickles import random_generator

FILES = layouts()


@pytest.mark.parametrize("name", FILES)
def test_every_layout_holds_the_generator(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])
    original, found = random_generator(TABLE), load_stylegan2(path)
    assert read_header(path).table.channels == TABLE.channels
    assert found.tensors.keys() == original.tensors.keys()
    for key, value in original.tensors.items():
        if name == "genforce.pth" and key.endswith("affine.bias"):  # stored without its 1, which rounds twice
            torch.testing.assert_close(
                found.tensors[key], value, rtol=0, atol=2 * 2**-24 * (1 + float(value.abs().max()))
            )
        else:
            assert torch.equal(found.tensors[key], value), key
