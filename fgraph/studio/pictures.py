"""Results of runs -> pictures for the page."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import dataclass

from PIL import Image as PillowImage

from fgraph._errors import RunError
from fgraph._results import FeatureMaps, Latents, Result
from fgraph.studio.messages import Message

THUMBNAIL = 160  # the longest side of a thumbnail, pixels
SMALL = 96  # pixels of a picture in the history
SHOWN = 2048  # pixels of a photograph on the page; a download has its own size
_PREVIEW_QUALITY = 80


@dataclass(frozen=True)
class Binary:
    """A binary message: a header and the bytes of a picture."""

    header: Message
    content: bytes

    def to_bytes(self) -> bytes:
        """Return the message: the length of the header (4 bytes, big-endian), the header as JSON, the picture."""
        head = json.dumps(self.header.model_dump()).encode()
        return struct.pack(">I", len(head)) + head + self.content


def to_picture(result: Result, row: int = 0) -> PillowImage.Image:
    """Return a row of a result as a picture, the last row for a number beyond it.

    Raises:
        RunError: codes have no picture.
        SaveError: the row holds NaN or infinite values.
    """
    if isinstance(result, Latents):
        raise RunError("codes have no picture: decode them")
    if isinstance(result, FeatureMaps):
        result = result.preview()
    try:
        return result.to_pil(min(row, result.rows - 1))
    except ValueError as error:  # a photograph that has gone
        raise RunError(str(error)) from error


def encode_final(picture: PillowImage.Image) -> tuple[bytes, str]:
    """Return a picture without loss, quickly, with its type."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue(), "image/png"


def encode_preview(picture: PillowImage.Image) -> tuple[bytes, str]:
    """Return a picture in few bytes, quickly, with its type."""
    buffer = io.BytesIO()
    shown = picture.convert("RGB") if picture.mode == "L" else picture
    shown.save(buffer, format="WEBP", quality=_PREVIEW_QUALITY, method=0)
    return buffer.getvalue(), "image/webp"


def thumbnail(picture: PillowImage.Image, longest: int = THUMBNAIL) -> PillowImage.Image:
    """Return a picture reduced to `longest` pixels; a smaller one is unchanged."""
    small = picture.copy()
    small.thumbnail((longest, longest))
    return small
