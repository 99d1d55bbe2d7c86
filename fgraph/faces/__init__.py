"""Faces in photographs: landmarks, and square crops as published models expect them.

    landmarks    the four places that an alignment needs, from 68 or 5 points, or from a file
    detection    landmarks of the faces in a picture, by packages that ship their weights
    choice       the faces of a picture that are aligned
    alignment    the square of a face, cut out of its photograph
    film         the squares of the face in a film, smoothed over time

Nothing here needs torch.
"""

from fgraph.faces.alignment import FaceStyle, cut_face, face_quad
from fgraph.faces.choice import FaceChoice, MissingFaceError, Which
from fgraph.faces.detection import Detector, find_faces, landmark_error
from fgraph.faces.landmarks import Landmarks, LandmarksError, read_landmarks, read_points

__all__ = [
    "Detector",
    "FaceChoice",
    "FaceStyle",
    "Landmarks",
    "LandmarksError",
    "MissingFaceError",
    "Which",
    "cut_face",
    "face_quad",
    "find_faces",
    "landmark_error",
    "read_landmarks",
    "read_points",
]
