"""Gaussian blur of arrays, in numpy."""

from __future__ import annotations

from functools import lru_cache
from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fgraph._geometry.maps import fold

Doubles = NDArray[np.float64]


def gaussian_taps(sigma: float, kernel: int) -> Doubles:
    """Return the `kernel` taps, an odd number, of a normalised Gaussian; `sigma` is in pixels, above 0."""
    distance = np.arange(kernel) - kernel // 2
    taps = np.array([exp(-0.5 * (d / sigma) ** 2) for d in distance.tolist()])
    normalised: Doubles = taps / taps.sum()
    return normalised


def kernel_for(sigma: float) -> int:
    """Return the odd number of taps that reach four sigmas each way; the tails beyond have a weight below 1e-4."""
    return 2 * int(4 * sigma + 0.5) + 1


def blur_axis(picture: NDArray[Any], taps: Doubles, axis: int, border: str) -> Doubles:
    """Convolve a picture along one axis with symmetric taps; `border` is as in `fold`.

    The result is exactly 0 where the taps reach only zeros, so supports stay small. An FFT would leave rounding errors.
    """
    length, half = picture.shape[axis], len(taps) // 2
    positions = fold(np.arange(-half, length + half), length, border)
    lines = np.moveaxis(np.asarray(picture, np.float64), axis, -1)[:, positions]  # [lines, length + 2 half]
    block = min(max(64, 2 * half), length)
    result = np.empty((len(lines), length))
    for start in range(0, length, block):  # small dense products use BLAS, and are linear in the length
        count = min(block, length - start)
        band = _band(taps.tobytes(), block)[: count + 2 * half, :count]
        result[:, start : start + count] = lines[:, start : start + count + 2 * half] @ band
    return np.moveaxis(result, -1, axis)


@lru_cache(2)  # a matrix may take tens of megabytes
def _band(taps: bytes, block: int) -> Doubles:
    """Return a convolution with taps as a matrix, [block + len(taps) - 1, block]."""
    values = np.frombuffer(taps)
    band = np.zeros((block + len(values) - 1, block))
    for column in range(block):
        band[column : column + len(values), column] = values
    return band
