"""The faces of a picture that are aligned: found by a detector, or given by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from fgraph.faces.detection import Detector, find_faces
from fgraph.faces.landmarks import Landmarks

Which = Literal["largest", "all"] | int


class MissingFaceError(ValueError):
    """A picture does not show the chosen face."""


@dataclass(frozen=True)
class FaceChoice:
    """The faces of a picture that are aligned."""

    which: Which = "largest"  # a rule, or the number of a face, 0 for the largest
    detector: Detector = "mtcnn"
    landmarks: Mapping[str, Sequence[Landmarks]] | None = None  # by picture, instead of a detector
    points: tuple[Landmarks, ...] | None = None  # points of the faces of every picture

    def find(self, open_picture: Callable[[], Image.Image], name: str) -> list[Landmarks]:
        """Return the landmarks of the chosen faces, one or more.

        Args:
            open_picture: returns the picture, in RGB; called if a detector has to look for faces.
            name: the name of the picture.

        Raises:
            MissingFaceError: the picture shows no such face.
            FgraphError: the packages of the detector are not installed.
        """
        faces = self.known(name)
        return self.pick(find_faces(open_picture(), self.detector) if faces is None else faces, name)

    def pick(self, faces: Sequence[Landmarks], name: str) -> list[Landmarks]:
        """Return the chosen ones among the faces of a picture.

        Raises:
            MissingFaceError: the picture shows no such face.
        """
        if faces and self.which == "all":
            return list(faces)
        number = self.which if isinstance(self.which, int) else 0
        if number < len(faces):
            return [faces[number]]
        found = "no face" if not faces else f"{len(faces)} face{'s' * (len(faces) > 1)}"
        asked = f", and no face {number} (the first is face 0)" if faces else ""
        raise MissingFaceError(
            f"it shows {found} to align{asked}: give the eyes and the corners of the mouth by landmarks=FILE, as "
            f'{{"{name}": [[x, y], [x, y], [x, y], [x, y]]}}, or by points=[[x, y], ...]; or use align=none'
        )

    def known(self, name: str) -> Sequence[Landmarks] | None:
        """Return the landmarks by hand for a picture, or None."""
        if self.points is not None:
            return self.points
        return None if self.landmarks is None else self.landmarks.get(name)
