"""The pictures of a job: found in a folder, read as upright RGB, and aligned if asked for."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fgraph._errors import FgraphError
from fgraph._imaging.files import SUFFIXES
from fgraph._imaging.read import Fit, fitted_array, open_picture
from fgraph._paths import expanded
from fgraph.faces import Detector, Landmarks, cut_face, find_faces

Align = Literal["none", "ffhq", "ffhqu", "stylegan3-editing"]
RESERVED = ("preview", "inversions", "overview")  # names of files for all pictures of a job


@dataclass(frozen=True)
class FaceChoice:
    """The face of a picture that is aligned."""

    detector: Detector = "mtcnn"
    number: int = 0  # among the faces of a picture, the largest first
    landmarks: Mapping[str, list[Landmarks]] | None = None  # by the name of a picture, instead of a detector's

    def find(self, picture: Image.Image, name: str) -> Landmarks:
        """Return the landmarks of the face.

        Raises:
            ValueError: the picture shows fewer faces.
            FgraphError: the packages of the detector are not installed.
        """
        known = self.landmarks or {}
        faces = known[name] if name in known else find_faces(picture, self.detector)
        if self.number < len(faces):
            return faces[self.number]
        found = "no face" if not faces else f"{len(faces)} face{'s' * (len(faces) > 1)}"
        raise ValueError(
            f"it shows {found} to align: give the eyes and the corners of the mouth by inversion.landmarks=FILE, as "
            f'{{"{name}": [[x, y], [x, y], [x, y], [x, y]]}}, or leave inversion.align out for it'
        )


LARGEST = FaceChoice()


@dataclass(frozen=True)
class Reading:
    """The settings with which pictures are read."""

    size: tuple[int, int]  # height and width of the model's images, pixels
    fit: Fit = "crop"
    align: Align = "none"
    face: FaceChoice = LARGEST
    channels: int = 3  # of the model's images: 3, or 1 for grey ones

    def read(self, path: Path) -> NDArray[np.float32]:
        """Read a picture as [channels, height, width] in [-1, 1].

        Raises:
            ValueError: the file isn't a picture, or shows no face to align.
            FgraphError: the package that aligns faces isn't installed.
        """
        picture = open_picture(str(path))
        if self.align != "none":
            picture = cut_face(picture, self.face.find(picture, path.name), max(self.size), self.align)
        return fitted_array(picture, self.size, self.fit, self.channels)


@dataclass(frozen=True)
class Picture:
    """A picture of a job."""

    path: Path
    name: str  # of its results
    digest: str  # SHA-256 of its pixels as read


def find_pictures(place: str | Path) -> list[Path]:
    """Find the picture files in a folder by their endings, in order of name; a single file stands for itself.

    Hidden files are left out.

    Raises:
        FgraphError: there is no such file or folder, or no picture in it.
    """
    place = expanded(place)
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise FgraphError(f"images: there is neither a folder nor a picture at '{place}' (looked in {Path.cwd()})")
    named = [path for path in place.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    found = sorted(path for path in named if not path.is_dir())
    if not found:
        raise FgraphError(f"images: there are no pictures in '{place}'; their names end in .png, .jpg, .webp, ...")
    return found


def read_digest(pixels: NDArray[np.float32]) -> str:
    """Return the SHA-256 of pixels, in hexadecimal."""
    return hashlib.sha256(repr(pixels.shape).encode() + np.ascontiguousarray(pixels).tobytes()).hexdigest()


def read_pictures(paths: Sequence[Path], reading: Reading) -> tuple[list[Picture], dict[Path, str]]:
    """Read pictures; return those that can be read, and path -> fault of the others."""
    pictures, faults = [], {}
    for path, name in zip(paths, _names(paths), strict=True):
        try:
            pictures.append(Picture(path, name, read_digest(reading.read(path))))
        except ValueError as error:
            faults[path] = str(error)
    return pictures, faults


def _names(paths: Sequence[Path]) -> Iterator[str]:
    """Yield a name for each path: its stem, with its ending if another file or a `RESERVED` one has the same stem.

    Case doesn't count, since some file systems ignore it. Dots become underscores: `a.curve` is the curve of `a`.
    """
    stems = [_plain(path.stem) for path in paths]
    often = Counter(map(str.lower, stems))
    taken = {*RESERVED, *often}
    for path, stem in zip(paths, stems, strict=True):
        name = stem
        if often[stem.lower()] > 1 or stem.lower() in RESERVED:
            name = _plain(path.name)
            while name.lower() in taken:
                name += "_"
            taken.add(name.lower())
        yield name


def _plain(name: str) -> str:
    return name.replace(".", "_")
