"""Tiny pictures and tiny trainings: 16 pixels, a handful of steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fgraph.training import TrainingSettings, read_training_settings

TINY = {
    "mode": "train",
    "device": "cpu",
    "size": 16,
    "channels": {4: 8, 8: 8, 16: 4},
    "latent": 8,
    "mapping_layers": 2,
    "batch": 4,
    "images": 16,
    "gamma_every": 2,
    "log_images": 4,
}

PAINTER = """
import torch
class Grounds:
    numbers = 3
    def paint(self, z, size):
        return z[:, :, None, None].tanh() * (1 - 0.5 * torch.eye(size))  # all bands of pixels vary
"""
SPECKLED = """
class Speckles:
    numbers, noise = 3, True
    def paint(self, z, size, noise):
        return (z[:, :, None, None] + noise[-1]).tanh()
"""
Choose = Callable[..., TrainingSettings]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache directory is a temporary one."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Ten pictures of 16 pixels: a disk on a ground, in seeded colours."""
    folder = tmp_path / "data"
    folder.mkdir()
    draw = np.random.default_rng(0)
    y, x = np.mgrid[:16, :16]
    for number in range(10):
        ground, disk = draw.integers(0, 256, (2, 3))
        inside = (x - draw.uniform(4, 12)) ** 2 + (y - draw.uniform(4, 12)) ** 2 < 16
        Image.fromarray(np.where(inside[..., None], disk, ground).astype(np.uint8)).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def choose(data: Path, tmp_path: Path) -> Choose:
    """A function that returns the settings of a tiny training, with changes."""

    def settings(**changed: Any) -> TrainingSettings:
        return read_training_settings({**TINY, "data": data, "target": tmp_path / "training", **changed})

    return settings


@pytest.fixture
def painter(tmp_path: Path) -> str:
    """A painter of grounds with a diagonal, whose colours follow from three numbers."""
    (tmp_path / "grounds.py").write_text(PAINTER)
    return f"{tmp_path / 'grounds.py'}:Grounds"


@pytest.fixture
def speckled(tmp_path: Path) -> str:
    """A painter of grounds with the noise at the resolution of the picture added to them."""
    (tmp_path / "speckles.py").write_text(SPECKLED)
    return f"{tmp_path / 'speckles.py'}:Speckles"
