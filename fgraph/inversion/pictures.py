"""The pictures of a job: found in a folder, read as upright RGB, and aligned on request."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fgraph._errors import FgraphError
from fgraph._imaging.read import Fit, fitted_array, open_picture
from fgraph.faces import FaceChoice, MissingFaceError, cut_face

Align = Literal["none", "ffhq", "ffhqu", "stylegan3-editing"]
RESERVED = ("preview", "inversions", "overview", "tuned")  # names of files for all pictures of a job


LARGEST = FaceChoice()


@dataclass(frozen=True)
class PictureReading:
    """The settings with which pictures are read."""

    size: tuple[int, int]  # height and width of the model's images, pixels
    fit: Fit = "crop"
    align: Align = "none"
    face: FaceChoice = LARGEST
    channels: int = 3  # channels of the model's images: 3, or 1 for grey images

    def read(self, path: Path) -> NDArray[np.float32]:
        """Read a picture, or the first of its chosen faces, as [channels, height, width] in [-1, 1].

        Raises:
            ValueError: the file isn't a picture, or shows no face to align.
            FgraphError: the package that aligns faces isn't installed.
        """
        return self.read_all(path)[0]

    def read_all(self, path: Path) -> list[NDArray[np.float32]]:
        """Read a picture once for each of the chosen faces; `read` describes the errors."""
        picture = open_picture(str(path))
        if self.align == "none":
            return [fitted_array(picture, self.size, self.fit, self.channels)]
        faces = self.face.find(lambda: picture, path.name)
        cut = (cut_face(picture, face, max(self.size), self.align) for face in faces)
        return [fitted_array(one, self.size, self.fit, self.channels) for one in cut]

    def read_again(self, picture: JobPicture) -> NDArray[np.float32]:
        """Read a picture of a job again, as `read` does.

        Raises:
            FgraphError: the file cannot be read any more, or has changed since the job began.
        """
        try:
            faces = self.read_all(picture.path)
        except MissingFaceError:
            faces = []
        except ValueError as error:
            raise FgraphError(f"{picture.path} cannot be read a second time: {error}: run again") from error
        if picture.face >= len(faces) or read_digest(faces[picture.face]) != picture.digest:
            raise FgraphError(f"{picture.path} has changed since the job began: run again")
        return faces[picture.face]


@dataclass(frozen=True)
class JobPicture:
    """A picture of a job."""

    path: Path
    name: str  # name of its results
    digest: str  # SHA-256 of its pixels as read
    face: int = 0  # its number among the chosen faces


def read_digest(pixels: NDArray[np.float32]) -> str:
    """Return the SHA-256 of pixels, in hexadecimal."""
    return hashlib.sha256(repr(pixels.shape).encode() + np.ascontiguousarray(pixels).tobytes()).hexdigest()


def read_pictures(paths: Sequence[Path], reading: PictureReading) -> tuple[list[JobPicture], dict[Path, str]]:
    """Read pictures; return those that can be read, and path -> fault of the others."""
    pictures, faults = [], {}
    for path, name in zip(paths, _names(paths), strict=True):
        try:
            faces = reading.read_all(path)
            names = [name] if len(faces) == 1 else [f"{name}_face{number}" for number in range(len(faces))]
            for number, (face_name, pixels) in enumerate(zip(names, faces, strict=True)):
                pictures.append(JobPicture(path, face_name, read_digest(pixels), number))
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
