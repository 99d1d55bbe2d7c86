"""Measures of pictures: the step across a column, the steps beside it, and permutation tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BESIDE = (-16, -8, 8, 16)  # columns from a seam; multiples of 8 have equal up-sampling phases


def steps(picture: NDArray[np.floating]) -> Floats:
    """Return the step across each column of [channels, h, w]: the mean of |x[c] - x[c - 1]|, wrapping round; [w]."""
    return np.abs(picture - np.roll(picture, 1, axis=2)).mean(axis=(0, 1), dtype=np.float64)


def excess(step: Floats, columns: Sequence[int], beside: Sequence[int] = BESIDE) -> Floats:
    """Return, for each column, the log of its step minus the mean log of the steps beside it: 0 for equal steps."""
    places = np.asarray(columns)[:, None] + np.asarray(beside)[None]
    return np.log(step[np.asarray(columns)]) - np.log(step[places % len(step)]).mean(axis=1)


def rank_test(chosen: Floats, others: Floats, seed: int = 0, rounds: int = 10_000) -> float:
    """Return the one-sided p-value of `chosen` [n] being larger than its alternatives `others` [n, k].

    Under the null hypothesis, any of the k + 1 values in a line could be the chosen one. The statistic is the sum of
    the ranks of the chosen values, compared with lines whose chosen value is random.
    """
    lines = np.concatenate([chosen[:, None], others], axis=1)
    ranks = lines.argsort(axis=1).argsort(axis=1)
    drawn = np.random.default_rng(seed).integers(0, lines.shape[1], (rounds, len(lines)))
    permuted = np.take_along_axis(ranks[None], drawn[:, :, None], axis=2)[:, :, 0].sum(axis=1)
    return float((1 + (permuted >= ranks[:, 0].sum()).sum()) / (1 + rounds))


def sign_test(differences: Floats, seed: int = 0, rounds: int = 10_000) -> float:
    """Return the one-sided p-value, by random signs, of a mean of paired differences [n] above 0."""
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), (rounds, len(differences)))
    permuted = (signs * differences).mean(axis=1)
    return float((1 + (permuted >= differences.mean()).sum()) / (1 + rounds))


def interval(values: Floats, seed: int = 0, rounds: int = 2000) -> tuple[float, float]:
    """Return the 95 % interval of the mean, by bootstrap."""
    drawn = np.random.default_rng(seed).integers(0, len(values), (rounds, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)
