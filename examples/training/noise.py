"""Value noise in several octaves: random numbers on a coarse grid, smoothly joined, finer and weaker each time."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def noise_line(draw: Generator, length: int, octaves: int, roughness: float, cells: float) -> Floats:
    """A curve [length] around 0, of `cells` bends in the first octave; `roughness` is what each adds of the last."""
    curve, strength = np.zeros(length), 1.0
    for _ in range(octaves):
        at, share = _grid(length, cells)
        points = draw.uniform(-1, 1, int(at[-1]) + 2)
        curve += strength * (points[at] * (1 - share) + points[at + 1] * share)
        strength, cells = strength * roughness, cells * 2
    return curve


def noise_field(draw: Generator, side: int, cells: tuple[float, float], octaves: int = 4) -> Floats:
    """A field [side, side] around 0, of so many cells along x and y in the first octave."""
    field, strength, (across, down) = np.zeros((side, side)), 1.0, cells
    for _ in range(octaves):
        (x, share_x), (y, share_y) = _grid(side, across), _grid(side, down)
        points = draw.uniform(-1, 1, (int(y[-1]) + 2, int(x[-1]) + 2))
        upper = points[y][:, x] * (1 - share_x) + points[y][:, x + 1] * share_x
        lower = points[y + 1][:, x] * (1 - share_x) + points[y + 1][:, x + 1] * share_x
        field += strength * (upper * (1 - share_y)[:, None] + lower * share_y[:, None])
        strength, across, down = strength * 0.55, across * 2, down * 2
    return field


def _grid(length: int, cells: float) -> tuple[NDArray[np.int64], Floats]:
    """For each place the cell it is in, and how far into it, smoothed."""
    at = np.linspace(0, 1, length, endpoint=False) * cells
    cell = at.astype(np.int64)
    share = at - cell
    return cell, share * share * (3 - 2 * share)
