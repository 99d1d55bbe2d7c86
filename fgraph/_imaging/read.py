"""Image files as people expect them read: any mode, rotated as the camera says, fitted to a size."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

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

    bundled = Path(next(iter(graphs.__path__))) / "pictures" / path
    if bundled.is_file():
        return bundled
    raise ValueError(f"there is no picture at '{path}' (looked in {Path.cwd()} and among the bundled pictures)")


def recognise(path: str) -> None:
    """Look whether a path names a picture, by the beginning of the file; no pixel is decoded.

    Raises:
        ValueError: the file is missing or is no image.
    """
    file = locate(path)
    try:
        with Image.open(file):
            pass
    except Exception as error:
        raise _unreadable(file, error) from error


def load_picture(path: str, size: tuple[int, int], fit: str = "crop") -> NDArray[np.float32]:
    """RGB [3, height, width] in [-1, 1] of an image file.

    Transparency is laid over white. `crop` fills the size and cuts what is over, `pad` shows all and adds white,
    `stretch` changes the proportions.

    Raises:
        ValueError: the file is missing or is no image.
    """
    return fitted_array(_open(path), size, fit)


def open_picture(path: str) -> Image.Image:
    """An image file as RGB, upright, in its own size.

    Raises:
        ValueError: the file is missing or is no image.
    """
    return _open(path)


def fitted_array(picture: Image.Image, size: tuple[int, int], fit: str = "crop") -> NDArray[np.float32]:
    """RGB [3, height, width] in [-1, 1] of an RGB picture; `fit` as for `load_picture`."""
    height, width = size
    pixels = np.asarray(fit_picture(picture, (width, height), fit), dtype=np.float32)  # [H, W, 3]
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)) / 127.5 - 1


def _open(path: str) -> Image.Image:
    file = locate(path)
    try:
        with Image.open(file) as opened:
            return to_rgb(opened)
    except Exception as error:  # decoders raise what they like: of a damaged AVIF a RuntimeError
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> ValueError:
    return ValueError(f"{file} cannot be read as an image: {error}")


def to_rgb(opened: Image.Image) -> Image.Image:
    """A picture of any mode, upright, as RGB: as its colour profile says, over white where it is transparent."""
    picture: Image.Image = ImageOps.exif_transpose(opened)
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        picture = _eight_bits(picture)
    if "A" in picture.getbands() or "a" in picture.getbands() or "transparency" in picture.info:
        whole = picture.convert("RGBA")
        white = Image.new("RGBA", whole.size, "white")
        return Image.alpha_composite(white, whole).convert("RGB")
    return _by_profile(picture) or picture.convert("RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    """A grey picture of more than 8 bits, which Pillow would clip at 255 rather than scale."""
    values = np.asarray(picture, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("it has pixels that are no finite numbers")
    if picture.mode == "F":
        most = 1.0 if values.max(initial=0.0) <= 1 else 255.0 if values.max(initial=0.0) <= 255 else 65535.0
    else:
        most = 65535.0 if picture.mode != "I" or values.max(initial=0.0) > 255 else 255.0
    return Image.fromarray(np.rint(np.clip(values / most, 0, 1) * 255).astype(np.uint8))


def _by_profile(picture: Image.Image) -> Image.Image | None:
    """What a picture looks like by the ICC profile it carries, as CMYK for print does; None: it has no good one."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "CMYK", "L"):
        return None
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


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
