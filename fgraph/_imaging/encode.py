"""Arrays -> pictures: conversion to 8 bits, previews of features, encoding as PNG, WebP or JPEG."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngInfo

from fgraph._imaging.choices import QUALITY

Pixels = NDArray[np.uint8]
Floats = NDArray[np.floating[Any]]

LONGEST = {"webp": 16383, "jpeg": 65500}  # the most pixels per side
EXIF_DETAILS, USER_COMMENT = 0x8769, 0x9286  # EXIF tags of free text
ASCII = b"ASCII\0\0\0"  # the prefix of such text
INVERSION = "fgraph:inversion"  # the key of the text in pictures of mode=invert
_JPEG_TEXT = 65000  # bytes; a JPEG segment holds 65,533, including the EXIF headers


def to_pixels(row: Floats) -> Pixels:
    """Convert an image [channels, h, w] in [-1, 1] to 8-bit pixels [h, w, channels].

    Values are scaled by 127.5, shifted by 128 and truncated, as in NVlabs' programs.

    >>> to_pixels(np.array([-1.0, 0.0, 1.0]).reshape(3, 1, 1)).tolist()
    [[[0, 128, 255]]]
    """
    scaled = np.clip(np.asarray(row, dtype=np.float32) * 127.5 + 128, 0, 255)
    pixels: Pixels = scaled.astype(np.uint8).transpose(1, 2, 0)  # [h, w, channels]
    return pixels


def viewable(pixels: Pixels) -> Pixels:
    """Return pixels [h, w, channels] as grey, RGB or RGBA; other numbers of channels are averaged to grey."""
    if pixels.shape[2] == viewable_channels(pixels.shape[2]):
        return pixels
    grey: Pixels = pixels.mean(axis=2, keepdims=True).astype(np.uint8)
    return grey


def viewable_channels(channels: int) -> int:
    """Return the number of channels of `viewable` pixels: 1 (grey), 3 (RGB) or 4 (RGBA)."""
    return channels if channels in (1, 3, 4) else 1


def to_pillow(pixels: Pixels) -> PillowImage.Image:
    """Convert pixels [h, w, channels] to a Pillow image of mode L, RGB or RGBA, as `viewable`."""
    shown = viewable(pixels)
    return PillowImage.fromarray(shown[:, :, 0] if shown.shape[2] == 1 else shown)


def over_white(picture: PillowImage.Image) -> PillowImage.Image:
    """Return a picture of mode L, RGB or RGBA without transparency: RGBA is laid over white."""
    if picture.mode != "RGBA":
        return picture
    return PillowImage.alpha_composite(PillowImage.new("RGBA", picture.size, "white"), picture).convert("RGB")


def to_opaque(pixels: Pixels) -> Pixels:
    """Convert pixels [h, w, channels] to RGB [h, w, 3], for formats that have no grey and no transparency."""
    return np.asarray(over_white(to_pillow(pixels)).convert("RGB"))


def encode_png(pixels: Pixels, text: Mapping[str, str] | None = None) -> bytes:
    """Encode pixels [h, w, channels] as PNG, with text chunks before the pixel data."""
    return encode_picture(to_pillow(pixels), "png", text)


def encode_picture(
    picture: PillowImage.Image, kind: str, text: Mapping[str, str] | None = None, quality: int = QUALITY
) -> bytes:
    """Encode a picture in one of `PICTURE_FORMATS`, with texts inside; JPEG shows transparency over white.

    Args:
        picture: the pixels.
        kind: png, webp or jpeg.
        text: key -> text. PNG stores them in chunks; WebP and JPEG as JSON in the EXIF comment, if it `fits`.
        quality: the quality of WebP and JPEG, 1 to 100; WebP at 100 is lossless.

    Raises:
        ValueError: the picture has more pixels per side than the format allows.
    """
    longest = LONGEST.get(kind)
    if longest is not None and max(picture.size) > longest:
        raise ValueError(f"{kind} holds {longest} pixels a side, this picture has {max(picture.size)}: write png")
    if kind == "jpeg":
        picture = over_white(picture)
    elif kind == "webp" and picture.mode == "L":
        picture = picture.convert("RGB")
    settings: dict[str, Any] = {"format": kind.upper()}
    if kind == "png":
        settings["pnginfo"] = info = PngInfo()
        for key, value in (text or {}).items():
            info.add_text(key, value)  # writes iTXt (UTF-8) for text outside Latin-1
    else:
        settings |= {"quality": quality, **({"lossless": quality == 100} if kind == "webp" else {})}
        if quality >= QUALITY and kind == "jpeg":
            settings["subsampling"] = 0  # chroma at full resolution
        if text and fits(text, kind):
            settings["exif"] = _exif(text)
    return pillow_bytes(picture, **settings)


def pillow_bytes(picture: PillowImage.Image, **settings: Any) -> bytes:
    """Return the file that Pillow makes of a picture.

    Raises:
        MemoryError: an encoder cannot allocate memory, which Pillow reports as an `OSError` of its codec.
    """
    buffer = io.BytesIO()
    try:
        picture.save(buffer, **settings)
    except OSError as error:  # no file is written here
        raise MemoryError(f"cannot encode {picture.width} x {picture.height} pixels: {error}") from error
    return buffer.getvalue()


def fits(text: Mapping[str, str], kind: str) -> bool:
    """Return whether a file of a format has room for texts."""
    return kind != "jpeg" or len(json.dumps(dict(text))) <= _JPEG_TEXT


def _exif(text: Mapping[str, str]) -> bytes:
    exif = PillowImage.Exif()
    exif.get_ifd(EXIF_DETAILS)[USER_COMMENT] = ASCII + json.dumps(dict(text)).encode("ascii")
    return exif.tobytes()


def preview_features(tensor: Floats) -> Floats:
    """Return the root mean square over the channels of a feature map [channels, h, w], as grey [1, h, w] in [-1, 1]."""
    with np.errstate(invalid="ignore", over="ignore"):  # callers check for values that aren't finite
        strength = np.sqrt(np.mean(np.square(np.asarray(tensor, dtype=np.float32)), axis=0, keepdims=True))  # [1, h, w]
        low, high = float(strength.min()), float(strength.max())
        grey: Floats = (strength - low) / max(high - low, 1e-12) * 2 - 1
    return grey
