"""The place of a crop in a photograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
Blending = Literal["difference", "replace", "poisson"]


@dataclass(frozen=True)
class PhotoCrop:
    """A crop of a photograph.

    The corners are upper left, lower left, lower right, upper right: x and y in pixels of the upright photograph, in
    which the centre of the first pixel is (0, 0). Without corners, the crop is the largest one in the middle that has
    the shape of the model's images.
    """

    file: str
    quad: Quad | None = None
    frame: int | None = None  # number of the frame in a film
    detector: str = ""  # the detector whose landmarks decided the corners, if one did

    @property
    def source(self) -> tuple[str, int | None]:
        """The photograph: a file, or a frame of a film."""
        return self.file, self.frame

    def corners(self, photograph: tuple[int, int], shape: tuple[int, int]) -> Points:
        """Return the corners, [4, 2].

        Args:
            photograph: its width and height.
            shape: height and width of the crop.
        """
        return centred_quad(photograph, shape) if self.quad is None else np.array(self.quad)


@dataclass(frozen=True)
class Pasting:
    """The way in which crops are pasted back: the blending, and the crop of each row."""

    how: Blending
    crops: tuple[PhotoCrop, ...]


def as_quad(points: Points) -> Quad:
    """Return corners [4, 2] as a tuple."""
    first, second, third, fourth = ((float(x), float(y)) for x, y in points)
    return first, second, third, fourth


def centred_quad(photograph: tuple[int, int], shape: tuple[int, int]) -> Points:
    """Return the largest rectangle in the middle of a photograph of a width and height, [4, 2].

    >>> centred_quad((40, 20), (64, 64)).tolist()
    [[9.5, -0.5], [9.5, 19.5], [29.5, 19.5], [29.5, -0.5]]
    """
    width, height = photograph
    crop_height, crop_width = shape
    factor = min(width / crop_width, height / crop_height)
    half = np.array([crop_width, crop_height]) * factor / 2
    centre = np.array([width, height]) / 2 - 0.5
    signs = np.array([(-1, -1), (-1, 1), (1, 1), (1, -1)])
    corners: Points = centre + signs * half
    return corners
