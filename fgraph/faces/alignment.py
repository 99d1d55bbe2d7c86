"""Square crops of faces, exactly as FFHQ's were made.

The square lies along the eyes and upright to the way from the eyes to the mouth. With e = right eye - left eye and
m = middle of the mouth - middle of the eyes, both as vectors, x is the direction of e - rot90(m), of length
max(2 |e|, 1.8 |m|), and y is x turned by 90 degrees; the centre is the middle of the eyes + 0.1 m. The corners are the
centre ± x ± y (Karras et al. 2019, "A Style-Based Generator Architecture", appendix C; NVlabs/ffhq-dataset).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fgraph._geometry.blur import blur_axis, gaussian_taps, kernel_for
from fgraph.faces.landmarks import Landmarks

Points = NDArray[np.float64]
FaceStyle = Literal["ffhq", "ffhqu", "stylegan3-editing"]
# ffhq: as above. ffhqu: the same square, upright in the picture (FFHQ-U). stylegan3-editing: of side 4 |e|.

_EYES, _MOUTH = 2.0, 1.8  # half a side, as multiples of |e| and |m|
_BELOW = 0.1  # of m: the centre below the eyes
_BORDER = 0.1  # of the side: what is kept around the square
_PAD = 0.3  # of the side: at least so much is added where the square leaves the picture
_BLUR = 0.02  # of the side: σ of the blur of what is added


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
    """Cut the square of a face out of an RGB picture.

    A square far larger than the result is reduced first. Where it leaves the picture, the picture is continued as a
    mirror image, blurred and faded to the median colour.

    Args:
        picture: RGB.
        landmarks: of the face.
        size: pixels of the result.
        style: of the square.
        drawn: pixels at which the square is drawn, before it is reduced to `size`; FFHQ's pictures of 1024 pixels were
            drawn at 4096. By default, `size`.
    """
    quad = face_quad(landmarks, style)
    side = float(np.hypot(*(quad[3] - quad[0])))
    picture, quad, side = _reduced(picture, quad, side, size)
    border = max(round(side * _BORDER), 3)
    picture, quad = _cropped(picture, quad, border)
    picture, quad = _continued(picture, quad, side, border)
    drawn = drawn or size
    corners = tuple(float(value) for value in (quad + 0.5).flatten())
    made = picture.transform((drawn, drawn), Image.Transform.QUAD, corners, Image.Resampling.BILINEAR)
    return made.resize((size, size), Image.Resampling.LANCZOS) if drawn > size else made


def _reduced(picture: Image.Image, quad: Points, side: float, size: int) -> tuple[Image.Image, Points, float]:
    """Reduce a picture by a whole number, as far as the square remains twice as large as the result."""
    factor = int(side / size * 0.5)
    if factor <= 1:
        return picture, quad, side
    width, height = (round(length / factor) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS), quad / factor, side / factor


def _bounds(quad: Points) -> tuple[int, int, int, int]:
    """Return the whole pixels around a square: left, top, right, bottom."""
    low, high = np.floor(quad.min(axis=0)).astype(int), np.ceil(quad.max(axis=0)).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _cropped(picture: Image.Image, quad: Points, border: int) -> tuple[Image.Image, Points]:
    """Cut a picture to the surroundings of the square."""
    left, top, right, bottom = _bounds(quad)
    box = (
        max(left - border, 0), max(top - border, 0),
        min(right + border, picture.width), min(bottom + border, picture.height),
    )  # fmt: skip
    if box[2] <= box[0] or box[3] <= box[1]:
        raise ValueError("the face lies outside of the picture: check its landmarks, which are in pixels")
    return picture.crop(box), quad - box[:2]


def _continued(picture: Image.Image, quad: Points, side: float, border: int) -> tuple[Image.Image, Points]:
    """Continue a picture beyond its edges, where the square leaves it."""
    left, top, right, bottom = _bounds(quad)
    pads = [-left + border, -top + border, right - picture.width + border, bottom - picture.height + border]
    if max(pads) <= border - 4:
        return picture, quad
    west, north, east, south = (max(pad, 0, round(side * _PAD)) for pad in pads)
    array = np.asarray(picture).astype(np.float32)
    array = np.pad(array, ((north, south), (west, east), (0, 0)), "reflect")
    height, width, _ = array.shape
    y, x = np.ogrid[:height, :width]
    across = 1 - np.minimum(np.float32(x) / np.float64(west), np.float32(width - 1 - x) / np.float64(east))
    down = 1 - np.minimum(np.float32(y) / np.float64(north), np.float32(height - 1 - y) / np.float64(south))
    outside = np.maximum(across, down)[:, :, None]  # 1 at the new edges, 0 where the picture begins
    array += ((_blurred(array, side * _BLUR) - array) * np.clip(3 * outside + 1, 0, 1)).astype(np.float32)
    array += ((np.median(array, axis=(0, 1)) - array) * np.clip(outside, 0, 1)).astype(np.float32)
    made = Image.fromarray(np.uint8(np.clip(np.rint(array), 0, 255)))
    return made, quad + np.array([west, north])


def _blurred(array: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Blur along both axes; beyond its edges the picture is mirrored, as scipy's gaussian_filter does."""
    taps = gaussian_taps(sigma, kernel_for(sigma))
    half = len(taps) // 2
    channels = []
    for channel in np.moveaxis(array, 2, 0):
        wide = np.pad(channel, half, "symmetric")
        for axis in (0, 1):
            wide = blur_axis(wide, taps, axis, "replicate").astype(np.float32)
        channels.append(wide[half:-half, half:-half])
    return np.stack(channels, axis=2)
