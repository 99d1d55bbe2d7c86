"""Image files as people expect them read: any mode, rotated as the camera says, fitted to a size."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

Fit = Literal["crop", "pad", "stretch"]


def locate(path: str) -> Path:
    """The file a path names: as it stands, else among the pictures that come with the graphs.

    Raises:
        ValueError: there is no such file.
    """
    given = Path(path).expanduser()
    if given.is_file():
        return given
    import graphs

    bundled = Path(next(iter(graphs.__path__))) / "images" / path
    if bundled.is_file():
        return bundled
    raise ValueError(f"there is no picture at '{path}' (looked in {Path.cwd()} and among the bundled pictures)")


def load_picture(path: str, size: tuple[int, int], fit: str = "crop") -> NDArray[np.float32]:
    """RGB [3, height, width] in [-1, 1] of an image file.

    Transparency is laid over white. `crop` fills the size and cuts what is over, `pad` shows all and adds white,
    `stretch` changes the proportions.

    Raises:
        ValueError: the file is missing or is no image.
    """
    height, width = size
    fitted = fit_picture(_open(path), (width, height), fit)
    pixels = np.asarray(fitted, dtype=np.float32)  # [H, W, 3]
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)) / 127.5 - 1


def _open(path: str) -> Image.Image:
    file = locate(path)
    try:
        with Image.open(file) as opened:
            return to_rgb(opened)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{file} cannot be read as an image: {error}") from error


def to_rgb(opened: Image.Image) -> Image.Image:
    """An opened image upright, in RGB, its transparency laid over white."""
    upright: Any = ImageOps.exif_transpose(opened)
    if "A" in upright.getbands() or "transparency" in upright.info:
        upright = upright.convert("RGBA")
        white = Image.new("RGBA", upright.size, "white")
        return Image.alpha_composite(white, upright).convert("RGB")
    return upright.convert("RGB")  # type: ignore[no-any-return]


def fit_picture(picture: Image.Image, size: tuple[int, int], fit: str) -> Image.Image:
    """A picture of this size, (width, height): see `load_picture` for the ways."""
    if picture.size == size:
        return picture
    way = Image.Resampling.LANCZOS
    if fit == "crop":
        return ImageOps.fit(picture, size, way)
    if fit == "pad":
        return ImageOps.pad(picture, size, way, color="white")
    return picture.resize(size, way)
