"""Spherical k-means."""

from __future__ import annotations

import pytest
import torch

from fgraph.stylegan.measured.k_means import spherical_k_means
from tests.rounding import assert_rounded, likely

pytestmark = pytest.mark.numeric


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_k_means_finds_bundles_of_unit_vectors() -> None:
    draw = generator(1)
    centres = torch.linalg.qr(torch.randn(10, 10, generator=draw))[0][:3]
    planted = torch.repeat_interleave(torch.arange(3), torch.tensor([12, 7, 4]))
    noise = 0.1 * torch.randn(23, 10, generator=draw)
    points = torch.nn.functional.normalize(centres[planted] + noise, dim=1)
    found, groups = spherical_k_means(points, 3, generator(), rounds=100, starts=8)
    assert len(set(zip(planted.tolist(), groups.tolist(), strict=True))) == 3
    assert_rounded(found.norm(dim=1), torch.ones(3), 10 + 2)
    for group in range(3):
        total = points[groups == group].sum(dim=0)
        assert_rounded(found[group], total / total.norm(), 2 * (23 + 10))  # sums of 23 points, norms of 10 numbers


def test_k_means_leaves_no_cluster_empty() -> None:
    same = torch.tensor([[1.0, 0.0]]).expand(5, 2)
    assert set(spherical_k_means(same, 3, generator(), rounds=10)[1].tolist()) == {0, 1, 2}


def test_more_starts_are_never_worse() -> None:
    points = torch.nn.functional.normalize(torch.randn(40, 3, generator=generator(2)), dim=1)

    def score(starts: int) -> float:
        centres, groups = spherical_k_means(points, 6, generator(3), rounds=100, starts=starts)
        return float((points * centres[groups]).sum())

    assert score(8) >= score(1) - likely(3 + 40, 40)  # both start from the same draws; 40 cosines of three terms
