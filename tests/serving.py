"""A server on the loopback interface that serves one file, and can break off its answers."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Server(ThreadingHTTPServer):
    """A server of one file; `breaks` lists after how many bytes the next answers break off."""

    def __init__(self, content: bytes) -> None:
        self.content, self.tagged, self.status = content, True, 200
        self.breaks: list[int] = []
        self.requests: list[str | None] = []  # the range of each
        self.wait: threading.Event | None = None  # answers wait for it
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/models/small%20one.pt?download=1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server, content = self.server, self.server.content
        server.requests.append(self.headers.get("Range"))
        tag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        start = 0
        if server.wait is not None:
            server.wait.wait(60)
        if self.headers.get("Range") and self.headers.get("If-Range") == tag:
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else server.status)
        if server.tagged:
            self.send_header("ETag", tag)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        stop = server.breaks.pop(0) if server.breaks else len(content)
        with suppress(ConnectionError):  # the other side may be gone
            self.wfile.write(content[start : start + stop])

    def log_message(self, *arguments: Any) -> None:
        pass


@contextmanager
def serving(content: bytes) -> Iterator[Server]:
    server = Server(content)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
