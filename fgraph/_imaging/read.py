"""Image files -> upright RGB of a given size, from any colour mode and by the colour profile."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from fgraph._imaging.encode import over_white
from fgraph._imaging.files import decoded_bytes, open_image
from fgraph._imaging.finding import locate

Fit = Literal["crop", "pad", "stretch"]
LARGE: Final = 32 << 20  # bytes of decoded pixels, beyond which a picture is converted in strips
STRIP_BYTES: Final = 4 << 20  # bytes of a strip; the conversion from 16 bits takes up to 20 times as much
_GAP: Final = 3  # a large picture is first reduced, to no less than this multiple of the requested size
_ORIENTATION = 0x0112  # the EXIF tag
_EXPANDED: Final = {"P": "RGBA", "PA": "RGBA", "RGBa": "RGBA", "La": "LA", "1": "L"}
_COLOURS: Final = {"RGBA": "RGB", "RGBX": "RGB", "LA": "L"}  # without opacity, which colour profiles ignore
KEPT_MODES: Final = ("L", "LA", "RGB", "RGBA")
_STEPS: Final = {"L;2": 85, "L;4": 17}  # raw mode of a PNG -> the step between its decoded values
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def recognise(path: str) -> None:
    """Check that a path names a picture that may be read, from its header alone.

    Raises:
        ValueError: the file is missing, isn't a picture, or is larger than `picture_limit`.
    """
    file = locate(path)
    try:
        with open_image(file):
            pass
    except Exception as error:
        raise _unreadable(file, error) from error


def load_picture(path: str, size: tuple[int, int], fit: str = "crop", channels: int = 3) -> NDArray[np.float32]:
    """Return an image file as [channels, height, width] in [-1, 1].

    Transparency is laid over white.

    Args:
        path: the file.
        size: (height, width), pixels.
        fit: `crop` fills the size and cuts off the rest, `pad` shows everything and adds white, `stretch` changes the
            proportions.
        channels: 3 for RGB, 1 for grey.

    Raises:
        ValueError: the file is missing, isn't a picture, or is larger than `picture_limit`.
    """
    file = locate(path)
    height, width = size
    try:
        with open_image(file) as opened:
            return to_array(fit_opened(opened, (width, height), fit), channels)
    except Exception as error:  # decoders raise errors of many types: a damaged AVIF a RuntimeError
        raise _unreadable(file, error) from error


def open_picture(path: str) -> Image.Image:
    """Return an image file as upright RGB in its own size.

    Raises:
        ValueError: the file is missing, isn't a picture, or is larger than `picture_limit`.
    """
    file = locate(path)
    try:
        with open_image(file, bytes_per_pixel=3) as opened:
            return to_rgb(opened)
    except Exception as error:
        raise _unreadable(file, error) from error


def fitted_array(
    picture: Image.Image, size: tuple[int, int], fit: str = "crop", channels: int = 3
) -> NDArray[np.float32]:
    """Return an RGB picture as [channels, height, width] in [-1, 1]; the arguments are those of `load_picture`."""
    height, width = size
    return to_array(fit_picture(picture, (width, height), fit), channels)


def to_array(picture: Image.Image, channels: int = 3) -> NDArray[np.float32]:
    """Return an RGB picture as [channels, height, width] in [-1, 1]: 3 for RGB, 1 for grey."""
    pixels = np.atleast_3d(np.asarray(picture if channels == 3 else picture.convert("L"), dtype=np.float32))
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)) / 127.5 - 1


def fit_opened(opened: Image.Image, size: tuple[int, int], fit: str) -> Image.Image:
    """Return an opened file as upright RGB of a size, (width, height).

    A large picture is reduced while it is converted, so that the decoded pixels are its only full-size copy in memory.
    A large JPEG is decoded at an eighth to a half of its size where that suffices.
    """
    return fit_picture(to_rgb(opened, size), size, fit)


def to_rgb(opened: Image.Image, least: tuple[int, int] | None = None) -> Image.Image:
    """Return a picture of any mode as upright RGB, by its colour profile and over white where it is transparent.

    Args:
        opened: the picture.
        least: (width, height); a large picture may be reduced to no less than three times this. None: its own size.
    """
    scale_transparency(opened)
    if decoded_bytes(opened) <= LARGE:
        return _convert(ImageOps.exif_transpose(opened), None)
    if least is not None and opened.format == "JPEG":
        factor = _reduction(opened, least)
        opened.draft(opened.mode, (opened.width // factor, opened.height // factor))
    opened.load()  # Pillow turns a TIFF upright here, and drops its tag
    reduced = _convert_strips(opened, 1 if least is None else _reduction(opened, least))
    turn = turn_of(opened)
    return reduced if turn is None else reduced.transpose(turn)


def turn_of(opened: Image.Image) -> Image.Transpose | None:
    """Return how a picture is turned upright by its EXIF data; None: it is upright."""
    return _UPRIGHT.get(opened.getexif().get(_ORIENTATION, 1))


def in_colours(opened: Image.Image) -> Image.Image:
    """Return a picture as it is stored, not turned upright, in mode L, LA, RGB or RGBA.

    A picture of one of these modes keeps its values. Others are converted to sRGB by their colour profile, and lose the
    profile.
    """
    scale_transparency(opened)
    opened.load()
    alpha = opacity(opened)
    if opened.mode in ("P", "PA", "RGBa", "La"):
        colours = opened.convert(_EXPANDED[opened.mode]).convert("LA" if opened.mode == "La" else "RGBA")
    elif opened.mode in KEPT_MODES:
        colours = opened.copy()
    else:
        colours = _convert(opened, None)
        colours.info.pop("icc_profile", None)
    colours.info.pop("transparency", None)
    if alpha is None:
        return colours.convert(_COLOURS.get(colours.mode, colours.mode))
    colours.putalpha(alpha)
    return colours


def _unreadable(file: Path, error: Exception) -> ValueError:
    return ValueError(f"{file} cannot be read as an image: {error}")


def _reduction(opened: Image.Image, least: tuple[int, int]) -> int:
    """Return the whole number by which a picture can be reduced."""
    turned = opened.getexif().get(_ORIENTATION, 1) >= 5
    width, height = least[::-1] if turned else least
    return max(1, int(min(opened.width / width, opened.height / height) / _GAP))


def _convert_strips(opened: Image.Image, factor: int) -> Image.Image:
    """Convert a decoded picture to RGB strip by strip, reduced by a factor."""
    brightest = _brightest(opened)
    rows = max(1, STRIP_BYTES * opened.height // decoded_bytes(opened) // factor) * factor
    made = Image.new("RGB", (-(-opened.width // factor), -(-opened.height // factor)))
    for top in range(0, opened.height, rows):
        strip = opened.crop((0, top, opened.width, min(top + rows, opened.height)))
        made.paste(_convert(strip, brightest).reduce(factor), (0, top // factor))
    return made


def _convert(picture: Image.Image, brightest: float | None) -> Image.Image:
    """Convert to RGB; `brightest` is the largest value of the whole picture, None if this is the whole picture."""
    if picture.mode in _EXPANDED:
        picture = picture.convert(_EXPANDED[picture.mode])
    alpha = opacity(picture)
    if _is_wide(picture):
        picture = _eight_bits(picture, brightest)
    if picture.mode in _COLOURS:
        picture = picture.convert(_COLOURS[picture.mode])
    colours = by_profile(picture) or picture.convert("RGB")
    if alpha is None:
        return colours
    colours.putalpha(alpha)
    return over_white(colours)


def scale_transparency(opened: Image.Image) -> None:
    """Scale the transparent colour of a PNG like its pixels, which Pillow scales when it decodes them."""
    key, tiles = opened.info.get("transparency"), getattr(opened, "tile", ())
    if opened.format != "PNG" or not tiles or not isinstance(key, int | tuple):
        return
    if isinstance(key, tuple) and tiles[0][3] == "RGB;16B":  # Pillow keeps the high bytes
        opened.info["transparency"] = tuple(value >> 8 for value in key)
    elif isinstance(key, int) and opened.mode == "1":
        opened.info["transparency"] = 255 * bool(key)
    elif isinstance(key, int):
        opened.info["transparency"] = key * _STEPS.get(tiles[0][3], 1)


def opacity(picture: Image.Image) -> Image.Image | None:
    """Return the opacity of a picture in 8 bits; None: no pixel can be transparent."""
    clear = picture.info.get("transparency")
    if picture.mode in _EXPANDED and (clear is not None or picture.mode in ("PA", "RGBa", "La")):
        picture = picture.convert(_EXPANDED[picture.mode])
    if "A" in picture.getbands():
        return picture.getchannel("A")
    if clear is None:
        return None
    values = np.atleast_3d(np.asarray(picture))  # [h, w, 1 or 3]
    return Image.fromarray(np.where((values == clear).all(axis=2), 0, 255).astype(np.uint8))


def _is_wide(picture: Image.Image) -> bool:
    """Return whether the picture is grey with more than 8 bits."""
    return picture.mode.startswith("I;16") or picture.mode in ("I", "F")


def _brightest(picture: Image.Image) -> float | None:
    if not _is_wide(picture):
        return None
    _, most = picture.getextrema()
    return float(most)  # type: ignore[arg-type]  # for one band, it is a number


def _eight_bits(picture: Image.Image, brightest: float | None) -> Image.Image:
    """Scale a grey picture of more than 8 bits to 8; Pillow would clip it at 255."""
    values = np.asarray(picture, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("it has pixels that are not finite numbers")
    top = values.max(initial=0.0) if brightest is None else brightest
    if picture.mode == "F":
        most = 1.0 if top <= 1 else 255.0 if top <= 255 else 65535.0
    else:
        most = 65535.0 if picture.mode != "I" or top > 255 else 255.0
    made = Image.fromarray(np.rint(np.clip(values / most, 0, 1) * 255).astype(np.uint8))
    made.info["icc_profile"] = picture.info.get("icc_profile")
    return made


def by_profile(picture: Image.Image) -> Image.Image | None:
    """Convert a picture by its ICC profile; None: it has no valid one."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "CMYK", "L"):
        return None
    try:
        source_profile = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(picture, source_profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def fit_picture(picture: Image.Image, size: tuple[int, int], fit: str) -> Image.Image:
    """Resize a picture to (width, height); `fit` as in `load_picture`."""
    if picture.size == size:
        return picture
    resampling = Image.Resampling.LANCZOS
    if fit == "crop":
        return ImageOps.fit(picture, size, resampling)
    if fit == "pad":
        return ImageOps.pad(picture, size, resampling, color="white")
    return picture.resize(size, resampling)
