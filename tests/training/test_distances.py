"""The figures of model cards: distances between sets of features."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch

pytestmark = pytest.mark.numeric

FILE = Path(__file__).parents[2] / "examples" / "training" / "distances.py"


@pytest.fixture(scope="module")
def distances() -> ModuleType:
    """The module beside the script."""
    spec = importlib.util.spec_from_file_location("distances_of_the_cards", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def points(count: int, seed: int) -> torch.Tensor:
    return torch.randn(count, 4, generator=torch.Generator().manual_seed(seed))


def test_equal_sets_are_covered_and_far_ones_are_not(distances: ModuleType) -> None:
    real = points(64, 0)
    assert distances.precision_recall(real, real) == (1.0, 1.0)
    assert distances.precision_recall(real, real + 1000) == (0.0, 0.0)


def test_a_collapsed_model_is_precise_and_recalls_little(distances: ModuleType) -> None:
    """All of its images are near one picture: within its ball, while their own balls are tiny."""
    real = points(64, 0)
    precision, recall = distances.precision_recall(real, real[:1] + points(64, 1) * 1e-4)
    assert precision == 1.0
    assert recall <= 1 / 64


def test_frechet_of_a_moved_set_is_the_square_of_the_way(distances: ModuleType) -> None:
    """In float64; the roots of eigenvalues leave about the root of unit roundoff, of a trace of about 4."""
    real = points(64, 0)
    assert distances.frechet(real, real + 2.0) == pytest.approx(4 * 2.0**2, abs=8 * 2.0**-26)
