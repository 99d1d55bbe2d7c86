"""The source of the bundled node classes, which the front of the package hands to the registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar


class _Bundled:
    source: ClassVar[Callable[[], tuple[Any, ...]] | None] = None


def provide_bundled(source: Callable[[], tuple[Any, ...]]) -> None:
    """Set the function that returns the bundled node classes; it is called when they are first needed."""
    _Bundled.source = source


def provided() -> tuple[Any, ...]:
    """Return the bundled node classes."""
    assert _Bundled.source is not None, "the front of the package provides the bundled nodes"
    return _Bundled.source()
