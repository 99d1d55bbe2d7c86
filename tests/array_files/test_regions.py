"""Channels by region, from StyleSpace's `semantic_top_32`."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from fgraph.array_files.regions import read_regions
from fgraph.cli import main

LAYERS = [
    np.array([[0.875, 0.0625, 0.0625], [0.625, 0.375, 0.0], [0.5, 0.25, 0.25]]),
    np.zeros((2, 3)),  # ToRGB, as StyleSpace's program pads it
    np.array([[0.0, 0.25, 0.75], [0.125, 0.5, 0.375]]),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "semantic_top_32").write_bytes(pickle.dumps(LAYERS, protocol=4))
    return tmp_path / "semantic_top_32"


def test_channels_belong_to_the_region_that_leads(path: Path) -> None:
    """[0.625, 0.375] leads by 0.25, where StyleSpace requires more; a share of 0.5 is too small."""
    assert read_regions(path) == {0: [(0, 0, 0.875)], 1: [], 2: [(2, 0, 0.75)]}


def test_regions_together(path: Path) -> None:
    found = read_regions(path, [1, 2])
    assert [(layer, channel) for layer, channel, _ in found[1]] == [(2, 0), (2, 1)]
    assert [share for *_, share in found[1]] == [1.0, 0.875]


def test_the_command_prints_them(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["regions", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "region 0, 1 channels: 0:0 0.88", "region 1, 0 channels", "region 2, 1 channels: 2:0 0.75",
    ]  # fmt: skip
    assert main(["regions", str(path), "1", "2"]) == 0
    assert capsys.readouterr().out == "region 1+2, 2 channels: 2:0 1.00, 2:1 0.88\n"


def test_other_files_and_regions_are_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["regions", str(path), "3"]) == 2
    assert "has 3 regions, from 0; there is no region 3" in capsys.readouterr().err
    path.write_bytes(pickle.dumps([np.ones(3), np.ones(3)]))
    with pytest.raises(ValueError, match="is not the semantic_top_32 of StyleSpace"):
        read_regions(path)
