"""3x3 convolutions with a quarter of the multiplications: Winograd's F(4x4, 3x3).

The map is split into tiles of 4 x 4 results, each of which depends on 6 x 6 inputs. Small constant matrices transform
both. Between the transforms, there is one matrix product over all channels for each of the 36 numbers of a tile (Lavin
& Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.1):

    result = A^T [(G weight G^T) · (B^T input B)] A

A, G and B follow from interpolating polynomials at five points and infinity. The paper takes the points 0, ±1 and ±2,
with which float32 loses a digit. Here they are 0, ±2/3 and ±3/2, whose powers stay small: the result is as exact as a
direct sum (`tests/stylegan/test_winograd.py` compares both with float64). `bench/speed/layers.py` compares the times.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import torch
from numpy.polynomial import polynomial
from numpy.typing import NDArray
from torch import Tensor

from fgraph.stylegan.tables.chunk_sizes import WINOGRAD_TILE, is_winograd, winograd_lines

_POINTS = (0.0, 2 / 3, -2 / 3, 3 / 2, -3 / 2)
_TAPS = 3
_TILE = WINOGRAD_TILE
_SPAN = _TILE + _TAPS - 1  # inputs of a tile, on each axis


def suits(weight: Tensor, up: int, size: Sequence[int]) -> bool:
    """Return whether a layer with `weight` [O, I, k, k] and results of this size should run by Winograd's algorithm.

    It runs only on a CPU, in float32, and without gradients. On other devices, the libraries choose the algorithm.
    """
    if torch.is_grad_enabled() or weight.device.type != "cpu" or weight.dtype != torch.float32:
        return False
    return weight.shape[2] == _TAPS and up == 1 and is_winograd(weight.shape[1], weight.shape[0], size)


def transform_weight(weight: Tensor) -> Tensor:
    """Return a weight [O, I, 3, 3] as `convolve_bands` takes it, [36, I, O]: four times the numbers."""
    kernel = torch.from_numpy(np.kron(_matrices()[1], _matrices()[1])).to(weight.device)
    made = torch.einsum("ka,oia->kio", kernel, weight.flatten(2).double())
    return made.to(weight.dtype).contiguous()


def convolve_bands(x: Tensor, transformed: Tensor, height: int, width: int) -> Iterator[tuple[slice, Tensor]]:
    """Convolve maps, some lines at a time; each result is valid until the next one, and may be overwritten.

    Args:
        x: [rows, I, h + 2, w + 2], channels-last, with one pixel of context on each side; `h` and `w` are `height` and
            `width` rounded up to multiples of 4, and pixels beyond `height + 2` and `width + 2` are finite.
        transformed: `transform_weight` of a weight [O, I, 3, 3].
        height: the height of the result.
        width: the width of the result.

    Yields:
        The lines, and their result: [rows, O, lines, width], channels-last.
    """
    rows, inputs, outputs = x.shape[0], x.shape[1], transformed.shape[2]
    input_matrix, result_matrix = (
        torch.from_numpy(np.kron(one, one)).to(x) for one in (_matrices()[2], _matrices()[0])
    )
    tiles = x.unfold(2, _SPAN, _TILE).unfold(3, _SPAN, _TILE).permute(4, 5, 0, 2, 3, 1)  # [6, 6, rows, down, across, I]
    down, across = tiles.shape[3:5]
    lines = winograd_lines(rows, across, max(inputs, outputs))
    most = rows * min(lines, down) * across
    # all bands use the same buffers
    buffers = [x.new_empty(_SPAN**2 * most * channels) for channels in (inputs, inputs, outputs, outputs)]
    for start in range(0, down, lines):
        part = tiles[:, :, :, start : start + lines]
        count = part.shape[2] * part.shape[3] * across
        patches = _within(buffers[0], *part.shape).copy_(part).view(_SPAN**2, -1)
        spectra = torch.mm(input_matrix, patches, out=_within(buffers[1], *patches.shape))  # [36, tiles * I]
        spectra = spectra.view(_SPAN**2, count, inputs)
        products = torch.bmm(spectra, transformed, out=_within(buffers[2], _SPAN**2, count, outputs))
        products = products.view(_SPAN**2, -1)
        results = torch.mm(
            result_matrix, products, out=_within(buffers[3], _TILE**2, products.shape[1])
        )  # [16, tiles * O]
        made = results.view(_TILE, _TILE, rows, -1, across, outputs).permute(2, 3, 0, 4, 1, 5)
        made = made.reshape(rows, -1, across * _TILE, outputs).permute(0, 3, 1, 2)  # [rows, O, lines, w]
        band = slice(start * _TILE, min(height, start * _TILE + made.shape[2]))
        yield band, made[:, :, : band.stop - band.start, :width]


def _within(buffer: Tensor, *shape: int) -> Tensor:
    """Return the start of a buffer as a tensor of this shape."""
    return buffer[: math.prod(shape)].view(shape)


@cache
def _matrices() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return A^T [4, 6], G [6, 3] and B^T [6, 6] of one axis, by Toom-Cook interpolation at the points and infinity.

    Each row of G is scaled to the size of its row of B^T, so that neither spectrum grows large.
    """
    points = np.array(_POINTS)
    slopes = np.array([np.prod(one - np.delete(points, i)) for i, one in enumerate(points)])
    results = np.vander(points, _TILE, increasing=True).T
    taps = np.vander(points, _TAPS, increasing=True) / slopes[:, None]
    inputs = [polynomial.polyfromroots(np.delete(points, i)) for i in range(len(points))]
    a = np.column_stack([results, np.eye(_TILE)[-1]])
    g = np.vstack([taps, np.eye(_TAPS)[-1]])
    b = np.vstack([np.pad(inputs, ((0, 0), (0, 1))), polynomial.polyfromroots(points)])
    scale = np.sqrt(np.abs(g).sum(axis=1, keepdims=True) / np.abs(b).sum(axis=1, keepdims=True))
    return a, g / scale, b * scale
