"""Faces in photographs: landmarks, and square crops as published models expect them.

    landmarks    the four places that an alignment needs, from 68 or 5 points, or from a file
    detection    landmarks of the faces in a picture, by packages that ship their weights
    alignment    the square of a face, cut out of its photograph

Nothing here needs torch.
"""

from fgraph.faces.alignment import FaceStyle, cut_face, face_quad
from fgraph.faces.detection import Detector, find_faces
from fgraph.faces.landmarks import Landmarks, LandmarksError, read_landmarks

__all__ = [
    "Detector",
    "FaceStyle",
    "Landmarks",
    "LandmarksError",
    "cut_face",
    "face_quad",
    "find_faces",
    "read_landmarks",
]
