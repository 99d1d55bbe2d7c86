"""The landmarks that an alignment needs: both eyes and both corners of the mouth."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fgraph._errors import FgraphError, show
from fgraph._files import read_file
from fgraph._limits import LANDMARK_FILE

Points = NDArray[np.float64]
_EYES = (slice(36, 42), slice(42, 48))  # eyes among the 68 points, in dlib's order
_MOUTH = (48, 54)


class LandmarksError(FgraphError, ValueError):
    """Landmarks have an unexpected form."""


@dataclass(frozen=True)
class Landmarks:
    """Places in a picture (x, y), in pixels; left and right are as seen in the picture."""

    left_eye: tuple[float, float]
    right_eye: tuple[float, float]
    left_mouth: tuple[float, float]
    right_mouth: tuple[float, float]

    @classmethod
    def of_points(cls, points: ArrayLike) -> Landmarks:
        """Return the landmarks in a list of points.

        Args:
            points: [4, 2]: eyes, then mouth corners, each the left one first; [5, 2]: eyes, nose, mouth corners, as
                MTCNN has them; or [68, 2] in the order of dlib. An eye of 68 points is the mean of its six.

        Raises:
            LandmarksError: the points have another shape, or are not finite.
        """
        try:
            array = np.asarray(points, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise LandmarksError(f"landmarks are not a list of [x, y]: {error}") from None
        if array.ndim != 2 or array.shape[1] != 2 or len(array) not in {4, 5, 68}:
            raise LandmarksError(
                f"landmarks have shape {list(array.shape)}; expected 4 points (eyes, mouth corners), 5 (eyes, "
                "nose, mouth corners) or 68 (dlib), each [x, y] in pixels"
            )
        if not np.isfinite(array).all():
            raise LandmarksError("landmarks hold numbers that are not finite")
        if len(array) == 68:
            chosen = [*(array[eye].mean(axis=0) for eye in _EYES), *(array[at] for at in _MOUTH)]
        else:
            chosen = [array[0], array[1], array[-2], array[-1]]
        if chosen[0][0] > chosen[1][0] and chosen[2][0] > chosen[3][0]:
            raise LandmarksError(
                "the left eye is to the right of the right one: give the left ones of the picture first"
            )
        return cls(*((float(x), float(y)) for x, y in chosen))

    @classmethod
    def of_faces(cls, points: Sequence[Any]) -> tuple[Landmarks, ...]:
        """Return the landmarks in the points of one face, or in a list of the points of several faces.

        Raises:
            LandmarksError: the points of a face are not landmarks.
        """
        return tuple(cls.of_points(face) for face in as_faces(points))

    @property
    def points(self) -> Points:
        """The four places, [4, 2]."""
        return np.array([self.left_eye, self.right_eye, self.left_mouth, self.right_mouth])


def read_landmarks(path: Path) -> dict[str, list[Landmarks]]:
    """Read a JSON file of landmarks: the name of a picture -> its faces; see `read_points`.

    Raises:
        LandmarksError: the file cannot be read, or has another form; the message names the entry.
    """
    found: dict[str, list[Landmarks]] = {}
    for name, faces in read_points(path).items():
        try:
            found[name] = [Landmarks.of_points(face) for face in faces]
        except LandmarksError as error:
            raise LandmarksError(f"{path}: {show(name)}: {error}") from None
    return found


def read_points(path: Path) -> dict[str, list[Any]]:
    """Read a JSON file of points: the name of a picture -> lists of points, as they are in the file.

    The value of a picture is a list of points, or a list of such lists for several faces, or for the frames of a film.
    An entry of FFHQ's own file (`in_the_wild.face_landmarks`, with `in_the_wild.file_path`) is read as well.

    Raises:
        LandmarksError: the file cannot be read, or has another form.
    """
    try:
        document = json.loads(read_file(path, LANDMARK_FILE).decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise LandmarksError(f"{path}: cannot read landmarks: {error}") from error
    if not isinstance(document, Mapping):
        raise LandmarksError(f'{path}: expected {{"picture.jpg": [[x, y], ...], ...}}')
    return dict(_entry(str(name), value) for name, value in document.items())


def _entry(name: str, value: Any) -> tuple[str, list[Any]]:
    if isinstance(value, Mapping) and isinstance(value.get("in_the_wild"), Mapping):
        name = Path(str(value["in_the_wild"].get("file_path", name))).name
        value = value["in_the_wild"].get("face_landmarks")
    return name, as_faces(value)


def as_faces(value: Any) -> list[Any]:
    """Return a list with the points of each face, given the points of several faces or of one."""
    return list(value) if _depth(value) == 3 else [value]


def _depth(value: Any) -> int:
    depth = 0
    while isinstance(value, Sequence) and not isinstance(value, str) and value and depth < 4:
        value, depth = value[0], depth + 1
    return depth
