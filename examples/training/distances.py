"""Distances between two sets of images: of patches, and of features."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

PATCH, PATCHES, DIRECTIONS, COARSEST = 7, 128, 512, 16
NEIGHBOUR = 3  # of precision and recall


def pyramid(images: Tensor) -> list[Tensor]:
    """Return the Laplacian pyramid, the finest level first, down to 16 pixels."""
    levels = []
    while images.shape[2] > COARSEST:
        smaller = F.avg_pool2d(images, 2)
        enlarged = F.interpolate(smaller, scale_factor=2, mode="bilinear", align_corners=False)
        levels.append(images - enlarged)
        images = smaller
    return [*levels, images]


def cut_patches(images: Tensor, draw: torch.Generator) -> Tensor:
    """Cut 128 patches of each image at random places: [rows * 128, 3 * 7 * 7]."""
    rows, channels, side, _ = images.shape
    y, x = torch.randint(0, side - PATCH + 1, (2, rows, PATCHES), generator=draw)
    inside = torch.arange(PATCH)
    lines = (y[:, :, None] + inside)[:, :, :, None]  # [rows, patches, 7, 1]
    columns = (x[:, :, None] + inside)[:, :, None, :]
    row = torch.arange(rows)[:, None, None, None]
    return images.permute(0, 2, 3, 1)[row, lines, columns].reshape(rows * PATCHES, PATCH * PATCH, channels)


def describe_patches(batches: Iterator[Tensor]) -> list[Tensor]:
    """Return all patches of each level, [patches, 147], each channel with zero mean and unit variance."""
    draw, found = torch.Generator().manual_seed(0), dict[int, list[Tensor]]()
    for images in batches:
        for level in pyramid(images):
            found.setdefault(level.shape[2], []).append(cut_patches(level, draw))
    described = []
    for size in sorted(found, reverse=True):
        patches = torch.cat(found[size])
        std, mean = torch.std_mean(patches, dim=(0, 1))
        described.append(((patches - mean) / std).flatten(1))
    return described


def sliced_wasserstein(one: Tensor, other: Tensor) -> float:
    """Return the mean distance of sorted projections on random directions, times 1000."""
    draw, total = torch.Generator().manual_seed(1), 0.0
    for _ in range(DIRECTIONS // 64):
        directions = torch.randn(one.shape[1], 64, generator=draw)
        directions /= directions.norm(dim=0)
        # numpy sorts floats that lie side by side many times faster than torch does columns
        first, second = (np.sort((directions.t() @ patches.t()).numpy(), axis=1) for patches in (one, other))
        total += float(np.abs(first - second).mean())
    return total / (DIRECTIONS // 64) * 1000


def frechet(one: Tensor, other: Tensor) -> float:
    """Return |μ1 - μ2|² + tr(Σ1 + Σ2 - 2 (Σ1 Σ2)^½) of two sets of features [images, channels]."""
    means, covariances = [], []
    for features in (one.double(), other.double()):
        means.append(features.mean(dim=0))
        covariances.append(torch.cov(features.t()))
    values, vectors = torch.linalg.eigh(covariances[0])
    root = vectors * values.clamp_min(0).sqrt() @ vectors.t()  # (Σ1 Σ2)^½ and (Σ1^½ Σ2 Σ1^½)^½ have the same trace
    middle = torch.linalg.eigvalsh(root @ covariances[1] @ root).clamp_min(0).sqrt().sum()
    return float((means[0] - means[1]).square().sum() + torch.trace(covariances[0] + covariances[1]) - 2 * middle)


def precision_recall(real: Tensor, fake: Tensor) -> tuple[float, float]:
    """Return precision and recall (Kynkäänniemi et al. 2019, eq. 2) of features [images, channels].

    Precision is the share of `fake` within a ball of `real`, recall the share of `real` within a ball of `fake`; the
    ball of a point reaches to its third nearest neighbour of the same set.
    """
    return _covered(fake, real), _covered(real, fake)


def _covered(points: Tensor, centres: Tensor) -> float:
    """Return the share of points within the ball of a centre."""
    radii = torch.cdist(centres, centres).kthvalue(NEIGHBOUR + 1, dim=1).values  # the nearest is the point itself
    return float((torch.cdist(points, centres) <= radii).any(dim=1).float().mean())
