"""Golden arrays, made by the original code, and the small random networks they belong to."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.loading import load_stylegan2
from tests.paths import GOLDENS

Golden = Callable[[str], dict[str, torch.Tensor]]  # the arrays of a golden file by its name


@pytest.fixture(scope="session")
def goldens() -> Path:
    return GOLDENS


@pytest.fixture(scope="session")
def golden() -> Golden:
    """The arrays of one golden file, as tensors."""

    def load(name: str) -> dict[str, torch.Tensor]:
        with np.load(GOLDENS / f"{name}.npz") as arrays:
            return {
                key: torch.from_numpy(arrays[key].astype(np.float32))
                for key in arrays.files
                if arrays[key].dtype.kind in "fiub"
            }

    return load


@pytest.fixture(scope="session")
def small() -> StyleGAN2Generator:
    """The golden 64-pixel network."""
    return load_stylegan2(GOLDENS / "soat64_a.pt")


@pytest.fixture(scope="session")
def styles(small: StyleGAN2Generator) -> torch.Tensor:
    """Raw styles of five seeded rows of the small network."""
    with torch.no_grad():
        return small.affine(small.map(torch.randn(5, small.table.z_dim, generator=torch.Generator().manual_seed(3))))


@pytest.fixture
def no_gradients() -> Iterator[None]:
    """Run a test without recording operations."""
    with torch.no_grad():
        yield
