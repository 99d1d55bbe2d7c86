"""The formats that results are written in, and whether they can be written here: asked before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from fgraph._errors import SaveError, nearest
from fgraph._imaging.encode import PICTURE_FORMATS

VIDEO_FORMATS = ("gif", "mp4")
FORMATS = (*PICTURE_FORMATS, "npy", *VIDEO_FORMATS)
LARGE_FORMATS = ("tiff", "dzi")  # made piece by piece
_LARGE = "; or tiff or dzi, without others, for images of any length"
_PACKAGES = {  # format -> the package that writes it, and what to say where it is not there
    "mp4": ("av", "mp4 is written by PyAV: pip install 'fgraph-gan[video]', or write gif"),
    "tiff": ("tifffile", "a tiled TIFF needs tifffile: pip install 'fgraph-gan[large]'; or write dzi"),
}


def read_formats(formats: Sequence[str]) -> list[str]:
    """The formats by their one name each, in their order.

    Raises:
        SaveError: there is none, or one that is not known.
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
    """See that results can be written in all of these formats, or an image of any length in all of them.

    Raises:
        SaveError: they do not go together, one is not known, or the package that writes it is not installed.
    """
    if any(name in LARGE_FORMATS for name in formats):
        check_large(formats)
    else:
        read_formats(formats)
    for name in formats:
        if name in _PACKAGES and find_spec(_PACKAGES[name][0]) is None:
            raise lacking(name)


def check_large(formats: Sequence[str]) -> None:
    """See that all of these are for images of any length.

    Raises:
        SaveError: one is not.
    """
    for name in formats:
        if name not in LARGE_FORMATS:
            raise SaveError(f"output.formats: {name} needs images in memory; tiff and dzi go without the others")


def lacking(name: str) -> SaveError:
    """What to say where the package that writes a format is not installed."""
    return SaveError(_PACKAGES[name][1])


def _choices() -> str:
    return f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
