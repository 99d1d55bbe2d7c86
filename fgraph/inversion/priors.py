"""Priors: the distance of a code from the codes of samples.

All are squared Mahalanobis distances d² = (v - μ)ᵀ Σ⁻¹ (v - μ), with μ and Σ of 10,000 samples.

| prior | v | Σ | from |
| --- | --- | --- | --- |
| `gaussian` | raw styles S | its diagonal | SOAT, section 4.5, as in its program |
| `gaussian-full` | raw styles S | all of it, shrunk | SOAT, section 4.5, as in its paper |
| `wulff` | leaky_relu(w, 5) for each row of w or W+ | all of it | Wulff & Torralba 2020, equations 2 to 4 |

S is affine in w, so the rank of its covariance is at most w_dim, and it has no inverse. Therefore the full one is
shrunk to Σ + 0.05 D, where D is its diagonal. With D^-½ Σ D^-½ = U diag(λ) Uᵀ, this gives
d² = Σ_k p_k² / (λ_k + 0.05) + (|y|² - |p|²) / 0.05, where y = D^-½ (v - μ) and p = Uᵀ y.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fgraph.inversion.settings import Prior
from fgraph.inversion.statistics import Statistics, straighten
from fgraph.stylegan.generators.base import Generator

SHRINKAGE = 0.05
_LEAST = 1e-6  # the least deviation of an entry, and the least variance of a direction


@dataclass(frozen=True, eq=False)
class Gaussian:
    """A Gaussian over vectors [D]."""

    mean: Tensor  # [D]
    deviation: Tensor  # [D]
    directions: Tensor | None = None  # [D, K], orthonormal, of y = (v - mean) / deviation; None: independent entries
    variances: Tensor | None = None  # [K], along the directions
    rest: float | None = None  # the variance in all other directions; None: K = D

    @property
    def dimensions(self) -> int:
        """The mean of d² over samples."""
        return len(self.mean) if self.directions is None else self.directions.shape[1]

    def squared(self, v: Tensor) -> Tensor:
        """Return d² [rows] of vectors [rows, D]."""
        y = (v - self.mean) / self.deviation
        if self.directions is None or self.variances is None:
            return y.square().sum(dim=1)
        p = y @ self.directions  # [rows, K]
        along = (p.square() / self.variances).sum(dim=1)
        if self.rest is None:
            return along
        return along + (y - p @ self.directions.t()).square().sum(dim=1) / self.rest

    def whiten(self, v: Tensor) -> Tensor:
        """Return whitened vectors, [rows, numbers], whose square is d²."""
        y = (v - self.mean) / self.deviation
        if self.directions is None or self.variances is None:
            return y
        p = y @ self.directions
        parts = [p / self.variances.sqrt()]
        if self.rest is not None:
            parts.append((y - p @ self.directions.t()) / self.rest**0.5)
        return torch.cat(parts, dim=1)


@dataclass(frozen=True, eq=False)
class CodePrior:
    """A Gaussian over codes, in the coordinates where codes are Gaussian."""

    kind: Prior
    gaussian: Gaussian

    def squared(self, code: Tensor, styles: Tensor) -> tuple[Tensor, int]:
        """Return d² [rows] of codes with their raw styles, and the mean of d² over samples."""
        if self.kind != "wulff":
            return self.gaussian.squared(styles), self.gaussian.dimensions
        rows = code.reshape(len(code), -1, code.shape[-1])  # [rows, 1 or num_ws, w_dim]
        of_rows = self.gaussian.squared(straighten(rows.flatten(0, 1))).view(rows.shape[:2])
        return of_rows.sum(dim=1), rows.shape[1] * self.gaussian.dimensions

    def whitened(self, code: Tensor, styles: Tensor) -> tuple[Tensor, int]:
        """Return whitened codes [rows, numbers], whose square is d², and the mean of d² over samples."""
        if self.kind != "wulff":
            return self.gaussian.whiten(styles), self.gaussian.dimensions
        rows = code.reshape(len(code), -1, code.shape[-1])
        whitened = self.gaussian.whiten(straighten(rows.flatten(0, 1)))
        return whitened.view(len(code), -1), rows.shape[1] * self.gaussian.dimensions

    def distance(self, code: Tensor, styles: Tensor) -> Tensor:
        """Return the distance [rows] relative to the root mean square over samples: 1 is typical."""
        squared, expected = self.squared(code, styles)
        return (squared / expected).sqrt()


def make_prior(kind: Prior, generator: Generator, statistics: Statistics) -> CodePrior | None:
    """Make a prior on the device of the generator and in its type; None for the kind `none`."""
    if kind == "none":
        return None
    with torch.inference_mode(False), torch.no_grad():
        if kind == "gaussian":
            mean, deviation = generator.to("cpu").style_statistics()
            made = Gaussian(mean.double(), deviation.double().clamp_min(_LEAST))
        elif kind == "gaussian-full":
            made = _full_styles(generator, statistics)
        else:
            made = _full(statistics.p_mean, statistics.p_covariance)
        return CodePrior(kind, _placed(made, generator))


def _full(mean: Tensor, covariance: Tensor) -> Gaussian:
    deviation = covariance.diagonal().sqrt().clamp_min(_LEAST)
    variances, directions = torch.linalg.eigh(covariance / deviation / deviation[:, None])
    return Gaussian(mean, deviation, directions, variances.clamp_min(_LEAST))


def _full_styles(generator: Generator, statistics: Statistics) -> Gaussian:
    weight, bias = (part.detach().double() for part in generator.to("cpu").affine_parts)
    weight = weight / weight.shape[1] ** 0.5  # [S, D]
    root = torch.linalg.eigh(statistics.w_covariance)
    factor = weight @ (root.eigenvectors * root.eigenvalues.clamp_min(0).sqrt())  # [S, D]: Σ = factor factorᵀ
    deviation = factor.square().sum(dim=1).sqrt().clamp_min(_LEAST)
    directions, singular, _ = torch.linalg.svd(factor / deviation[:, None], full_matrices=False)
    mean = weight @ statistics.w_mean + bias
    return Gaussian(mean, deviation, directions, singular.square() + SHRINKAGE, SHRINKAGE)


def _placed(gaussian: Gaussian, generator: Generator) -> Gaussian:
    def place(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor.to(generator.device, generator.dtype).contiguous()

    mean, deviation = (tensor.to(generator.device, generator.dtype) for tensor in (gaussian.mean, gaussian.deviation))
    return Gaussian(mean, deviation, place(gaussian.directions), place(gaussian.variances), gaussian.rest)
