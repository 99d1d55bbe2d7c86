"""A studio without a network, and a page that talks to it."""

from __future__ import annotations

import itertools
import json
import struct
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from fgraph._options import RunOptions
from fgraph.studio.access import FileAccess
from fgraph.studio.app import make_app
from fgraph.studio.history import History
from fgraph.studio.opening import OpenedGraph
from fgraph.studio.security import Access
from fgraph.studio.session import Session
from fgraph.studio.studio import Studio
from fgraph.studio.uploads import Uploads

HOST = "testserver"
ORIGIN = f"http://{HOST}"
GRAPH = """\
# Two pictures in one.
seed: 1
nodes:
  left: {op: sample, truncation: 0.7}   # the left one
  right: {op: sample, seed: 4}
  fade: {op: mask, kind: ramp, start: 0.25, stop: 0.75}
  mix: {op: blend, a: left, b: right, mask: fade}
  image: {op: decode, of: mix}
outputs: [image]
"""


def make_studio(folder: Path, text: str | None = GRAPH, **more: Any) -> Studio:
    studio = Studio(folder / "studio", folder / "kept", RunOptions.of(device="cpu"), **more)
    studio.open(OpenedGraph("two", text) if text is not None else None)
    return studio


def session_of(folder: Path, text: str = GRAPH) -> Session:
    session = Session(folder, History(), FileAccess(["landscape", "avatar"]), Uploads(folder / "uploads"))
    session.open(OpenedGraph("two", text))
    return session


class Page:
    """A page that sends requests, and waits for answers and events."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._numbers = itertools.count()
        self._unread: deque[dict[str, Any]] = deque()  # events that came before an answer
        self.seen: list[dict[str, Any]] = []

    def next(self) -> dict[str, Any]:
        """Return the next message; the bytes of a picture are under `content`."""
        received = self._socket.receive()
        if received["type"] == "websocket.close":
            raise AssertionError(f"the socket was closed: {received}")
        if received.get("bytes") is None:
            message = json.loads(received["text"])
        else:
            content = received["bytes"]
            (length,) = struct.unpack(">I", content[:4])
            message = {**json.loads(content[4 : 4 + length]), "content": content[4 + length :]}
        self.seen.append(message)
        return dict(message)

    def event(self, name: str, **fields: Any) -> dict[str, Any]:
        """Wait for an event with these fields; those before it are dropped."""
        while True:
            message = self._unread.popleft() if self._unread else self.next()
            if message.get("event") == name and all(message.get(key) == value for key, value in fields.items()):
                return message

    def answer(self, number: int) -> dict[str, Any]:
        """Wait for the answer to a request; events before it can still be waited for."""
        while True:
            message = self.next()
            if "ok" in message and message["re"] == number:
                return message
            self._unread.append(message)

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """Send a request and return its answer."""
        number = next(self._numbers)
        self._socket.send_text(json.dumps({"id": number, "do": do, **fields}))
        return self.answer(number)

    def set(self, node: str, field: str, value: Any, **more: Any) -> dict[str, Any]:
        return self.ask("edit", changes=[{"set": {"node": node, "field": field, "value": value}}], **more)

    def send(self, text: str) -> None:
        self._socket.send_text(text)

    @property
    def graph(self) -> dict[str, Any]:
        """The last state of the graph."""
        return next(one for one in reversed(self.seen) if one.get("event") == "graph")


@contextmanager
def client_of(studio: Studio) -> Iterator[TestClient]:
    """Yield a browser that has exchanged the token for the cookie."""
    access = Access.at([HOST], 80)
    with TestClient(make_app(studio, access)) as client:
        assert client.get(f"/?token={access.token}", follow_redirects=False).status_code == 303
        yield client


@contextmanager
def page_of(client: TestClient) -> Iterator[Page]:
    with client.websocket_connect("/api/socket", headers={"origin": ORIGIN}) as socket:
        page = Page(socket)
        page.event("history")
        yield page
