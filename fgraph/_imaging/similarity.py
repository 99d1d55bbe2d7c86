"""The similarity of two images, by measures that need no network."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601
_CONSTANT = 170.0  # constant of GMSD, for values from 0 to 255
_LEAST = 1e-12  # least mean squared error


def psnr(a: Floats, b: Floats) -> float:
    """Return 10 log10(4 / MSE) of images in [-1, 1], in dB."""
    error = float(np.square(a.astype(np.float64) - b).mean())
    return 10 * math.log10(4 / max(error, _LEAST))


def gradient_distance(a: Floats, b: Floats) -> float:
    """Return the standard deviation of the gradient similarity of images [C, h, w] in [-1, 1]; 0 for equal images.

    GMSD (Xue et al. 2014, "Gradient Magnitude Similarity Deviation"): images are halved, then filtered with Prewitt's
    gradient operators.

    >>> flat = np.zeros((3, 8, 8), np.float32)
    >>> gradient_distance(flat, flat + 0.5)
    0.0
    """
    first, second = _gradients(a), _gradients(b)
    similarity = (2 * first * second + _CONSTANT) / (first**2 + second**2 + _CONSTANT)
    return float(similarity.std())


def _gradients(image: Floats) -> NDArray[np.float64]:
    """Return the magnitude of the gradient of an image at half its size."""
    weights = _GREY if len(image) == 3 else (1 / len(image),) * len(image)
    grey = (np.tensordot(weights, image.astype(np.float64), 1) + 1) * 127.5
    height, width = (side // 2 * 2 for side in grey.shape)
    half = grey[:height, :width].reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    framed = np.pad(half, 1, "edge")
    horizontal = sum(framed[y : y + half.shape[0], 2:] - framed[y : y + half.shape[0], :-2] for y in range(3))
    vertical = sum(framed[2:, x : x + half.shape[1]] - framed[:-2, x : x + half.shape[1]] for x in range(3))
    magnitude: NDArray[np.float64] = np.hypot(horizontal, vertical) / 3
    return magnitude
