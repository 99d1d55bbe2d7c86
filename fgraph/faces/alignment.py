"""Square crops of faces, exactly as FFHQ's were made.

The square is rotated with the eyes and the mouth. Let e = right eye - left eye, and m = middle of the mouth - middle of
the eyes. Then x has the direction of e - rot90(m) and the length max(2 |e|, 1.8 |m|), y is x rotated by 90 degrees, and
the centre is the middle of the eyes + 0.1 m. The corners are the centre ± x ± y (Karras et al. 2019,
"A Style-Based Generator Architecture", appendix C; NVlabs/ffhq-dataset).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fgraph.faces.landmarks import Landmarks
from fgraph.photographs import cut_quad

Points = NDArray[np.float64]
FaceStyle = Literal["ffhq", "ffhqu", "stylegan3-editing"]
# ffhq: as above. ffhqu: the same square without its rotation (FFHQ-U). stylegan3-editing: a square of side 4 |e|.

_EYES, _MOUTH = 2.0, 1.8  # half a side, as multiples of |e| and |m|
_BELOW = 0.1  # how far the centre is below the eyes, as a share of m


def face_quad(landmarks: Landmarks, style: FaceStyle = "ffhq") -> Points:
    """Return the corners of the square of a face, [4, 2]: upper left, lower left, lower right, upper right, in pixels.

    >>> face_quad(Landmarks((40, 50), (60, 50), (42, 70), (58, 70))).tolist()
    [[10.0, 12.0], [10.0, 92.0], [90.0, 92.0], [90.0, 12.0]]
    """
    left_eye, right_eye, left_mouth, right_mouth = landmarks.points
    eyes = (left_eye + right_eye) / 2
    across = right_eye - left_eye
    down = (left_mouth + right_mouth) / 2 - eyes
    half = _EYES * np.hypot(*across)
    if style != "stylegan3-editing":
        half = max(half, _MOUTH * np.hypot(*down))
    x = np.array([1.0, 0.0])
    if style != "ffhqu":
        x = across - np.array([-down[1], down[0]])
        x = x / np.hypot(*x)
    x = x * half
    y = np.array([-x[1], x[0]])
    centre = eyes + _BELOW * down
    return np.stack([centre - x - y, centre - x + y, centre + x + y, centre + x - y])


def cut_face(
    picture: Image.Image, landmarks: Landmarks, size: int, style: FaceStyle = "ffhq", drawn: int | None = None
) -> Image.Image:
    """Cut the square of a face out of an RGB picture, at a size in pixels; `drawn` as in `cut_quad`.

    Raises:
        ValueError: the face lies outside of the picture.
    """
    return cut_quad(picture, face_quad(landmarks, style), (size, size), drawn)
