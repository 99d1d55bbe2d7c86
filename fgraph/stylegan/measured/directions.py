"""Directions that a generator has of itself: the components of W, and of its affine layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.generators.statistics import SAMPLES, w_moments
from fgraph.stylegan.measured.array_cache import cached_arrays

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Directions:
    """Unit directions of w, the strongest first."""

    vectors: Floats  # [n, w_dim], of length 1
    deviations: Floats  # [n]: how far w deviates along each, over 10,000 seeded samples
    strengths: Floats  # [n]: the eigenvalues that they are ordered by


def principal_directions(generator: Generator) -> Directions:
    """GANSpace: the principal components of w over 10,000 seeded samples (Härkönen et al. 2020, section 2.1).

    The eigenvectors of the covariance of w, in float64; each points where its largest entry is positive. They are
    kept in the user's cache by the generator's digest.
    """
    width = generator.table.w_dim
    schema = {"vectors": ("float64", (width, width)), "variances": ("float64", (width,))}
    description = f"principal directions of w, {SAMPLES} samples, 1"
    found = cached_arrays(generator, description, schema, lambda: _principal(generator))
    return Directions(found["vectors"], np.sqrt(found["variances"]), found["variances"])


def _principal(generator: Generator) -> dict[str, NDArray[Any]]:
    _, covariance = w_moments(generator.table, _on_cpu(generator))
    values, vectors = _eigen(covariance.numpy())
    return {"vectors": vectors, "variances": values}


def factorised_directions(generator: Generator, layers: Sequence[int], *, normalised: bool = False) -> Directions:
    """SeFa: the directions of w that change the styles of `layers` most (Shen & Zhou 2021, equations 3 to 7).

    With A the affine weights of these layers, laid one under the other, they solve max |A n|² over unit n, which the
    eigenvectors of AᵀA do in closed form. `normalised` first gives every row of A the length 1, as the published
    program does and the paper does not.

    Args:
        generator: the generator.
        layers: σ indices.
        normalised: whether every style counts alike.
    """
    weights = [generator.tensors[f"{generator.table.at(index).name}.affine.weight"] for index in layers]
    matrix = torch.cat([weight.detach().cpu().double() for weight in weights]).numpy()  # [styles, w_dim]
    matrix = matrix / np.sqrt(matrix.shape[1])  # as the equalised learning rate applies them
    if normalised:
        matrix = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-30)
    values, vectors = _eigen(matrix.T @ matrix)
    principal = principal_directions(generator)
    along = vectors @ principal.vectors.T  # [n, n]: each direction in principal components
    return Directions(vectors, np.sqrt(along**2 @ principal.strengths), values)


def _eigen(matrix: Floats) -> tuple[Floats, Floats]:
    """Eigenvalues, falling, and unit eigenvectors as rows, each with its largest entry positive."""
    values, columns = np.linalg.eigh(matrix)
    vectors = columns.T[::-1]
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=1, keepdims=True), axis=1)
    return np.maximum(values[::-1], 0.0), np.ascontiguousarray(vectors * np.sign(largest))


def _on_cpu(generator: Generator) -> dict[str, torch.Tensor]:
    names = (name for name in generator.tensors if name.startswith("mapping"))
    return {name: generator.tensors[name].detach().to("cpu", torch.float32) for name in names}
