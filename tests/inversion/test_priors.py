"""Priors against their definitions, written out with inverses."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fgraph.inversion.priors import SHRINKAGE, make_prior
from fgraph.inversion.settings import Prior
from fgraph.inversion.statistics import read_statistics
from fgraph.stylegan.generators.statistics import sample_w
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from tests.networks import tiny

pytestmark = pytest.mark.numeric

GENERATOR = tiny(1).to(dtype=torch.float64)


def samples() -> torch.Tensor:
    own = tiny(1)
    return torch.cat(list(sample_w(own.table, own.tensors))).double()


def mahalanobis(v: torch.Tensor, mean: torch.Tensor, covariance: torch.Tensor) -> torch.Tensor:
    return torch.einsum("ri,ij,rj->r", v - mean, torch.linalg.inv(covariance), v - mean)


def test_the_gaussian_of_s_is_its_diagonal() -> None:
    styles = GENERATOR.affine(samples())
    prior = make_prior("gaussian", GENERATOR, read_statistics(GENERATOR))
    assert prior
    found, dimensions = prior.squared(styles[:7], styles[:7])
    expected = mahalanobis(styles[:7], styles.mean(dim=0), torch.diag(styles.var(dim=0)))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert dimensions == GENERATOR.table.style_length


def test_the_full_gaussian_of_s_is_the_shrunk_covariance() -> None:
    styles = GENERATOR.affine(samples())
    prior = make_prior("gaussian-full", GENERATOR, read_statistics(GENERATOR))
    assert prior
    covariance = styles.t().cov()
    off = styles[:7] + 0.1 * torch.randn(7, styles.shape[1], generator=torch.Generator().manual_seed(0)).double()
    shrunk = covariance + SHRINKAGE * torch.diag(covariance.diagonal())
    expected = mahalanobis(off, styles.mean(dim=0), shrunk)
    torch.testing.assert_close(prior.squared(off, off)[0], expected, rtol=1e-3, atol=1e-3)


def test_the_prior_of_wulff_and_torralba_is_a_gaussian_of_straightened_w() -> None:
    w = samples()
    prior = make_prior("wulff", GENERATOR, read_statistics(GENERATOR))
    assert prior
    p = torch.where(w > 0, w, 5 * w)
    expected = mahalanobis(p[:6], p.mean(dim=0), p.t().cov())
    found, dimensions = prior.squared(w[:6], GENERATOR.affine(w[:6]))
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)
    assert dimensions == GENERATOR.table.w_dim
    wide = w[:6].view(3, 2, -1)  # rows of W+ add up
    found, dimensions = prior.squared(wide, w[:3])
    torch.testing.assert_close(found, expected.view(3, 2).sum(dim=1), rtol=1e-6, atol=1e-6)
    assert dimensions == 2 * GENERATOR.table.w_dim


@pytest.mark.parametrize("kind", ["gaussian", "gaussian-full", "wulff"])
def test_samples_are_as_far_as_samples(kind: Prior) -> None:
    prior = make_prior(kind, GENERATOR, read_statistics(GENERATOR))
    assert prior
    w = samples()
    squared, dimensions = prior.squared(w, GENERATOR.affine(w))
    least = 1 - SHRINKAGE * 4 if kind == "gaussian-full" else 0.999
    assert least < float(squared.mean()) / dimensions < 1.001


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
