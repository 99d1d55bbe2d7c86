"""The formats of results, and the check that they can be written here, which comes before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from fgraph._errors import SaveError, nearest
from fgraph._imaging.choices import PICTURE_FORMATS

VIDEO_FORMATS = ("gif", "mp4")
FORMATS = (*PICTURE_FORMATS, "npy", *VIDEO_FORMATS)
LARGE_FORMATS = ("tiff", "dzi")  # formats of images that are made piece by piece
_LARGE = "; or tiff or dzi, without others, for images of any length"
_PACKAGES = {  # format -> the package that writes it, and the error where that is missing
    "mp4": ("av", "mp4 is written by PyAV: pip install 'fgraph-gan[video]', or write gif"),
    "tiff": ("tifffile", "a tiled TIFF needs tifffile: pip install 'fgraph-gan[large]'; or write dzi"),
}


def read_formats(formats: Sequence[str]) -> list[str]:
    """Return formats under their canonical names, in their order and without duplicates.

    Raises:
        SaveError: there is no format, or one is unknown.
    """
    found = ["jpeg" if name == "jpg" else name for name in formats]
    for name in found:
        if name not in FORMATS:
            hint = nearest(name, FORMATS)
            raise SaveError(f"unknown format '{name}': expected {_choices()}" + (f"; {hint}" if hint else _LARGE))
    if not found:
        raise SaveError(f"no format given: expected {_choices()}")
    return list(dict.fromkeys(found))


def check_formats(formats: Sequence[str]) -> None:
    """Check that formats can be written, and that formats of large images are not combined with others.

    Raises:
        SaveError: the formats can't be combined, one is unknown, or the package that writes it isn't installed.
    """
    if any(name in LARGE_FORMATS for name in formats):
        check_large(formats)
    else:
        read_formats(formats)
    for name in formats:
        if name in _PACKAGES and find_spec(_PACKAGES[name][0]) is None:
            raise lacking(name)


def check_large(formats: Sequence[str]) -> None:
    """Check that all formats are in `LARGE_FORMATS`.

    Raises:
        SaveError: a format is not for large images.
    """
    for name in formats:
        if name not in LARGE_FORMATS:
            raise SaveError(f"output.formats: {name} needs images in memory: give tiff and dzi without other formats")


def lacking(name: str) -> SaveError:
    """Return the error for a format whose package isn't installed."""
    return SaveError(_PACKAGES[name][1])


def _choices() -> str:
    return f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
