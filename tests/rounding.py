"""Bounds on rounding errors, derived from arithmetic; no bound in the suite was measured on one processor.

Notation. u is the unit roundoff: half the distance from 1 to the next number (2^-24 for float32, 2^-53 for float64,
2^-11 for float16, 2^-8 for bfloat16). One rounding of a number x errs by at most u |x|.

`worst`: the bound that always holds. k roundings of numbers no larger than m, in steps that enlarge no error, err by
at most k u m / (1 - k u) (Higham 2002, "Accuracy and Stability of Numerical Algorithms", lemma 3.1). It suits formulas
of few operations. A conversion of the exact result counts as one rounding.

`likely`: sums of many terms. The worst case of a network is orders of magnitude above what happens on any processor,
because roundings cancel: they behave as independent errors of mean zero (Higham & Mary 2019, "A New Approach to
Probabilistic Rounding Error Analysis"). A rounding of x is then uniform within +-u |x|, with variance u^2 x^2 / 3. Of a
sum of n uncorrelated terms with standard deviation s, the partial sum after k terms has variance s^2 k / n. The
variance of the error is the sum over k: u^2 s^2 (n + 1) / 6. Blocked sums and fused multiply-adds, which processors
differ in, only make it smaller. A chain of sums adds up: StyleGAN's demodulation and gains keep the variance of
activations from layer to layer (Karras et al. 2020, section 2.2), and the variance of an error as well, so that
consecutive sums of n1, n2, ... terms err like one sum of n1 + n2 + ... terms. With the s of a result bounded by its
largest number m, two computations of the same sums differ by less than

    SIGMAS * u * m * sqrt(2 (n + 6) / 6).

The 6 further terms are one rounding of each operand and the conversion of the result. SIGMAS is 8: by Hoeffding's
inequality, a deviation of 8 standard deviations of such a sum has a chance of less than 2 exp(-32) = 3e-14, so that
none is expected among all numbers that the suite compares.

`assert_no_worse`: where neither bound is known, for example in a trained network with its own gains, the error against
a run in higher precision is compared with the errors of reference runs that round as often. All errors are draws from
one distribution; the factor 2 allows for their spread.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from fgraph.stylegan.tables.base import Table
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.stylegan.tables.stylegan3 import StyleGAN3Layer, StyleGAN3Table

SIGMAS = 8
PROMISED = 1e-5  # of images in [-1, 1]: the documentation promises it of engines, batches and the published programs
# The root of the unit roundoff of float64. A search divides by gradients, or by differences of gradients, which may be
# near 0, so that errors grow from step to step; and within this distance of a minimum, a loss differs by rounding only.
HALF_THE_DIGITS = 2.0**-26.5
_FILTER = 4  # taps of StyleGAN2's low-pass filter [1, 3, 3, 1], on each axis


def unit(dtype: torch.dtype | str = torch.float32) -> float:
    """Return the unit roundoff of a type."""
    return torch.finfo(getattr(torch, dtype) if isinstance(dtype, str) else dtype).eps / 2


def worst(roundings: float, magnitude: float = 1.0, dtype: torch.dtype | str = torch.float32) -> float:
    """Bound the error after `roundings` roundings of numbers of at most `magnitude`."""
    small = roundings * unit(dtype)
    return small / (1 - small) * magnitude


def likely(terms: float, magnitude: float = 1.0, dtype: torch.dtype | str = torch.float32) -> float:
    """Bound the difference of two computations of the same sums: `terms` terms in total, results up to `magnitude`."""
    return SIGMAS * unit(dtype) * magnitude * math.sqrt(2 * (terms + 6) / 6)


def decibels(apart: float, psnr: float) -> float:
    """Bound the difference of the PSNR of two images in [-1, 1] whose pixels differ by at most `apart`.

    Their root mean square errors differ by at most as much, and PSNR = -20 log10(error / 2). A mean of squares and its
    logarithm add a few roundings.
    """
    error = 2 * 10 ** (-psnr / 20)
    return -20 * math.log10(1 - apart / error) + worst(8, max(1, abs(psnr)))


def mapping_terms(table: Table) -> int:
    """Count the terms of all consecutive sums from a code of a generator to w."""
    return 2 * table.z_dim + table.mapping_layers * (table.w_dim + 2)


def network_terms(table: Table) -> int:
    """Count the terms of all consecutive sums from a code of a generator to its image."""
    mapping = mapping_terms(table)
    if isinstance(table, StyleGAN3Table):
        return mapping + _stylegan3_terms(table)
    assert isinstance(table, StyleGAN2Table)
    return mapping + _stylegan2_terms(table)


def _stylegan2_terms(table: StyleGAN2Table) -> int:
    total = 0
    for layer in table.layers[1:]:
        taps = 9 if layer.kind == "conv" else 1
        smoothed = 2 * 2 * _FILTER * (layer.up == 2)  # of the activation and of the skip, on both axes
        total += layer.in_channels * (taps + 1) + table.w_dim + smoothed + 6  # demodulation, style, noise, bias
    return total


def _stylegan3_terms(table: StyleGAN3Table) -> int:
    phase = math.pi * math.sqrt(2) * table.bandwidth * max(table.input_size) / table.input_rate  # radians, in a corner
    fourier = table.features + round(6 * phase**2)  # a sine errs as its argument: with variance (u phase)^2
    return fourier + sum(filtered_terms(layer) + table.w_dim for layer in table.filtered)


def filtered_terms(layer: StyleGAN3Layer) -> int:
    """Count the terms of the sums of a StyleGAN3 layer: weights, demodulation, filters on two axes; gains and bias."""
    return layer.in_channels * (layer.taps**2 + 1) + 2 * (layer.up_taps + layer.down_taps) + 6


def largest(*arrays: ArrayLike) -> float:
    """Return the largest absolute value of some arrays, and at least 1."""
    return max(1.0, *(float(np.abs(_numbers(array)).max(initial=0)) for array in arrays))


def assert_within(found: ArrayLike, expected: ArrayLike, bound: float) -> None:
    """Assert that two arrays have one shape, and that corresponding numbers differ by at most `bound`."""
    one, other = _numbers(found), _numbers(expected)
    assert other.ndim == 0 or one.shape == other.shape, f"shapes {one.shape} and {other.shape}"
    apart = float(np.abs(one - other).max(initial=0))
    assert apart <= bound, f"{apart} apart, where rounding explains {bound}"


def assert_promised(found: ArrayLike, expected: ArrayLike) -> None:
    """Assert that two results differ by no more than the documentation promises."""
    assert_within(found, expected, PROMISED)


def assert_rounded(found: ArrayLike, expected: ArrayLike, roundings: float) -> None:
    """Assert that two results are equal except for some roundings (`worst`), in the coarser of their types."""
    assert_within(found, expected, worst(roundings, largest(expected), _coarser(found, expected)))


def assert_summed(found: ArrayLike, expected: ArrayLike, terms: float) -> None:
    """Assert that two results are equal sums, of `terms` terms in total (`likely`), in the coarser of their types."""
    assert_within(found, expected, likely(terms, largest(expected), _coarser(found, expected)))


def _numbers(array: ArrayLike) -> NDArray[np.float64]:
    return array.detach().double().numpy() if isinstance(array, torch.Tensor) else np.asarray(array, np.float64)


def _coarser(*arrays: ArrayLike) -> str:
    """Return the name of the type with the largest unit roundoff; integers and Python's numbers count as float64."""
    names = [str(getattr(array, "dtype", "float64")).removeprefix("torch.") for array in arrays]
    return max((name if name.startswith(("float", "bfloat")) else "float64" for name in names), key=unit)


def assert_no_worse(found: ArrayLike, references: Sequence[ArrayLike], exact: ArrayLike) -> None:
    """Assert that the largest and the mean error of `found` are at most twice those of the worst reference."""
    own, *others = (np.abs(_numbers(one) - _numbers(exact)) for one in (found, *references))
    assert own.max() <= 2 * max(other.max() for other in others)
    assert own.mean() <= 2 * max(other.mean() for other in others)
