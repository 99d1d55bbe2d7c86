"""The squares of the face in a film, smoothed over time, so that the crop does not tremble.

As in STIT (Tzaban et al. 2022, "Stitch it in Time"), the centres and the sides of the squares are filtered by Gaussians
over the frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fgraph._geometry.blur import blur_axis, gaussian_taps, kernel_for
from fgraph.faces.choice import FaceChoice
from fgraph.faces.detection import find_faces
from fgraph.faces.landmarks import Landmarks

Quads = NDArray[np.float64]


def follow_face(
    frames: Iterable[tuple[int, Image.Image]], choice: FaceChoice, name: str
) -> tuple[list[int], list[Landmarks | None]]:
    """Return the numbers of frames, and the landmarks of one face in each; None where no face is found.

    The face is chosen in the first frame that shows one. In each later frame, it is the face whose eyes are nearest to
    the eyes in the previous frame.
    """
    numbers, found = [], list[Landmarks | None]()
    last: Landmarks | None = None
    for number, picture in frames:
        numbers.append(number)
        faces = find_faces(picture, choice.detector)
        if not faces:
            found.append(None)
            continue
        chosen = choice.pick(faces, name)[0] if last is None else _nearest(faces, last)
        found.append(chosen)
        last = chosen
    return numbers, found


def _nearest(faces: Sequence[Landmarks], last: Landmarks) -> Landmarks:
    return min(faces, key=lambda face: float(np.abs(face.points[:2] - last.points[:2]).sum()))


def fill_gaps(quads: Sequence[Quads | None]) -> Quads:
    """Return the squares of all frames, [frames, 4, 2]; missing squares are interpolated between their neighbours.

    Raises:
        ValueError: all are missing.
    """
    known = [number for number, quad in enumerate(quads) if quad is not None]
    if not known:
        raise ValueError("it shows no face in any frame: give the corners of the mouth and the eyes in landmarks=FILE")
    corners = np.stack([quad.reshape(8) for quad in quads if quad is not None])
    times = np.arange(len(quads))
    return np.stack([np.interp(times, known, column) for column in corners.T], axis=1).reshape(-1, 4, 2)


def smooth_quads(quads: Quads, centre: float, sides: float) -> Quads:
    """Return squares [frames, 4, 2] smoothed over the frames; the first and the last frame are continued.

    Args:
        quads: the corners.
        centre: σ for the centres, in frames.
        sides: σ for the vectors along the sides, in frames.
    """
    if not centre and not sides:
        return quads
    middle = quads.mean(axis=1, keepdims=True)  # [frames, 1, 2]
    return _blurred(middle, centre) + _blurred(quads - middle, sides)


def _blurred(values: Quads, sigma: float) -> Quads:
    if not sigma:
        return values
    taps = gaussian_taps(sigma, kernel_for(sigma))  # frames beyond the ends repeat the first and the last one
    blurred: Quads = blur_axis(values.reshape(len(values), -1), taps, 0, "replicate").reshape(values.shape)
    return blurred
