"""The points of a batch of drags. This module does not import torch.

Places in files and in the Python API are fractions of the image's sides, from the upper left corner. The engine
computes in pixels, whose centres are whole numbers: fraction f of a side of n pixels is at f * n - 0.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fgraph.dragging.settings import DragError

Place = tuple[float, float]  # x, y
MOST_POINTS = 64  # most points of a row


@dataclass(frozen=True)
class DragPoints:
    """The handles of one row and their targets: fractions of the sides, x before y."""

    handles: tuple[Place, ...]
    targets: tuple[Place, ...]

    def __post_init__(self) -> None:
        if len(self.handles) != len(self.targets):
            raise DragError(
                f"{len(self.handles)} points and {len(self.targets)} targets: each point needs a target of its own"
            )
        if not 1 <= len(self.handles) <= MOST_POINTS:
            raise DragError(f"{len(self.handles)} points: expected 1 to {MOST_POINTS}")
        for name, places in (("points", self.handles), ("to", self.targets)):
            for at, place in enumerate(places):
                if not all(0 <= value <= 1 for value in place):
                    raise DragError(
                        f"{name}[{at}] is [{place[0]:g}, {place[1]:g}]: expected fractions of the image's sides, "
                        "from 0 to 1, x before y"
                    )

    def distance(self, size: tuple[int, int]) -> float:
        """Return the mean distance of the points from their targets, in pixels of an image of `size`."""
        return mean_distance(self.handles, self.targets, size)


def mean_distance(places: Sequence[Place], others: Sequence[Place], size: tuple[int, int]) -> float:
    """Return the mean distance of places from others, in pixels of an image of `size` (height, width)."""
    difference = to_pixels(places, size) - to_pixels(others, size)
    return float(np.hypot(*difference.T).mean())


def to_pixels(places: Sequence[Place], size: tuple[int, int]) -> NDArray[np.float64]:
    """Convert fractions to pixels of an image of `size` (height, width): [n, 2], x and y.

    >>> to_pixels([(0.5, 0.25)], (64, 64)).tolist()
    [[31.5, 15.5]]
    """
    return np.asarray(places, dtype=np.float64).reshape(-1, 2) * (size[1], size[0]) - 0.5


def to_fractions(pixels: NDArray[np.float64], size: tuple[int, int]) -> list[Place]:
    """Convert pixels [n, 2] to fractions of an image of `size` (height, width)."""
    return [(float(x), float(y)) for x, y in (np.asarray(pixels, dtype=np.float64) + 0.5) / (size[1], size[0])]
