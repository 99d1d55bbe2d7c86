"""Losses and augmentation, against their formulas."""

from __future__ import annotations

import pytest
import torch

from fgraph.training.augment import adapt, augment
from fgraph.training.losses import discriminator_loss, generator_loss, gradient_penalty
from tests.rounding import assert_rounded, assert_summed

pytestmark = pytest.mark.numeric

KINDS = ("colour", "shift", "cutout")


def draw(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_losses_are_those_of_the_logistic_game() -> None:
    real, fake = torch.tensor([[1.0], [-2.0]]), torch.tensor([[0.5], [3.0]])
    expected = -(torch.sigmoid(real).log().mean() + (1 - torch.sigmoid(fake)).log().mean())
    assert_rounded(discriminator_loss(real, fake), expected, 16)
    assert_rounded(generator_loss(fake), -torch.sigmoid(fake).log().mean(), 16)


def test_the_penalty_is_the_squared_slope() -> None:
    images = torch.randn(4, 3, 8, 8, generator=draw())
    # score = sum(x³) / 3 has the slope x²
    penalty = gradient_penalty(lambda x: (x**3).sum(dim=(1, 2, 3)) / 3, images)
    assert_summed(penalty, (images**4).sum(dim=(1, 2, 3)).mean(), 3 * 8 * 8 + 4)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_changes_images_and_lets_gradients_through(kind: str) -> None:
    images = torch.rand(6, 3, 16, 16, generator=draw(1), dtype=torch.float64).requires_grad_()
    changed = augment(images, [kind], 1.0, draw(2))
    assert changed.shape == images.shape
    assert not torch.equal(changed, images)
    (slope,) = torch.autograd.grad(changed.sum(), images)
    assert slope.abs().sum(dim=(1, 2, 3)).min() > 0
    assert torch.autograd.gradcheck(
        lambda x: augment(x, [kind], 1.0, draw(2)), images.detach()[:1, :, :4, :4].requires_grad_()
    )


def test_strength_is_the_share_of_rows_that_are_changed() -> None:
    images = torch.rand(400, 3, 8, 8, generator=draw(1))
    assert augment(images, KINDS, 0.0, draw(2)) is images
    changed = (augment(images, ["colour"], 0.25, draw(2)) != images).flatten(1).any(dim=1).sum()
    assert 70 < changed < 130


def test_a_shift_moves_the_picture_by_an_eighth_at_most() -> None:
    images = torch.zeros(50, 1, 16, 16)
    images[:, :, 8, 8] = 1
    places = augment(images, ["shift"], 1.0, draw(0)).flatten(1).argmax(dim=1)
    y, x = places // 16, places % 16
    assert {int(value) for value in (y - 8).unique()} == {-2, -1, 0, 1, 2}
    assert {int(value) for value in (x - 8).unique()} == {-2, -1, 0, 1, 2}


def test_the_share_follows_the_sign_of_real_scores() -> None:
    assert adapt(0.5, 0.9, 0.6, 5000) == pytest.approx(0.51)
    assert adapt(0.5, 0.1, 0.6, 5000) == pytest.approx(0.49)
    assert adapt(0.0, 0.1, 0.6, 5000) == 0.0
    assert adapt(1.0, 0.9, 0.6, 5000) == 1.0
