"""Arrays as pictures: 8-bit conversion, previews, the bytes of PNG, WebP and JPEG files."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngInfo

Pixels = NDArray[np.uint8]
Floats = NDArray[np.floating[Any]]

PICTURE_FORMATS = ("png", "webp", "jpeg")
QUALITY = 90  # of JPEG and WebP, unless told
LONGEST = {"webp": 16383, "jpeg": 65500}  # pixels a side that the formats can count
EXIF_DETAILS, USER_COMMENT = 0x8769, 0x9286  # where EXIF keeps free text
ASCII = b"ASCII\0\0\0"  # how such text begins
INVERSION = "fgraph:inversion"  # the key of the text in a picture that mode=invert wrote
_JPEG_TEXT = 65000  # bytes: a JPEG's segment holds 65,533, the headers of EXIF among them


def to_pixels(row: Floats) -> Pixels:
    """8-bit pixels [h, w, channels] of one image [channels, h, w] in [-1, 1], by NVlabs' rule (truncated, not rounded).

    >>> to_pixels(np.array([-1.0, 0.0, 1.0]).reshape(3, 1, 1)).tolist()
    [[[0, 128, 255]]]
    """
    scaled = np.clip(np.asarray(row, dtype=np.float32) * 127.5 + 128, 0, 255)
    pixels: Pixels = scaled.astype(np.uint8).transpose(1, 2, 0)  # [h, w, channels]
    return pixels


def to_pillow(pixels: Pixels) -> PillowImage.Image:
    """A Pillow image of pixels [h, w, 1 | 3 | 4]; any other channel count is shown by its mean."""
    if pixels.shape[2] not in (1, 3, 4):
        pixels = pixels.mean(axis=2, keepdims=True).astype(np.uint8)
    return PillowImage.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def encode_png(pixels: Pixels, text: Mapping[str, str] | None = None) -> bytes:
    """PNG bytes of pixels [h, w, channels], with these text chunks before the pixel data."""
    return encode_picture(to_pillow(pixels), "png", text)


def encode_picture(
    picture: PillowImage.Image, kind: str, text: Mapping[str, str] | None = None, quality: int = QUALITY
) -> bytes:
    """The bytes of a picture file of one of `PICTURE_FORMATS`, with a text inside.

    PNG keeps the text in chunks; WebP and JPEG as JSON in the comment of their EXIF data, as far as it `fits`.
    `quality` is 1 to 100; WebP at 100 loses nothing.

    Raises:
        ValueError: the picture has more pixels a side than the format can count.
    """
    longest = LONGEST.get(kind)
    if longest is not None and max(picture.size) > longest:
        raise ValueError(f"{kind} holds {longest} pixels a side, this picture has {max(picture.size)}: write png")
    if kind != "png" and picture.mode not in ("RGB", "RGBA" if kind == "webp" else "L"):
        picture = picture.convert("RGB")
    settings: dict[str, Any] = {"format": kind.upper()}
    if kind == "png":
        settings["pnginfo"] = info = PngInfo()
        for key, value in (text or {}).items():
            info.add_text(key, value)  # becomes iTXt (UTF-8) where Latin-1 does not do
    else:
        settings |= {"quality": quality, **({"lossless": quality == 100} if kind == "webp" else {})}
        if quality >= QUALITY and kind == "jpeg":
            settings["subsampling"] = 0  # colour at full size
        if text and fits(text, kind):
            settings["exif"] = _exif(text)
    buffer = io.BytesIO()
    picture.save(buffer, **settings)
    return buffer.getvalue()


def fits(text: Mapping[str, str], kind: str) -> bool:
    """Whether a file of this format has room for the text."""
    return kind != "jpeg" or len(json.dumps(dict(text))) <= _JPEG_TEXT


def _exif(text: Mapping[str, str]) -> bytes:
    exif = PillowImage.Exif()
    exif.get_ifd(EXIF_DETAILS)[USER_COMMENT] = ASCII + json.dumps(dict(text)).encode("ascii")
    return exif.tobytes()


def preview_features(tensor: Floats) -> Floats:
    """What a feature map looks like: [channels, h, w] -> [1, h, w] in [-1, 1], the strength over all channels."""
    with np.errstate(invalid="ignore", over="ignore"):  # a caller looks for values that aren't finite
        strength = np.sqrt(np.mean(np.square(np.asarray(tensor, dtype=np.float32)), axis=0, keepdims=True))  # [1, h, w]
        low, high = float(strength.min()), float(strength.max())
        grey: Floats = (strength - low) / max(high - low, 1e-12) * 2 - 1
    return grey
