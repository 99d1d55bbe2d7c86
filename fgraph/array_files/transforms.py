"""Transforms of pictures in files: the `landmarks_transforms.npy` of StyleGAN3-editing.

The file has an entry for each picture, under its name: rotation, shift, the matrix that aligns the picture, and the
inverse of this matrix. With the inverse as its input transform, the generator draws a face where the picture has it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fgraph._arrays import Array
from fgraph._errors import show
from fgraph.array_files.archives import read_last_entries
from fgraph.array_files.latents import find_file

_TOLERANCE = 1e-3  # tolerance for the entries of a matrix, in float32 or rounded in a file


@dataclass(frozen=True)
class FileTransform:
    """A rotation and scale about the centre, then a shift."""

    rotate: float  # degrees, counter-clockwise
    scale: float
    dx: float  # to the right, as a fraction of the image
    dy: float  # down


def read_transforms(path: str) -> Mapping[str, FileTransform]:
    """Return the transforms in a file by the name of the picture.

    Raises:
        ValueError: the file cannot be read, or a matrix is not a rotation with a scale and a shift.
    """
    return _read_transforms(*find_file(path))


@lru_cache(maxsize=16)
def _read_transforms(path: Path, modified: int, size: int) -> Mapping[str, FileTransform]:
    found = read_last_entries(path)
    try:
        return {name: _transform_of(matrix) for name, matrix in found.items()}
    except ValueError as error:
        raise ValueError(f"in {show(path, 300)} {error}") from error


def _transform_of(matrix: Array) -> FileTransform:
    """Return the transform of an input matrix M [3, 3], which maps points of the result to points of the picture.

    With the rotation R, the scale s and the shift d, M p = R⁻¹ (p - d) / s, for points (x, y) with y down.
    """
    if matrix.shape != (3, 3):
        raise ValueError(f"a matrix has shape {list(matrix.shape)} instead of [3, 3]")
    (a, b, x), (c, d, y), last = matrix.check().array.tolist()
    size = math.hypot(a, c)
    close = (abs(a - d), abs(b + c), abs(last[0]), abs(last[1]), abs(last[2] - 1))
    if size == 0 or max(close) > _TOLERANCE * max(1, size):
        raise ValueError("a matrix is not a rotation with a scale and a shift")
    cosine, sine, scale = a / size, c / size, 1 / size
    dx, dy = -scale * (cosine * x + sine * y), -scale * (cosine * y - sine * x)
    return FileTransform(math.degrees(math.atan2(sine, cosine)), scale, dx, dy)
