"""Colours in fields of nodes: CSS names and hexadecimal numbers."""

from __future__ import annotations

from typing import Annotated

from PIL import ImageColor
from pydantic import AfterValidator

from fgraph.lowering.images import Colour as Channels


def _checked(text: str) -> str:
    channels(text)
    return text


Colour = Annotated[str, AfterValidator(_checked)]


def channels(text: str) -> Channels:
    """Return red, green and blue in [-1, 1].

    Raises:
        ValueError: the text names no colour, or a transparent one.

    >>> channels("white"), channels("#ff0000")
    ((1.0, 1.0, 1.0), (1.0, -1.0, -1.0))
    """
    try:
        found = ImageColor.getrgb(text)
    except ValueError as error:
        raise ValueError("a colour is a name such as orange, or hexadecimal such as '#ff8800'") from error
    if len(found) == 4:
        raise ValueError("a colour has red, green and blue here; for transparency, set strength or opacity")
    red, green, blue = (channel / 127.5 - 1 for channel in found)
    return red, green, blue
