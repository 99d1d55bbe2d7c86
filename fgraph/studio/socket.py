"""A socket of the page: requests in, answers and events out."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import suppress
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from fgraph import _limits
from fgraph._errors import FgraphError
from fgraph._log import get_logger
from fgraph.studio.editing import Refused
from fgraph.studio.engine import Outgoing
from fgraph.studio.messages import Answer, AnyRequest, GraphEvent, HistoryEvent, Picture, Refusal
from fgraph.studio.pictures import Binary
from fgraph.studio.studio import Studio

log = get_logger(__name__)

_CLOSING = 1.0  # seconds that closing the socket may take if the page does not read
_TOO_SLOW = 1008  # the code of a socket that is closed for a breach of policy
_REPLACED = (Picture, GraphEvent, HistoryEvent)  # messages that replace earlier messages of their kind
_MOST_WAITING = 2_000  # most messages that wait for a page; then it is disconnected


class Outbox:
    """The messages that wait for a page. Of pictures, graphs and histories, only the newest waits."""

    def __init__(self) -> None:
        self._waiting: deque[Outgoing] = deque()
        self._ready = asyncio.Event()

    def put(self, message: Outgoing) -> bool:
        """Add a message; return False if the page reads too slowly."""
        kind = _kind(message)
        if kind in _REPLACED:
            self._waiting = deque(one for one in self._waiting if _kind(one) is not kind)
        self._waiting.append(message)
        self._ready.set()
        return len(self._waiting) <= _MOST_WAITING

    async def get(self) -> Outgoing:
        """Wait for the next message."""
        while not self._waiting:
            self._ready.clear()
            await self._ready.wait()
        return self._waiting.popleft()


def _kind(message: Outgoing) -> type:
    return type(message.header if isinstance(message, Binary) else message)


async def serve(websocket: WebSocket, studio: Studio) -> None:
    """Serve a page until it disconnects."""
    await websocket.accept()
    outbox = Outbox()
    async with studio.joined(outbox.put):
        sender = asyncio.create_task(_send(websocket, outbox))
        with suppress(WebSocketDisconnect, TimeoutError):
            while await _answer(await websocket.receive(), studio, outbox):
                pass
            await asyncio.wait_for(websocket.close(_TOO_SLOW), _CLOSING)
        sender.cancel()
        with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
            await sender


async def _send(websocket: WebSocket, outbox: Outbox) -> None:
    while True:
        message = await outbox.get()
        if isinstance(message, Binary):
            await websocket.send_bytes(message.to_bytes())
        else:
            await websocket.send_text(json.dumps(message.model_dump()))


async def _answer(received: Any, studio: Studio, outbox: Outbox) -> bool:
    """Answer a message of the page; return False if the page reads too slowly.

    Raises:
        WebSocketDisconnect: the page has disconnected.
    """
    if received["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(received.get("code") or 1000)
    text = received.get("text")
    number = -1
    try:
        if text is None or len(text) > _limits.STUDIO_MESSAGE:
            raise Refused("the message is not text, or too long")
        data = _parse(text)
        number = data["id"] if isinstance(data, dict) and isinstance(data.get("id"), int) else -1
        answer = await studio.handle(_requests().validate_python(data))
    except ValidationError as error:
        answer = _refused(number, f"the request is not understood: {_said(error)}")
    except FgraphError as error:
        answer = _refused(number, str(error), getattr(error, "node", None), getattr(error, "field", None))
    except RecursionError:
        answer = _refused(number, "the request is nested too deeply")
    except Exception as error:  # a bug, which ends neither the socket nor the studio
        log.exception("a request failed")
        answer = _refused(number, f"a bug in fgraph: {type(error).__name__}: {error}")
    return outbox.put(answer)


@cache
def _requests() -> TypeAdapter[AnyRequest]:
    return TypeAdapter(AnyRequest)


def _parse(text: str) -> Any:
    """Return the value of a JSON text.

    Raises:
        Refused: it is not JSON, is nested too deeply, or holds a number of thousands of digits.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("the request is not JSON") from error


def _refused(number: int, message: str, node: str | None = None, field: str | None = None) -> Answer:
    return Answer(re=number, ok=False, error=Refusal(message=message, node=node, field=field))


def _said(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]
