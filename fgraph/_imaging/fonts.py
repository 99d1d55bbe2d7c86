"""The fonts of labels: Pillow's, then the bundled typeface, then those of the system for letters that they lack."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from PIL import ImageDraw, ImageFont

from fgraph._imaging.typeface import has_glyph, is_bundled, typeface

_SIZE = 12  # pixels
_STYLES = ("bold", "italic", "oblique", "mono", "condensed", "light", "thin", "black", "serif")
_SUFFIXES = (".ttf", ".otf", ".ttc")
UNKNOWN = "?"  # drawn for a letter that no font has


@lru_cache(maxsize=1)
def font() -> Any:
    """Return the font that is bundled with Pillow; it has the letters of ASCII and a few more."""
    return ImageFont.load_default(size=_SIZE)


@lru_cache(maxsize=1)
def line_height() -> int:
    """Return the distance of two lines of a label, in pixels."""
    ascent, descent = font().getmetrics()
    return int(ascent + descent + 1)


def text_length(text: str) -> float:
    """Return the length of a text, in pixels."""
    return sum(float(one.getlength(part)) for part, one in _runs(text))


def write_text(pen: ImageDraw.ImageDraw, left: float, top: float, text: str, ink: Any) -> None:
    """Draw a line of text from its top left corner, with a letter that no font has as `UNKNOWN`."""
    ascent, _ = font().getmetrics()
    for part, one in _runs(text):
        pen.text((left, top + ascent), part, ink, one, anchor="ls")
        left += one.getlength(part)


def missing_letters(texts: Iterable[str]) -> str:
    """Return the letters of texts that no font of this machine has, in order and without duplicates."""
    letters = dict.fromkeys("".join(texts))
    return "".join(letter for letter in letters if _font_of(letter) is None)


def no_font(letters: str) -> str:
    """Return a message for letters that no font has."""
    shown = f"{letters[:20]}..." if len(letters) > 20 else letters
    return (
        f"no font of this machine has the letters {shown}, which labels show as {UNKNOWN}: install a font, such as Noto"
    )


def _runs(text: str) -> Iterator[tuple[str, Any]]:
    """Yield parts of a text, each with its font."""
    chosen = [(letter, one) if (one := _font_of(letter)) else (UNKNOWN, font()) for letter in text]
    for one, letters in groupby(chosen, key=lambda pair: pair[1]):
        yield "".join(letter for letter, _ in letters), one


@lru_cache(maxsize=4096)
def _font_of(letter: str) -> Any:
    """Return the first font that has a letter, or None."""
    if letter.isascii() or has_glyph(font(), letter):
        return font()
    if is_bundled(letter):
        return typeface(_SIZE)
    return next((one for path in _system_fonts() if (one := _opened(path)) and has_glyph(one, letter)), None)


@lru_cache(maxsize=256)
def _opened(path: Path) -> Any:
    """Return a font file as a font, or None if it can't be opened."""
    try:
        return ImageFont.truetype(path, _SIZE)
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=1)
def _system_fonts() -> tuple[Path, ...]:
    """Return the font files of the system, plain ones without serifs first."""
    found = {path for folder in _folders() for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES}
    return tuple(sorted(found, key=lambda path: (_is_styled(path.stem), "sans" not in path.stem.lower(), str(path))))


def _is_styled(name: str) -> bool:
    return any(style in name.lower().replace("sansserif", "sans") for style in _STYLES)


def _folders() -> list[Path]:
    """Return the folders in which the system keeps fonts."""
    home = Path.home()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", str(home / "AppData" / "Local"))
        return [Path(os.environ.get("WINDIR", r"C:\Windows"), "Fonts"), Path(local, "Microsoft", "Windows", "Fonts")]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library" / "Fonts"]
    data = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    user_data = os.environ.get("XDG_DATA_HOME") or str(home / ".local" / "share")
    return [Path(user_data, "fonts"), home / ".fonts", *(Path(folder, "fonts") for folder in data.split(":") if folder)]
