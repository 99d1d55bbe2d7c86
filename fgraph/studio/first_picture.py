"""The first picture of a launch, for which less urgent work waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from fgraph.studio.engine import Outgoing
from fgraph.studio.messages import Failed, Picture, Progress
from fgraph.studio.pictures import Binary

_PATIENCE = 10.0  # seconds


class FirstPicture:
    """The first picture, or the first message that explains its absence.

    Args:
        on_seen: called once, when the picture or message is sent.
    """

    def __init__(self, on_seen: Callable[[], None] = lambda: None) -> None:
        self._seen = asyncio.Event()
        self._on_seen = on_seen

    def note(self, message: Outgoing) -> None:
        """Check a message that is sent."""
        if not self._seen.is_set() and _is_seen(message):
            self._seen.set()
            self._on_seen()

    async def wait(self) -> None:
        """Wait for the picture or message, at most `_PATIENCE` seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._seen.wait(), _PATIENCE)


def _is_seen(message: Outgoing) -> bool:
    if isinstance(message, Binary):
        return isinstance(message.header, Picture)
    return isinstance(message, Failed) or (isinstance(message, Progress) and message.search is not None)
