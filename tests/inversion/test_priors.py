"""Priors against their definitions, written out with inverses."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fgraph.inversion.priors import SHRINKAGE, make_prior
from fgraph.inversion.settings import Prior
from fgraph.inversion.statistics import read_statistics
from fgraph.stylegan.generators.statistics import SAMPLES, sample_w
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from tests.networks import tiny
from tests.rounding import assert_within, likely, unit, worst

pytestmark = pytest.mark.numeric

GENERATOR = tiny(1).to(dtype=torch.float64)


def samples() -> torch.Tensor:
    own = tiny(1)
    return torch.cat(list(sample_w(own.table, own.tensors))).double()


def mahalanobis(v: torch.Tensor, mean: torch.Tensor, covariance: torch.Tensor) -> torch.Tensor:
    return torch.einsum("ri,ij,rj->r", v - mean, torch.linalg.inv(covariance), v - mean)


def assert_distances(found: torch.Tensor, expected: torch.Tensor, covariance: torch.Tensor) -> None:
    """Assert that squared distances are equal, except for the rounding of the covariance.

    Its entries are sums over all samples. An error e of a matrix in float64 changes vᵀ Σ⁻¹ v by a factor of at most
    1 + n e cond(Σ), Higham 2002, section 7.1.
    """
    error = likely(SAMPLES, dtype="float64") * len(covariance) * float(torch.linalg.cond(covariance))
    assert_within(found / expected, torch.ones_like(expected), error)


def test_the_gaussian_of_s_is_its_diagonal() -> None:
    styles = GENERATOR.affine(samples())
    prior = make_prior("gaussian", GENERATOR, read_statistics(GENERATOR))
    assert prior
    found, dimensions = prior.squared(styles[:7], styles[:7])
    mean, deviation = styles.mean(dim=0), styles.std(dim=0)
    expected = mahalanobis(styles[:7], mean, torch.diag(deviation**2))
    # The model stores mean and deviation in float32. Let y = (v - mean) / deviation; d² is the sum of y².
    y = ((styles[:7] - mean) / deviation).abs()
    bound = unit() * (2 * y * (mean.abs() / deviation + y)).sum(dim=1)
    assert bool(((found - expected).abs() <= 1.01 * bound).all())  # 1.01: terms of higher order, and float64
    assert dimensions == GENERATOR.table.style_length


def test_the_full_gaussian_of_s_is_the_shrunk_covariance() -> None:
    styles = GENERATOR.affine(samples())
    prior = make_prior("gaussian-full", GENERATOR, read_statistics(GENERATOR))
    assert prior
    covariance = styles.t().cov()
    off = styles[:7] + 0.1 * torch.randn(7, styles.shape[1], generator=torch.Generator().manual_seed(0)).double()
    shrunk = covariance + SHRINKAGE * torch.diag(covariance.diagonal())
    expected = mahalanobis(off, styles.mean(dim=0), shrunk)
    assert_distances(prior.squared(off, off)[0], expected, shrunk)


def test_the_prior_of_wulff_and_torralba_is_a_gaussian_of_straightened_w() -> None:
    w = samples()
    prior = make_prior("wulff", GENERATOR, read_statistics(GENERATOR))
    assert prior
    p = torch.where(w > 0, w, 5 * w)
    covariance = p.t().cov()
    expected = mahalanobis(p[:6], p.mean(dim=0), covariance)
    found, dimensions = prior.squared(w[:6], GENERATOR.affine(w[:6]))
    assert_distances(found, expected, covariance)
    assert dimensions == GENERATOR.table.w_dim
    wide = w[:6].view(3, 2, -1)  # rows of W+ add up
    found, dimensions = prior.squared(wide, w[:3])
    assert_distances(found, expected.view(3, 2).sum(dim=1), covariance)
    assert dimensions == 2 * GENERATOR.table.w_dim


@pytest.mark.parametrize("kind", ["gaussian", "gaussian-full", "wulff"])
def test_the_mean_distance_of_samples_is_1(kind: Prior) -> None:
    """A covariance divides by one less than the samples. Shrinkage enlarges the variance of each direction."""
    prior = make_prior(kind, GENERATOR, read_statistics(GENERATOR))
    assert prior
    w = samples()
    squared, dimensions = prior.squared(w, GENERATOR.affine(w))
    expected = 1 - 1 / SAMPLES
    if kind == "gaussian-full":
        assert prior.gaussian.variances is not None
        expected *= float((1 - SHRINKAGE / prior.gaussian.variances).mean())
    # `gaussian` has its deviations in float32, and their square divides.
    assert float(squared.mean()) / dimensions == pytest.approx(expected, rel=worst(4))


def test_statistics_are_cached_by_the_digest_of_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read_statistics(tiny(3), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{tiny(3).digest}.safetensors"]

    def refuse(of: StyleGAN2Generator) -> None:
        raise AssertionError("measured twice")

    monkeypatch.setattr("fgraph.inversion.statistics._in_memory", refuse)
    again = read_statistics(tiny(3), tmp_path)
    assert torch.equal(first.p_covariance, again.p_covariance)
    next(tmp_path.iterdir()).write_bytes(b"damaged")
    with pytest.raises(AssertionError, match="measured twice"):
        read_statistics(tiny(3), tmp_path)
