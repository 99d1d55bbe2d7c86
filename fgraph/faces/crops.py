"""The crops of photographs and films: files -> one crop for each face, or for each frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from fgraph._errors import show
from fgraph._imaging.finding import find_pictures, locate
from fgraph._imaging.read import open_picture, recognise
from fgraph._log import get_logger
from fgraph._paths import expanded
from fgraph.array_files.quads import read_quads
from fgraph.faces.alignment import FaceStyle, Points, face_quad
from fgraph.faces.choice import FaceChoice
from fgraph.faces.film import fill_gaps, follow_face, smooth_quads
from fgraph.faces.landmarks import LandmarksError, as_faces, read_landmarks, read_points
from fgraph.photographs import PhotoCrop, as_quad, describe_film, is_film, read_frames

CropStyle = Literal["none", "ffhq", "ffhqu", "stylegan3-editing", "corners"]
_LOG = get_logger()


@dataclass(frozen=True)
class Cropping:
    """The way in which crops are found."""

    style: CropStyle = "none"  # none: the middle of the picture; corners: given by hand
    choice: FaceChoice = field(default_factory=FaceChoice)
    landmarks: str | None = None  # a file of landmarks or corners, instead of a detector
    corners: Sequence[Any] | None = None  # corners of one or several crops of every picture, by hand
    frames: tuple[int, int, int] | None = None  # frames of a film: start, stop and step
    smooth: tuple[float, float] = (1.0, 3.0)  # for a film: σ, in frames, of the blur of the centre and of the sides

    def find(self, places: Sequence[str]) -> tuple[PhotoCrop, ...]:
        """Return the crops of files, and of the pictures in folders.

        A picture of a folder that cannot be read, or that shows no face, is skipped with a warning.

        Raises:
            ValueError: a file cannot be read, or shows no face; a folder has no picture with a crop.
            FgraphError: the packages of a detector are not installed, or a folder has no pictures.
        """
        found: list[PhotoCrop] = []
        for place in places:
            crops_here = list(self._of_folder(place) if expanded(place).is_dir() else self._of_file(place))
            if not crops_here:
                raise ValueError(f"no picture in {show(place, 300)} can be cropped; the warnings say why")
            found += crops_here
        return tuple(found)

    def _of_folder(self, folder: str) -> Iterator[PhotoCrop]:
        for path in find_pictures(folder):
            try:
                yield from self._of_file(str(path))
            except ValueError as error:
                _LOG.warning("skipped: %s", error if str(path) in str(error) else f"{path}: {error}")

    def _of_file(self, file: str) -> Iterator[PhotoCrop]:
        path = locate(file)
        try:
            if is_film(file):
                numbers, quads = self._film_quads(file, path)
                pairs = zip(numbers, quads, strict=True)
                yield from (PhotoCrop(file, as_quad(quad), number, self._detector(path)) for number, quad in pairs)
                return
            recognise(file)
            for quad in self._quads(file, path):
                yield PhotoCrop(file, None if quad is None else as_quad(quad), detector=self._detector(path))
        except LandmarksError:
            raise
        except ValueError as error:
            raise error if str(path) in str(error) else ValueError(f"{file}: {error}") from error

    def _quads(self, file: str, path: Path) -> Sequence[Points | None]:
        """Return the corners of the crops of a picture; None: the middle."""
        if self.style == "none":
            return [None]
        if self.style == "corners":
            return [_as_corners(one) for one in self._corners_of(path)]
        faces = self._with_landmarks().find(lambda: open_picture(file), path.name)
        return [face_quad(face, self.style) for face in faces]

    def _detector(self, path: Path) -> str:
        """Return the name of the detector that finds the faces of a picture; empty if none does."""
        if self.style in ("none", "corners") or self._with_landmarks().known(path.name) is not None:
            return ""
        return self.choice.detector

    @property
    def _file(self) -> Path:
        """The file of landmarks."""
        return locate(self.landmarks or "", "file of landmarks")

    def _with_landmarks(self) -> FaceChoice:
        if self.landmarks is None:
            return self.choice
        return FaceChoice(self.choice.which, self.choice.detector, read_landmarks(self._file), self.choice.points)

    def _corners_of(self, path: Path) -> Sequence[Any]:
        if self.corners is not None:
            return as_faces(self.corners)
        if self.landmarks is None:
            raise ValueError("align: corners needs the corners of the crop: give points, or a file in landmarks")
        if Path(self.landmarks).suffix in (".pt", ".pth"):
            return list(read_quads(self._file).array)
        known = read_points(self._file)
        if path.name not in known:
            raise ValueError(f"{self.landmarks} has no entry '{path.name}'")
        return known[path.name]

    def _film_quads(self, file: str, path: Path) -> tuple[Sequence[int], Sequence[Points]]:
        """Return the numbers of frames of a film, and the corners of the crop in each."""
        film = describe_film(file)
        numbers = range(film.frames) if self.frames is None else range(film.frames)[slice(*self.frames)]
        if not numbers:
            raise ValueError(f"it has {film.frames} frames, and frames selects none of them")
        if self.style == "none":
            raise ValueError("a film is cut by faces or corners: give align: ffhq, or corners")
        if self.style == "corners":
            given = [_as_corners(one) for one in self._corners_of(path)]
            quads: list[Points | None] = list(_for_frames(given, numbers, film.frames))
        else:
            quads = self._faces_of(file, path, numbers, film.frames, self.style)
        return numbers, list(smooth_quads(fill_gaps(quads), *self.smooth))

    def _faces_of(
        self, file: str, path: Path, numbers: Sequence[int], count: int, style: FaceStyle
    ) -> list[Points | None]:
        choice = self._with_landmarks()
        if (known := choice.known(path.name)) is not None:
            return [face_quad(face, style) for face in _for_frames(known, numbers, count)]
        if choice.which == "all":
            raise ValueError("face: all is for photographs; of a film, one face is followed: largest, or a number")
        _, faces = follow_face(read_frames(file, numbers), choice, path.name)
        return [None if face is None else face_quad(face, style) for face in faces]


def _for_frames(given: Sequence[Any], numbers: Sequence[int], count: int) -> Sequence[Any]:
    """Return a value for each of some frames, given one value, one for each of these, or one for each of the film."""
    if len(given) == 1:
        return list(given) * len(numbers)
    if len(given) == len(numbers):
        return given
    if len(given) == count:
        return [given[number] for number in numbers]
    raise ValueError(f"points are given for {len(given)} frames; expected 1, {len(numbers)} or {count}")


def _as_corners(points: Any) -> Points:
    try:
        corners = np.asarray(points, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"corners are not a list of [x, y]: {error}") from None
    if corners.shape != (4, 2) or not np.isfinite(corners).all():
        raise ValueError(
            "corners are 4 points [x, y] in pixels: upper left, lower left, lower right, upper right; these have shape "
            f"{list(corners.shape)}"
        )
    if abs(np.linalg.det(np.stack([corners[3] - corners[0], corners[1] - corners[0]]))) < 1:
        raise ValueError("the corners enclose less than a pixel")
    return corners
