"""Reads the text that a picture file carries, bounded, whoever wrote the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from PIL import GifImagePlugin, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from fgraph._errors import FgraphError
from fgraph._imaging.encode import ASCII, EXIF_DETAILS, USER_COMMENT

MOST_TEXT = 16 * 2**20  # characters of all texts together
_DESCRIPTION = 270  # the TIFF tag for free text

# The classes themselves, not Image.open, which refuses pictures by their size: here no pixel is decoded.
_READERS = (
    (b"\x89PNG\r\n\x1a\n", PngImagePlugin.PngImageFile),
    (b"\xff\xd8\xff", JpegImagePlugin.JpegImageFile),
    (b"GIF8", GifImagePlugin.GifImageFile),
    (b"RIFF", WebPImagePlugin.WebPImageFile),
    (b"II", TiffImagePlugin.TiffImageFile),
    (b"MM", TiffImagePlugin.TiffImageFile),
)


def read_texts(path: str | Path) -> dict[str, str]:
    """The texts of a PNG, WebP, JPEG, TIFF or GIF, by their keys; no pixels are decoded.

    Raises:
        FgraphError: the file cannot be read, is no picture, is damaged, or holds more text than `MOST_TEXT`.
    """
    try:
        with Path(path).open("rb") as file:
            found = _texts(file)
    except FileNotFoundError as error:
        raise FgraphError(f"cannot read {path}: there is no such file") from error
    except OSError as error:
        raise FgraphError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # what a damaged file makes of Pillow's readers is of many kinds
        raise FgraphError(f"cannot read {path}: it is damaged ({str(error) or type(error).__name__})") from error
    if found is None:
        raise FgraphError(f"cannot read {path}: it is no PNG, WebP, JPEG, TIFF or GIF")
    if sum(map(len, found.values())) > MOST_TEXT:
        raise FgraphError(f"cannot read {path}: it carries more than {MOST_TEXT >> 20} MiB of text")
    return found


def _texts(file: BinaryIO) -> dict[str, str] | None:
    start = file.read(16)
    file.seek(0)
    for magic, reader in _READERS:
        if start.startswith(magic):
            with reader(file) as picture:
                return _texts_of(picture)
    return None


def _texts_of(picture: Any) -> dict[str, str]:
    if isinstance(picture, PngImagePlugin.PngImageFile):
        return {str(key): str(value) for key, value in picture.info.items() if isinstance(value, str)}
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        comment = str(picture.tag_v2.get(_DESCRIPTION, ""))
    elif isinstance(picture, GifImagePlugin.GifImageFile):
        comment = picture.info.get("comment", b"").decode("utf-8", "replace")
    else:
        raw = picture.getexif().get_ifd(EXIF_DETAILS).get(USER_COMMENT, b"")
        comment = raw.removeprefix(ASCII).decode("ascii", "replace") if isinstance(raw, bytes) else str(raw)
    if not comment.startswith("{") or len(comment) > MOST_TEXT:
        return {}
    found = json.loads(comment)
    return {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, Mapping) else {}
