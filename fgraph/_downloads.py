"""Where models that are named by an address are kept, and whether any may be fetched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Downloads:
    """What holds for models by address; None: what holds already, in the end what is usual."""

    folder: str | None = None  # usual: the user's cache directory
    offline: bool | None = None  # usual: no
    hub: str | None = None  # the address of the Hugging Face hub, or of a mirror; usual: the hub's own

    def over(self, other: Downloads) -> Downloads:
        """These settings, and the other ones where they say nothing."""
        offline = other.offline if self.offline is None else self.offline
        return Downloads(self.folder or other.folder, offline, self.hub or other.hub)


DEFAULT_DOWNLOADS = Downloads()
_CURRENT: ContextVar[Downloads] = ContextVar("downloads")


def current_downloads() -> Downloads:
    """The settings that hold here."""
    return _CURRENT.get(DEFAULT_DOWNLOADS)


@contextmanager
def use_downloads(settings: Downloads) -> Iterator[None]:
    """Within this, these settings hold."""
    token = _CURRENT.set(settings.over(current_downloads()))
    try:
        yield
    finally:
        _CURRENT.reset(token)


@contextmanager
def downloads(
    folder: Path | str | None = None, *, offline: bool | None = None, hub: str | None = None
) -> Iterator[None]:
    """Choose, for models named by an address, where they are kept and whether they may be fetched.

    Args:
        folder: where they are kept; None: in the user's cache directory.
        offline: with True, only those kept already are found, and nothing is asked of any server.
        hub: the address of the Hugging Face hub, for a mirror of it.

    What is left out stays as it is around this.
    """
    with use_downloads(Downloads(None if folder is None else str(folder), offline, hub)):
        yield
