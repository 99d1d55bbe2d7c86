"""The texts inside an untrusted picture file, read with a bound on their length."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fgraph._errors import FgraphError
from fgraph._imaging.encode import ASCII, EXIF_DETAILS, USER_COMMENT
from fgraph._imaging.files import PictureError, open_image

MOST_TEXT = 16 * 2**20  # characters, of all texts together
_DESCRIPTION = 270  # the TIFF tag for free text


def read_texts(source: str | Path | bytes) -> dict[str, str]:
    """Read the texts of a PNG, WebP, JPEG, TIFF or GIF by their keys, without decoding pixels.

    Args:
        source: the file, or its content.

    Raises:
        FgraphError: the file can't be read, isn't a picture, is damaged, or holds more text than `MOST_TEXT`.
    """
    path = "the picture" if isinstance(source, bytes) else source
    try:
        opened = io.BytesIO(source) if isinstance(source, bytes) else Path(source)
        with open_image(opened, bounded=False) as picture:  # no pixel is decoded
            found = _texts_of(picture)
    except FileNotFoundError as error:
        raise FgraphError(f"cannot read {path}: there is no such file") from error
    except OSError as error:
        raise FgraphError(f"cannot read {path}: {error.strerror or error}") from error
    except PictureError as error:
        raise FgraphError(f"cannot read {path}: {error}") from error
    except Exception as error:  # Pillow's readers raise errors of many types for a damaged file
        raise FgraphError(f"cannot read {path}: it is damaged ({str(error) or type(error).__name__})") from error
    if sum(map(len, found.values())) > MOST_TEXT:
        raise FgraphError(f"cannot read {path}: it carries more than {MOST_TEXT >> 20} MiB of text")
    return found


def _texts_of(picture: Any) -> dict[str, str]:
    if picture.format == "PNG":
        return {str(key): str(value) for key, value in picture.info.items() if isinstance(value, str)}
    if picture.format == "TIFF":
        comment = str(picture.tag_v2.get(_DESCRIPTION, ""))
    elif picture.format == "GIF":
        comment = picture.info.get("comment", b"").decode("utf-8", "replace")
    else:
        raw = picture.getexif().get_ifd(EXIF_DETAILS).get(USER_COMMENT, b"")
        comment = raw.removeprefix(ASCII).decode("ascii", "replace") if isinstance(raw, bytes) else str(raw)
    if not comment.startswith("{") or len(comment) > MOST_TEXT:
        return {}
    found = json.loads(comment)
    return {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, Mapping) else {}
