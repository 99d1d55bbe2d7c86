"""Losses: values of simple cases, independent rows, missing packages and weights."""

from __future__ import annotations

import math
import sys
import types
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from fgraph._errors import FgraphError
from fgraph.inversion import perceptual
from fgraph.inversion.losses import WeightedLosses, at_most, feature_loss, log_mean_squared, mean_squared, pyramid_loss
from fgraph.inversion.settings import InversionSettings
from fgraph.stylegan.nn.discriminator import Discriminator, initial_tensors
from fgraph.stylegan.tables.discriminator import DiscriminatorTable
from tests.rounding import assert_summed, likely

pytestmark = pytest.mark.numeric


def pictures(rows: int, size: int, seed: int = 0) -> Tensor:
    return torch.rand(rows, 3, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def small_discriminator(size: int = 16) -> Discriminator:
    table = DiscriminatorTable(size, tuple((4 << i, 4) for i in range(size.bit_length() - 2)))
    return Discriminator(table, initial_tensors(table, seed=0))


def test_a_constant_difference_is_all_in_the_lowest_level() -> None:
    x = pictures(2, 32)
    assert_summed(pyramid_loss(x + 0.25, x), torch.full((2,), 0.25), 32 * 32)
    assert_summed(mean_squared(x + 0.25, x), torch.full((2,), 0.0625), 3 * 32 * 32)


def test_a_decibel_counts_the_same_far_from_the_target_and_near_it() -> None:
    x = torch.zeros(3, 3, 16, 16, dtype=torch.float64)
    errors = torch.tensor([1.0, 1e-2, 1e-4], dtype=torch.float64)  # squared: 6, 26 and 46 dB
    far, middle, near = log_mean_squared(x + errors.sqrt().view(3, 1, 1, 1), x).tolist()
    # ln(1 + e) lies between ln(e) and ln(e) + 1/e, and e is 1000 for the nearest.
    assert far - middle == pytest.approx(math.log(100), abs=1e-5 + likely(3 * 256))
    assert middle - near == pytest.approx(math.log(100), abs=1e-3 + likely(3 * 256))
    assert log_mean_squared(x, x).tolist() == [0, 0, 0]


def test_a_chequered_difference_is_all_in_the_highest_level() -> None:
    x = torch.zeros(1, 3, 32, 32)
    chequers = (torch.arange(32)[:, None] + torch.arange(32)) % 2 * 2.0 - 1
    assert float(pyramid_loss(x + chequers, x)) == pytest.approx(1.0, abs=likely(32 * 32))


def test_blurring_costs_the_pyramid_more_where_it_is_coarser() -> None:
    x = pictures(1, 64)
    fine = torch.nn.functional.avg_pool2d(x, 2).repeat_interleave(2, 2).repeat_interleave(2, 3)
    coarse = torch.nn.functional.avg_pool2d(x, 8).repeat_interleave(8, 2).repeat_interleave(8, 3)
    assert pyramid_loss(coarse, x) > pyramid_loss(fine, x) > 0


def test_large_images_are_compared_at_256_pixels() -> None:
    assert at_most(pictures(1, 512)).shape == (1, 3, 256, 256)
    assert at_most(pictures(1, 128)).shape == (1, 3, 128, 128)


def test_losses_of_a_row_do_not_depend_on_its_batch() -> None:
    settings = InversionSettings(mse=1, pyramid=0.5, discriminator=2)
    objective = WeightedLosses(settings, small_discriminator())
    x, y = pictures(3, 16, 1), pictures(3, 16, 2)
    together = objective.parts(x, objective.prepare(y))
    assert list(together) == ["mse", "pyramid", "discriminator"]
    for row in range(3):
        alone = objective.parts(x[row : row + 1], objective.prepare(y[row : row + 1]))
        for name, values in alone.items():
            assert float(values) == pytest.approx(float(together[name][row]), rel=likely(3 * 16 * 16))


def test_features_of_equal_images_have_no_loss() -> None:
    loss = feature_loss(small_discriminator())
    x, y = pictures(2, 16), pictures(2, 16, 9)
    assert loss.compare(x, loss.prepare(x)).tolist() == [0, 0]
    assert (loss.compare(y, loss.prepare(x)) > 0.1).all()


@pytest.fixture
def no_lpips() -> Iterator[None]:
    perceptual._network.cache_clear()
    yield
    perceptual._network.cache_clear()


class FakeLPIPS(torch.nn.Module):
    """A stand-in for the package's class: it checks its arguments, and returns the difference of two images."""

    def __init__(self, net: str, spatial: bool, verbose: bool) -> None:
        super().__init__()
        assert (net, spatial, verbose) == ("vgg", True, False)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return (x - y).abs().mean(dim=1, keepdim=True)


@pytest.mark.usefixtures("no_lpips")
def test_lpips_is_taken_from_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("lpips")
    module.LPIPS = FakeLPIPS  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lpips", module)
    loss = perceptual.load_lpips(torch.device("cpu"))
    objective = WeightedLosses(InversionSettings(lpips=20, mse=0, pyramid=0), lpips=loss)
    x = pictures(2, 16)
    parts = objective.parts(x + 0.5, objective.prepare(x))
    assert_summed(parts["lpips"], torch.full((2,), 10.0), 3 * 16 * 16)


@pytest.mark.usefixtures("no_lpips")
@pytest.mark.parametrize("fault", ["missing", "no weights"])
def test_the_error_names_the_package_that_lpips_lacks(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise OSError("the net cannot be reached")

    module = types.ModuleType("lpips")
    module.LPIPS = refuse  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lpips", None if fault == "missing" else module)
    expected = "packages lpips and torchvision" if fault == "missing" else "ImageNet weights of VGG.*cannot be reached"
    with pytest.raises(FgraphError, match=expected):
        perceptual.load_lpips(torch.device("cpu"))
