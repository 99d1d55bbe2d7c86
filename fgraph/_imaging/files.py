"""Image files: the formats that are opened, and the bound on the memory of one of them.

Pillow recognises more than forty formats by content, and some of its readers start other programs: an EPS named
`photo.png` runs Ghostscript. Here, the reader is chosen among the few of `readers`, and the decoded size is checked
before a pixel is decoded, by a bound in bytes. Pillow's own bound, in pixels, doesn't apply: it can't be raised for one
call, and its message names no cure.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from fgraph._files import open_file
from fgraph._limits import DECODED_PICTURE
from fgraph._sizes import in_words, parse_bytes

if TYPE_CHECKING:
    from PIL import Image

_MAGIC: Final = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",  # BigTIFF
    b"MM\0+": "TIFF",
    b"BM": "BMP",
}
_BOXED: Final = {b"WEBP": "WebP", b"ftypavif": "AVIF", b"ftypavis": "AVIF", b"ftypmif1": "AVIF"}
_READ_WHOLE: Final = ("WebP", "AVIF")  # Pillow reads the whole file before it looks at the header
_TILE_SIZE: Final = (322, 323)  # TIFF tags
_WIDE: Final = {"I": 4, "F": 4}  # bytes per value of modes that don't store one byte; those of I;16 take two


class PictureError(ValueError):
    """A file that isn't opened as a picture: its format is another, or it is too large."""


class _Limit:
    """The limit of this process; training reads pictures in threads, to which a context variable doesn't reach."""

    decoded = DECODED_PICTURE


@cache
def readers() -> Mapping[str, Any]:
    """Return Pillow's reader of each format."""
    from PIL import (  # runs that read no picture need not import them
        AvifImagePlugin,
        BmpImagePlugin,
        GifImagePlugin,
        JpegImagePlugin,
        PngImagePlugin,
        TiffImagePlugin,
        WebPImagePlugin,
        features,
    )

    # Pillow warns of each wrong tag, of which a small TIFF can hold 65,535
    warnings.filterwarnings("ignore", module=r"PIL\.TiffImagePlugin")
    return {
        "PNG": PngImagePlugin.PngImageFile,
        "JPEG": JpegImagePlugin.JpegImageFile,
        "WebP": WebPImagePlugin.WebPImageFile,
        "TIFF": TiffImagePlugin.TiffImageFile,
        "BMP": BmpImagePlugin.BmpImageFile,
        "GIF": GifImagePlugin.GifImageFile,
        **({"AVIF": AvifImagePlugin.AvifImageFile} if features.check("avif") else {}),
    }


@contextmanager
def picture_limit(most: int | str) -> Iterator[None]:
    """Set how much memory the decoded pixels of one image file may take, for this process and within the block.

    Args:
        most: bytes, or a text such as "2GiB"; by default 512 MiB.

    Raises:
        FgraphError: `most` isn't an amount of memory.
    """
    earlier = _Limit.decoded
    set_picture_limit(most)
    try:
        yield
    finally:
        set_picture_limit(earlier)


def set_picture_limit(most: int | str) -> None:
    """Set the limit of `picture_limit` for the rest of the process.

    Raises:
        FgraphError: `most` isn't an amount of memory.
    """
    _Limit.decoded = parse_bytes(most, "picture_limit")


def current_picture_limit() -> int:
    """Return the current limit, in bytes."""
    return _Limit.decoded


@contextmanager
def open_image(source: Path | BinaryIO, *, bounded: bool = True, bytes_per_pixel: int = 0) -> Iterator[Image.Image]:
    """Open an image file of one of the formats of `readers`, chosen by its content; no pixel is decoded yet.

    Args:
        source: a regular file, or an open file.
        bounded: whether the decoded size is checked; False where no pixel is read, or fgraph wrote the file.
        bytes_per_pixel: the bytes that the caller needs for a pixel, if they are more than those of the decoded pixel.

    Raises:
        PictureError: the content has another format, or its pixels would take more than `picture_limit`.
        OSError: the file can't be read, or isn't a regular file.
        Exception: Pillow's readers raise errors of many types for a damaged file.
    """
    if isinstance(source, Path):
        with open_file(source) as file, open_image(file, bounded=bounded, bytes_per_pixel=bytes_per_pixel) as picture:
            yield picture
        return
    name = _recognise(source)
    if name in _READ_WHOLE and (size := source.seek(0, io.SEEK_END)) > _Limit.decoded:
        raise PictureError(f"the file has {in_words(size)}, and the limit of {name} is {in_words(_Limit.decoded)}")
    source.seek(0)
    with _without_pillows_bound(), readers()[name](source) as picture:
        if bounded:
            _check_size(picture, bytes_per_pixel)
        yield picture


class _Lifted:
    """The saved value of Pillow's bound on pixels while the bound is lifted, which affects the whole process."""

    lock = threading.Lock()
    uses = 0
    earlier: int | None = None


@contextmanager
def _without_pillows_bound() -> Iterator[None]:
    """Lift the bound of Pillow within the block, even if several threads are in such blocks at once."""
    from PIL import Image  # runs that read no picture need not import it

    with _Lifted.lock:
        if not _Lifted.uses:
            _Lifted.earlier, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        _Lifted.uses += 1
    try:
        yield
    finally:
        with _Lifted.lock:
            _Lifted.uses -= 1
            if not _Lifted.uses:
                Image.MAX_IMAGE_PIXELS = _Lifted.earlier


def decoded_bytes(picture: Image.Image) -> int:
    """Return how many bytes the decoded pixels take."""
    wide = 2 if picture.mode.startswith("I;16") else _WIDE.get(picture.mode, 1)
    return picture.width * picture.height * len(picture.getbands()) * wide


def _recognise(file: BinaryIO) -> str:
    start = file.read(16)
    file.seek(0)
    found = next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)
    if start.startswith(b"RIFF") or start[4:8] == b"ftyp":
        found = _BOXED.get(start[8:12] if start.startswith(b"RIFF") else start[4:12])
    if found is None or found not in readers():
        *most, last = readers()
        raise PictureError(f"it isn't {', '.join(most)} or {last}")
    return found


def _check_size(picture: Image.Image, bytes_per_pixel: int) -> None:
    width, height = _decoded_size(picture)
    decoded = decoded_bytes(picture) // max(1, picture.width * picture.height)
    if picture.info.get("progressive"):
        decoded *= 3  # a JPEG decoder holds all coefficients, of two bytes each
    size = width * height * max(decoded, bytes_per_pixel)
    if size > _Limit.decoded:
        raise PictureError(
            f"its {width} x {height} pixels take {in_words(size)} when decoded, and the limit is "
            f"{in_words(_Limit.decoded)}: shrink the picture, or raise picture_limit"
        )


def _decoded_size(picture: Image.Image) -> tuple[int, int]:
    """Return the size that is decoded at once: the picture, or a tile of a TIFF if that is larger than the picture."""
    width, height = picture.size
    tags: Mapping[int, Any] = getattr(picture, "tag_v2", {})  # tags of a TIFF
    tile = [tags.get(tag, 0) for tag in _TILE_SIZE]
    if all(isinstance(side, int) for side in tile) and tile[0] * tile[1] > width * height:
        return tile[0], tile[1]
    return width, height
