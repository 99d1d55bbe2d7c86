"""The guard of the studio: nothing is served to another page, another person, or under another name.

A page of another site can send requests to this machine from the browser of its user. So every request needs two
things. The first is the cookie, which a browser gets for the token that the command prints. The second is one of the
names that the studio answers to, because a name of another site may lead to this machine (DNS rebinding). A request
that can change anything also needs the origin of the studio's own page.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

_POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_SAFE = ("GET", "HEAD")
_NO_COOKIE = "This browser is not connected to the studio: open the address that fgraph studio printed.\n"
_REFUSED_CLOSE = 1008  # the code of a socket that is closed for a breach of policy


@dataclass(frozen=True)
class Access:
    """The condition on requests that a studio answers.

    Attributes:
        hosts: the names that it answers to, each with its port, as browsers send them.
        scheme: http, or https with a certificate.
        token: the secret in the printed address.
        cookie: the secret that a browser gets for the token.
        name: the name of the cookie.
    """

    hosts: frozenset[str]
    scheme: str = "http"
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    name: str = "fgraph_studio"

    @classmethod
    def at(cls, names: Iterable[str], port: int, scheme: str = "http") -> Access:
        """Return the access to a port of this machine by these names."""
        default = {"http": 80, "https": 443}[scheme]
        hosts = [f"{name}:{port}" for name in names] + (list(names) if port == default else [])
        return cls(frozenset(hosts), scheme, name=f"fgraph_studio_{port}")

    def refusal(self, headers: Headers, *, writes: bool) -> tuple[int, str] | None:
        """Return why a request is refused, with the status; None if it is allowed.

        Args:
            headers: the headers of the request.
            writes: whether the request can change anything, as a socket can.
        """
        host = headers.get("host", "")
        if len(headers.getlist("host")) != 1 or host not in self.hosts:
            return 403, f"The studio does not answer to this name. It answers to {', '.join(sorted(self.hosts))}.\n"
        if not self._knows(headers):
            return 401, _NO_COOKIE
        if writes and headers.getlist("origin") != [f"{self.scheme}://{host}"]:
            return 403, "Only the page of the studio itself may do this.\n"
        return None

    def is_token(self, query: bytes) -> bool | None:
        """Return whether the query of an address holds the token; None if it holds none."""
        given = parse_qs(query.decode("latin-1")).get("token")
        return None if given is None else _equal(given[-1], self.token)

    def set_cookie(self, response: Response) -> None:
        """Give the cookie to a browser."""
        response.set_cookie(
            self.name, self.cookie, path="/", httponly=True, samesite="strict", secure=self.scheme == "https"
        )

    def _knows(self, headers: Headers) -> bool:
        found: SimpleCookie = SimpleCookie()
        try:
            for line in headers.getlist("cookie"):
                found.load(line)
        except CookieError:
            return False
        return self.name in found and _equal(found[self.name].value, self.cookie)


class Guard:
    """The outermost layer of the application: it refuses what `Access` does not allow, whatever the route."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers, is_socket = Headers(scope=scope), scope["type"] == "websocket"
        writes = is_socket or scope["method"] not in _SAFE
        refused = self._access.refusal(headers, writes=writes)
        if is_socket:
            if refused:
                await WebSocketClose(_REFUSED_CLOSE, refused[1].strip())(scope, receive, send)
            else:
                await self._app(scope, receive, send)
            return
        await self._answer(scope, receive, _with_policy(send), refused)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, refused: tuple[int, str] | None) -> None:
        is_known_host = refused is None or refused[0] == HTTPStatus.UNAUTHORIZED
        if scope["path"] == "/" and scope["method"] in _SAFE and is_known_host:
            matches = self._access.is_token(scope["query_string"])
            if matches:
                response: Response = RedirectResponse("/", 303)
                self._access.set_cookie(response)
                await response(scope, receive, send)
                return
            if matches is False and refused is None:
                refused = 401, _NO_COOKIE
        if refused is not None:
            await PlainTextResponse(refused[1], refused[0])(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _with_policy(send: Send) -> Send:
    async def send_with_policy(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _POLICY.items():
                headers[name] = value
        await send(message)

    return send_with_policy


def _equal(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())
