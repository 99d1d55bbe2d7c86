"""The error of reading a pickle, raised where the name of the file is not known."""

from __future__ import annotations

from typing import Any

from fgraph._errors import show


class PickleRefused(Exception):
    """A pickle is damaged, or holds something that is not read."""


def brief(value: Any, most: int = 60) -> str:
    """Describe a value from a pickle, which can be of any size, in about `most` characters."""
    if isinstance(value, str):
        return repr(value if len(value) <= most else value[:most] + "...")
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 1 << 64):
        return repr(value)
    if isinstance(name := getattr(value, "kind", getattr(value, "name", None)), str):  # the name of a stand-in
        return f"a stand-in for '{show(name, most)}'"
    return f"a {type(value).__name__}"
