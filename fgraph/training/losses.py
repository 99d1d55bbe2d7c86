"""The losses: non-saturating logistic (Goodfellow et al. 2014), and R1 (Mescheder et al. 2018, eq. 9)."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Return the discriminator's loss from its scores [rows, 1] of real and of generated images."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def generator_loss(fake: Tensor) -> Tensor:
    """Return the generator's loss from the scores [rows, 1] of its images."""
    return F.softplus(-fake).mean()


def gradient_penalty(score: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Return the mean over rows of |∇ score(image)|² for real images [rows, 3, size, size]; R1 is γ / 2 times that."""
    images = images.detach().requires_grad_()
    total = score(images).sum()
    (slope,) = torch.autograd.grad(total, images, create_graph=True)
    return slope.square().sum(dim=(1, 2, 3)).mean()
