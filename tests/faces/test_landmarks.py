"""Landmarks: reading from lists and files, and refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fgraph._limits import LANDMARK_FILE
from fgraph.faces import Landmarks, LandmarksError, read_landmarks

FOUR = [[30, 40], [60, 42], [35, 70], [56, 71]]
EXPECTED = Landmarks((30, 40), (60, 42), (35, 70), (56, 71))


def test_five_points_have_the_nose_in_the_middle() -> None:
    assert Landmarks.of_points([*FOUR[:2], [45, 55], *FOUR[2:]]) == EXPECTED


def test_an_eye_of_68_points_is_the_mean_of_its_six() -> None:
    points = np.zeros((68, 2))
    around = np.array([[-3, 0], [-1, -1], [1, -1], [3, 0], [1, 1], [-1, 1]])
    points[36:42] = np.array([30, 40]) + around
    points[42:48] = np.array([60, 42]) + around
    points[48], points[54] = (35, 70), (56, 71)
    assert Landmarks.of_points(points) == EXPECTED


def test_a_file_names_pictures_and_their_faces(tmp_path: Path) -> None:
    path = tmp_path / "faces.json"
    ffhq = {"in_the_wild": {"file_path": "in-the-wild-images/00000/00007.png", "face_landmarks": FOUR}}
    path.write_text(json.dumps({"one.jpg": FOUR, "two.jpg": [FOUR, [[x + 100, y] for x, y in FOUR]], "7": ffhq}))
    found = read_landmarks(path)
    assert found["one.jpg"] == [EXPECTED]
    assert [face.left_eye for face in found["two.jpg"]] == [(30, 40), (130, 40)]
    assert found["00007.png"] == [EXPECTED]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "expected"),
        ("{", "cannot read landmarks"),
        ("[" * 100_000, "cannot read landmarks"),
        ('{"a\\u001b.jpg": [[1, 2]]}', r"a\\x1b\.jpg: landmarks have shape \[1, 2\]; expected 4 points"),
        ('{"a.jpg": "left"}', "a.jpg: landmarks are not a list"),
        ('{"a.jpg": [[1, 2], [3, NaN], [1, 2], [3, 4]]}', "not finite"),
        ('{"a.jpg": [[60, 42], [30, 40], [56, 71], [35, 70]]}', "give the left ones of the picture first"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "faces.json"
    path.write_text(content)
    with pytest.raises(LandmarksError, match=message):
        read_landmarks(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LandmarksError, match=r"none\.json: cannot read landmarks"):
        read_landmarks(tmp_path / "none.json")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "large.json").write_bytes(b" " * (LANDMARK_FILE + 1))
    with pytest.raises(LandmarksError, match=r"larger than 8\.0 MiB"):
        read_landmarks(tmp_path / "large.json")
