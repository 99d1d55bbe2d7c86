"""The first picture of a launch comes before all work that can wait."""

from __future__ import annotations

import asyncio

import pytest

from fgraph.studio.engine import Outgoing
from fgraph.studio.first_picture import FirstPicture
from fgraph.studio.messages import Failed, Forecast, Picture, Progress, SearchState
from fgraph.studio.pictures import Binary

PICTURE = Picture(
    revision=1, output="image", row=0, rows=1, stage="b32", width=1, height=1, seconds=0.1, mime="image/png"
)
STEP = Progress(revision=1, done=1, total=9, stage="final")
SEARCH = STEP.model_copy(update={"stage": "invert", "search": SearchState(rows=1, loss=0.5, distance=None)})


@pytest.mark.parametrize(
    "message",
    [Binary(PICTURE, b""), Failed(revision=1, message="a fault"), SEARCH],
    ids=["picture", "failure", "search"],
)
def test_jobs_wait_for_the_first_picture(message: Outgoing) -> None:
    calls: list[str] = []
    first = FirstPicture(lambda: calls.append("seen"))

    async def wait() -> None:
        first.note(Forecast(revision=1, calls=1, gflop=1.0, seconds=1.0, bytes=1))
        first.note(STEP)
        waiting = asyncio.create_task(first.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        first.note(message)
        first.note(message)
        await waiting

    asyncio.run(wait())
    assert calls == ["seen"]


def test_the_wait_for_the_first_picture_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fgraph.studio.first_picture._PATIENCE", 0.0)
    asyncio.run(FirstPicture().wait())
