"""The pages of a studio, and the messages that a page that joins late has missed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

from fgraph.studio.engine import Outgoing
from fgraph.studio.messages import Done, DragEvent, Failed, Forecast, Picture, Quality
from fgraph.studio.pictures import Binary

Put: TypeAlias = Callable[[Outgoing], bool]
_OF_A_RUN = (Forecast, Picture, Quality, Done, Failed)


class Audience:
    """The pages. Each gets every message; `put` of a page returns False if it reads too slowly."""

    def __init__(self) -> None:
        self._pages: list[Put] = []
        self._run: dict[object, Outgoing] = {}  # the last message of each kind in the last run, for pages that join
        self._drags: dict[str, DragEvent] = {}  # the last message about each drag, for pages that join

    @asynccontextmanager
    async def joined(self, put: Put, greet: Callable[[], Awaitable[Sequence[Outgoing]]]) -> AsyncIterator[None]:
        """Send a page a greeting and the last run, then all messages, within the block."""
        missed: list[Outgoing] = []  # messages that are sent while the greeting is made

        def wait(message: Outgoing) -> bool:
            missed.append(message)
            return True

        self._pages.append(wait)
        last_run = list(self._run.values())
        try:
            greeting = await greet()
        finally:
            self._leave(wait)
        for message in [*greeting, *last_run, *missed]:
            put(message)
        self._pages.append(put)
        try:
            yield
        finally:
            self._leave(put)

    def drags_of(self, nodes: Collection[str]) -> list[Outgoing]:
        """Return the last message about the drag of each of these nodes."""
        return [one for one in list(self._drags.values()) if one.node in nodes]

    def emit(self, message: Outgoing) -> None:
        """Send a message to all pages; one that reads too slowly is left out from now on."""
        kind = type(message.header if isinstance(message, Binary) else message)
        if kind in _OF_A_RUN:
            for earlier in (kind, Failed):
                self._run.pop(earlier, None)
            self._run[kind] = message  # the newest comes last
        elif isinstance(message, DragEvent):
            self._drags[message.node] = message
        for put in list(self._pages):
            if not put(message):
                self._leave(put)

    def _leave(self, put: Put) -> None:
        if put in self._pages:
            self._pages.remove(put)
