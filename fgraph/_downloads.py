"""Models given by a URL, and the settings of their downloads: the cache folder, offline mode, the hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Downloads:
    """Settings for models given by a URL; None means the setting outside the block, at first the default."""

    folder: str | None = None  # default: in the user's cache directory
    offline: bool | None = None  # default: False
    hub: str | None = None  # the URL of the Hugging Face hub or a mirror; default: the hub itself

    def over(self, other: Downloads) -> Downloads:
        """Return these settings, with those of `other` where these are None."""
        offline = other.offline if self.offline is None else self.offline
        return Downloads(self.folder or other.folder, offline, self.hub or other.hub)


DEFAULT_DOWNLOADS = Downloads()
_SCHEMES = ("https", "http", "hf")
_CURRENT: ContextVar[Downloads] = ContextVar("downloads")


def is_url(source: str | Path) -> bool:
    """Return whether a model is given by a URL rather than by a path."""
    return isinstance(source, str) and source.partition("://")[0] in _SCHEMES and "://" in source


def current_downloads() -> Downloads:
    """Return the settings in effect."""
    return _CURRENT.get(DEFAULT_DOWNLOADS)


@contextmanager
def use_downloads(settings: Downloads) -> Iterator[None]:
    """Put settings into effect within the block."""
    token = _CURRENT.set(settings.over(current_downloads()))
    try:
        yield
    finally:
        _CURRENT.reset(token)


@contextmanager
def downloads(
    folder: Path | str | None = None, *, offline: bool | None = None, hub: str | None = None
) -> Iterator[None]:
    """Set, within the block, how models given by a URL are downloaded and cached.

    Omitted settings keep their values from outside the block.

    Args:
        folder: the cache folder; by default, in the user's cache directory.
        offline: if True, no server is asked, and only cached models are found.
        hub: the URL of a mirror of the Hugging Face hub.
    """
    with use_downloads(Downloads(None if folder is None else str(folder), offline, hub)):
        yield
