"""The weights of mosaics and joined canvases in the step interpreter."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from fgraph._geometry import Canvas
from tests.step_interpreter import Draw


def cell_weight(cell: tuple[int, int], grid: tuple[int, int], overlap: float, canvas: Canvas) -> Draw:
    """Draw the weight of a mosaic's cell: linear between neighbouring centres along each axis, summing to 1."""

    def profile(index: int, count: int, length: int, wrap: bool) -> Any:
        centre = (np.arange(length) + 0.5) * count / length - index - 0.5  # in cells, from the centre of this cell
        if wrap:
            centre = (centre + count / 2) % count - count / 2
        weight = np.clip((0.5 - abs(centre)) / overlap + 0.5, 0, 1)
        if count == 1:
            return np.ones(length)
        if wrap:
            return weight
        weight[(centre < 0) & (index == 0)] = 1
        weight[(centre > 0) & (index == count - 1)] = 1
        return weight

    def draw(height: int, width: int) -> Any:
        down = profile(cell[0], grid[0], height, canvas.wrap_y)
        return np.outer(down, profile(cell[1], grid[1], width, canvas.wrap_x))

    return draw


def part_weight(before: Fraction, share: Fraction, axis: str) -> Draw:
    """Draw the weight of one part of a joined canvas, 1 on it and 0 elsewhere."""

    def draw(height: int, width: int) -> Any:
        whole = width if axis == "x" else height
        inside = (np.arange(whole) >= before * whole) & (np.arange(whole) < (before + share) * whole)  # type: ignore[operator]
        return np.broadcast_to(inside if axis == "x" else inside[:, None], (height, width))

    return draw
