"""The metric of a search: how much the image, and the distance of the code from the mean, change as the code moves.

Most directions of a code change the image little, and some change it much. L-BFGS learns these differences from
gradients, one direction a step. Most of them are the same for all codes of a model. Therefore the metric is the
Gauss-Newton matrix of the loss, averaged over samples of the model:

    M = E[Jᵀ J] / n + weight · E[Aᵀ A]

J is the derivative of the image, which has n numbers. A is the derivative of the whitened code, whose square is the
prior. Both means are measured by probes: for white noise v, the gradient g of v · image has E[g gᵀ] = Jᵀ J. An estimate
from few probes is shrunk towards its diagonal by the ratio of numbers to probes. Woodbury's formula gives the inverse
without a square matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from fgraph.inversion.priors import CodePrior
from fgraph.inversion.probes import probe_prior, read_probes
from fgraph.inversion.settings import InversionSettings
from fgraph.stylegan.generators.base import Generator

_TYPICAL_MSE = 1e-3  # typical mean squared error of a refined code, 36 dB; `log_mse` has 1 / this as its curvature
_LEAST = 1e-12


@dataclass(frozen=True, eq=False)
class Metric:
    """The inverse of M as diag(d) - F Fᵀ, for flat codes."""

    diagonal: Tensor  # d [D]
    factor: Tensor  # F [D, K]

    def apply(self, gradient: Tensor) -> Tensor:
        """Return M⁻¹ times gradients [rows, D]."""
        return self.diagonal * gradient - (gradient @ self.factor) @ self.factor.t()


def make_metric(
    generator: Generator, settings: InversionSettings, prior: CodePrior | None, folder: Path | None = None
) -> Metric:
    """Return the metric of a search, on the device of the generator and in its type.

    Args:
        generator: the generator.
        settings: the settings of the search.
        prior: the prior of the search.
        folder: where probes of images are cached; by default in memory.
    """
    probes = read_probes(generator, settings.space, folder).double()  # [N, D]
    parts = [probes]
    if prior is not None:
        image_weight = (
            settings.mse + settings.log_mse / _TYPICAL_MSE + settings.pyramid + settings.lpips + settings.discriminator
        )
        parts.append(probe_prior(generator, settings, prior, len(probes)).double() / image_weight**0.5)
    numbers = probes.shape[1]
    rows = torch.cat(parts) / len(probes) ** 0.5  # [K, D], M = rowsᵀ rows
    deviation = rows.square().sum(dim=0).clamp_min(_LEAST).sqrt()  # [D]
    rows, shrinkage = rows / deviation, numbers / len(probes)
    inner = rows @ rows.t() + shrinkage * torch.eye(len(rows), dtype=rows.dtype)
    reduced = torch.linalg.solve_triangular(torch.linalg.cholesky(inner), rows, upper=False)
    scale = (1 + shrinkage) / shrinkage
    made = scale / deviation.square(), reduced.t() * scale**0.5 / deviation[:, None]
    return Metric(*(part.to(generator.device, generator.dtype).contiguous() for part in made))
