"""The server of the studio: an address of this machine, and uvicorn on it."""

from __future__ import annotations

import ipaddress
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from fgraph import _limits
from fgraph._errors import FgraphError
from fgraph.studio.app import make_app
from fgraph.studio.security import Access
from fgraph.studio.studio import Studio

LOOPBACK = "127.0.0.1"
PORT = 8765
_TRIED = 20  # ports after the first one
_EVERYWHERE = ("0.0.0.0", "::")
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@dataclass(frozen=True)
class Address:
    """The address of a studio.

    Attributes:
        host: an address of this machine; by default only this machine itself reaches it.
        port: None: the first free one from `PORT` on; 0: any.
        names: further names that browsers of other machines use for this one.
        certificate: the file of the certificate for TLS.
        key: the file of the certificate's key.
    """

    host: str = LOOPBACK
    port: int | None = None
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None

    @property
    def is_local(self) -> bool:
        """True if only this machine can reach the studio."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def scheme(self) -> str:
        """`https` if there is a certificate, otherwise `http`."""
        return "https" if self.certificate is not None else "http"


def run(studio: Studio, address: Address, ready: Callable[[str], None]) -> None:
    """Serve a studio until the process is interrupted.

    Args:
        studio: the studio to serve.
        address: the address to serve at.
        ready: called with the URL to open, once it is served.

    Raises:
        FgraphError: the address cannot be used.
    """
    bound = bind(address)
    port = bound.getsockname()[1]
    access = Access.at(_names(address), port, address.scheme)
    config = uvicorn.Config(
        make_app(studio, access),
        log_level=logging.WARNING,
        access_log=False,  # a URL holds the token
        server_header=False,
        ws_max_size=_limits.STUDIO_MESSAGE,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
        timeout_graceful_shutdown=1,
    )
    shown = LOOPBACK if address.host in _EVERYWHERE else address.host
    shown = f"[{shown}]" if ":" in shown else shown
    with bound:
        _Server(config, lambda: ready(f"{address.scheme}://{shown}:{port}/?token={access.token}")).run([bound])


class _Server(uvicorn.Server):
    """A server that reports when it is ready. Signals that the parent process ignores stay ignored."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._received: list[int] = []

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Shut down at a signal within the block; the earlier handlers then get the signal."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        earlier = {number: signal.getsignal(number) for number in _SIGNALS}
        heard = [number for number, handler in earlier.items() if handler is not signal.SIG_IGN]
        for number in heard:
            signal.signal(number, self.handle_exit)
        try:
            yield
        finally:
            for number in heard:
                signal.signal(number, earlier[number])
        for number in self._received[:1]:
            signal.raise_signal(number)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Shut down."""
        self._received.append(sig)
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def bind(address: Address) -> socket.socket:
    """Return a socket that is bound to an address.

    Raises:
        FgraphError: the address is not of this machine, or the port is taken.
    """
    ports = range(PORT, PORT + _TRIED) if address.port is None else [address.port]
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    reason = ""
    for port in ports:
        found = socket.socket(family, socket.SOCK_STREAM)
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((address.host, port))
        except OSError as error:
            found.close()
            reason = error.strerror or str(error)
        else:
            return found
    given = f"{ports[0]}" if len(ports) == 1 else f"{ports[0]} to {ports[-1]}"
    raise FgraphError(f"cannot listen at {address.host}, port {given}: {reason}; try another port=")


def _names(address: Address) -> list[str]:
    """Return the names that browsers may use; names for other machines only if the studio is not local."""
    names = ["localhost", LOOPBACK, "[::1]"]
    if not address.is_local:
        names += [socket.gethostname(), socket.getfqdn(), *address.names]
        names += [address.host] if address.host not in _EVERYWHERE else _addresses()
    return list(dict.fromkeys(names))


def _addresses() -> list[str]:
    """Return the addresses that the name of this machine resolves to."""
    try:
        found = socket.getaddrinfo(socket.gethostname(), None)
    except OSError:
        return []
    texts = dict.fromkeys(str(one[4][0]) for one in found)
    return [f"[{text}]" if ":" in text else text for text in texts]
