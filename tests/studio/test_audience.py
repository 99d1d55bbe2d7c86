"""Pages that join while the others are sent messages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fgraph.studio.audience import Audience
from fgraph.studio.engine import Outgoing
from fgraph.studio.messages import Done


def done(revision: int) -> Done:
    return Done(revision=revision, seconds=0.0, recomputed=0, reused=0)


def test_messages_sent_while_a_page_joins_come_after_its_greeting() -> None:
    audience, got = Audience(), list[Outgoing]()

    def put(message: Outgoing) -> bool:
        got.append(message)
        return True

    async def greet() -> Sequence[Outgoing]:
        audience.emit(done(2))
        return [done(0)]

    async def join() -> None:
        audience.emit(done(1))
        async with audience.joined(put, greet):
            audience.emit(done(3))
        audience.emit(done(4))

    asyncio.run(join())
    assert got == [done(0), done(1), done(2), done(3)]
