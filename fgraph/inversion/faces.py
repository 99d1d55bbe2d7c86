"""Alignment of faces as in FFHQ, by the two eyes that the cascades of OpenCV find.

The alignment of FFHQ uses 68 landmarks of dlib, whose model no package contains. It cuts out a square along the eyes,
of side 2 max(2 |eye to eye|, 1.8 |eyes to mouth|), whose centre is below the eyes by a tenth of |eyes to mouth|.

The wheels of OpenCV 4, but not of OpenCV 5, contain cascades (Viola & Jones 2001; Lienhart et al. 2003). They find eyes
but no mouth, so |eyes to mouth| is taken to be |eye to eye|, which is nearly true for frontal faces. They don't find
faces in profile.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fgraph._errors import FgraphError

_SIDE = 4.0  # of the square, as a multiple of the distance of the eyes
_BELOW = 0.1  # the distance of its centre below the eyes, as a multiple of theirs
_EYE_ZONE = 0.6  # of the height of a face; below are nostrils and mouth corners, which a cascade takes for eyes

_Found = tuple[float, float, float]  # the centre of a detection (x, y), and its width


@dataclass(frozen=True)
class Eyes:
    """The centres of two eyes (x, y), in pixels; `left` is at the left of the picture."""

    left: tuple[float, float]
    right: tuple[float, float]


def align_face(picture: Image.Image, size: int) -> Image.Image:
    """Cut out the largest face of an RGB picture, upright and centred, as a square of `size` pixels.

    Raises:
        FgraphError: OpenCV 4 isn't installed.
        ValueError: there is no face with two eyes.
    """
    return cut_square(picture, find_eyes(picture), size)


def cut_square(picture: Image.Image, eyes: Eyes, size: int) -> Image.Image:
    """Cut out the square of a face by its eyes, as `size` pixels; beyond its edges, the picture is mirrored."""
    corners = square_corners(eyes)
    side = math.dist(corners[0], corners[3])
    pad = math.ceil(side)  # suffices for a square with its centre in the picture
    framed = np.pad(np.asarray(picture), ((pad, pad), (pad, pad), (0, 0)), mode="symmetric")
    quad = tuple(number + pad for corner in corners for number in corner)
    over = max(1, min(4, round(side / size)))  # the larger picture is reduced, against aliasing
    wide = size * over
    turned = Image.fromarray(framed).transform((wide, wide), Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)
    return turned.resize((size, size), Image.Resampling.LANCZOS) if over > 1 else turned


def square_corners(eyes: Eyes) -> list[tuple[float, float]]:
    """Return the corners (x, y) of the square: upper left, lower left, lower right, upper right.

    >>> square_corners(Eyes((40, 50), (60, 50)))[0], square_corners(Eyes((40, 50), (60, 50)))[2]
    ((10.0, 12.0), (90.0, 92.0))
    """
    (x1, y1), (x2, y2) = eyes.left, eyes.right
    across = np.array([x2 - x1, y2 - y1])
    down = np.array([-across[1], across[0]])
    centre = np.array([(x1 + x2) / 2, (y1 + y2) / 2]) + _BELOW * down
    half = _SIDE / 2
    places = [(-half, -half), (-half, half), (half, half), (half, -half)]
    corners = [centre + right * across + below * down for right, below in places]
    return [(float(x), float(y)) for x, y in corners]


def find_eyes(picture: Image.Image) -> Eyes:
    """Find the eyes of the largest face.

    Raises:
        FgraphError: OpenCV 4 isn't installed.
        ValueError: there is no face with two eyes.
    """
    faces, eyes = _cascades()
    grey = np.asarray(picture.convert("L"))
    least = max(24, min(grey.shape) // 8)
    boxes = faces.detectMultiScale(grey, 1.05, 5, minSize=(least, least))
    for x, y, width, height in sorted(map(tuple, boxes), key=lambda box: -box[2] * box[3]):
        zone = grey[y : y + int(height * _EYE_ZONE), x : x + width]
        found = eyes.detectMultiScale(zone, 1.05, 3, minSize=(width // 10, width // 10))
        middle = width / 2
        centres = [(x0 + w / 2, y0 + h / 2, w) for x0, y0, w, h in found]
        left = [one for one in centres if one[0] < middle]
        right = [one for one in centres if one[0] >= middle]
        if left and right:
            one, other = min(itertools.product(left, right), key=_unlikeness)
            return Eyes((float(x + one[0]), float(y + one[1])), (float(x + other[0]), float(y + other[1])))
    raise ValueError("it shows no face with two visible eyes to align: leave align out for such pictures")


def _unlikeness(pair: tuple[_Found, _Found]) -> float:
    """Return how unlike a pair of eyes two detections are: eyes are level and of equal size."""
    (x1, y1, one), (x2, y2, other) = pair
    return float(abs(y1 - y2) / max(x2 - x1, 1) + abs(one - other) / max(one, other))


def _cascades() -> tuple[Any, Any]:
    try:
        import cv2 as any_cv2  # the stubs of OpenCV 5 have no cascades

        cv2: Any = any_cv2
        folder = Path(cv2.data.haarcascades)
        files = [folder / "haarcascade_frontalface_default.xml", folder / "haarcascade_eye.xml"]
        made = tuple(cv2.CascadeClassifier(str(file)) for file in files if file.is_file())
    except (ImportError, AttributeError):
        made = ()
    if len(made) != 2:
        raise FgraphError(
            "align=face needs OpenCV 4, whose package ships the cascades that find eyes (OpenCV 5's does not): "
            "pip install 'fgraph-gan[faces]'"
        )
    return made
