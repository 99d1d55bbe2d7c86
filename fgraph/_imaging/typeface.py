"""The bundled typeface, DejaVu Sans: text in it has the same pixels on every machine."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "dejavu" / "DejaVuSans.ttf"
_UNASSIGNED = "\uffff"  # no font has a glyph for it, so it is drawn as a missing glyph


@lru_cache(maxsize=64)
def typeface(size: float) -> Any:
    """Return the bundled typeface at a size in pixels."""
    from PIL import ImageFont  # graphs without text need not import it

    return ImageFont.truetype(_FILE, size, layout_engine=ImageFont.Layout.BASIC)


def has_glyph(font: Any, letter: str) -> bool:
    """Return whether a font has a glyph for a letter."""
    return letter.isspace() or _picture(font, letter) != _picture(font, _UNASSIGNED)


@lru_cache(maxsize=4096)
def is_bundled(letter: str) -> bool:
    """Return whether the bundled typeface has a glyph for a letter.

    >>> is_bundled("é"), is_bundled("ф"), is_bundled("語")
    (True, True, False)
    """
    return has_glyph(typeface(16), letter)


def unbundled_letters(text: str) -> str:
    """Return the letters of a text that the bundled typeface lacks, in order and without duplicates.

    >>> unbundled_letters("a 日 b 本 日")
    '日本'
    """
    return "".join(letter for letter in dict.fromkeys(text) if not is_bundled(letter))


def _picture(font: Any, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)
