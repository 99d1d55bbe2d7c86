"""Directions that follow from a generator alone: principal components of W, and factors of affine layers."""

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
    """Unit directions of w, in descending order of strength."""

    vectors: Floats  # [n, w_dim], of length 1
    deviations: Floats  # [n]: the standard deviation of w along each, over 10,000 seeded samples
    strengths: Floats  # [n]: the eigenvalues, which define the order


def principal_directions(generator: Generator) -> Directions:
    """Return GANSpace's directions: the principal components of w (Härkönen et al. 2020, section 2.1).

    They are the eigenvectors of the covariance of w over 10,000 seeded samples, in float64. The sign of each makes its
    largest entry positive. They are cached by the generator's digest.
    """
    width = generator.table.w_dim
    schema = {"vectors": ("float64", (width, width)), "variances": ("float64", (width,))}
    description = f"principal directions of w, {SAMPLES} samples, 1"
    found = cached_arrays(generator, description, schema, lambda: _principal(generator))
    return Directions(found["vectors"], np.sqrt(found["variances"]), found["variances"])


def _principal(generator: Generator) -> dict[str, NDArray[Any]]:
    _, covariance = w_moments(generator.table, generator.to("cpu", torch.float32).tensors)
    values, vectors = _eigen(covariance.numpy())
    return {"vectors": vectors, "variances": values}


def factorised_directions(generator: Generator, layers: Sequence[int], *, normalised: bool = False) -> Directions:
    """Return SeFa's directions, which change the styles of `layers` most (Shen & Zhou 2021, equations 3 to 7).

    Let A be the affine weights of these layers, concatenated. The directions maximise |A n|² over unit n, so they are
    the eigenvectors of AᵀA. `normalised` first gives every row of A the length 1, as the published program does but the
    paper does not.

    Args:
        generator: the generator.
        layers: σ indices.
        normalised: whether every style has equal weight.
    """
    tensors = generator.to("cpu", torch.float32).tensors
    weights = [tensors[f"{generator.table.at(index).name}.affine.weight"] for index in layers]
    matrix = torch.cat([weight.detach().double() for weight in weights]).numpy()  # [styles, w_dim]
    matrix = matrix / np.sqrt(matrix.shape[1])  # the scale of the equalised learning rate
    if normalised:
        matrix = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-30)
    values, vectors = _eigen(matrix.T @ matrix)
    principal = principal_directions(generator)
    along = vectors @ principal.vectors.T  # [n, n]: each direction in principal components
    return Directions(vectors, np.sqrt(along**2 @ principal.strengths), values)


def _eigen(matrix: Floats) -> tuple[Floats, Floats]:
    """Return eigenvalues in descending order, and unit eigenvectors as rows, each with its largest entry positive."""
    values, columns = np.linalg.eigh(matrix)
    vectors = columns.T[::-1]
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=1, keepdims=True), axis=1)
    return np.maximum(values[::-1], 0.0), np.ascontiguousarray(vectors * np.sign(largest))
