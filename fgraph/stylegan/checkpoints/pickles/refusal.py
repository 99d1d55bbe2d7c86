"""The one error of reading a pickle, before it is known which file it is in."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A pickle holds something that is not read, or does not fit together; the message says what."""


def brief(value: Any, most: int = 60) -> str:
    """What a value is, in a few characters, whatever it is: values from a pickle may be endless."""
    if isinstance(value, str):
        return repr(value if len(value) <= most else value[:most] + "...")
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 1 << 64):
        return repr(value)
    return f"a {type(value).__name__}"
