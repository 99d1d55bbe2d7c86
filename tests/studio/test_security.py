"""Access is refused: every route and the socket refuse other hosts, origins and browsers."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from starlette.datastructures import Headers
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from fgraph.studio.app import make_app, routes_of
from fgraph.studio.messages import Answer, HistoryEvent
from fgraph.studio.security import Access
from fgraph.studio.socket import Outbox
from fgraph.studio.studio import Studio
from tests.studio.pages import HOST, ORIGIN, client_of, make_studio

ACCESS = Access.at([HOST], 80)
HOSTS = {
    "own": {"host": HOST},
    "other": {"host": "evil.example"},
    "port": {"host": f"{HOST}:81"},
    "longer": {"host": f"{HOST}.evil.example"},
    "empty": {"host": ""},
}
ORIGINS = {
    "own": {"origin": ORIGIN},
    "none": {},
    "null": {"origin": "null"},
    "other": {"origin": "http://evil.example"},
    "scheme": {"origin": f"https://{HOST}"},
    "port": {"origin": f"{ORIGIN}:81"},
    "longer": {"origin": f"{ORIGIN}.evil.example"},
}
COOKIES = {
    "own": {"cookie": f"{ACCESS.name}={ACCESS.cookie}"},
    "none": {},
    "wrong": {"cookie": f"{ACCESS.name}={ACCESS.token}"},
    "empty": {"cookie": f"{ACCESS.name}="},
    "other": {"cookie": f"fgraph_studio={ACCESS.cookie}"},
    "broken": {"cookie": '=;"\x01'},
}
METHODS = ("GET", "HEAD", "POST", "DELETE", "OPTIONS")
SAFE = ("GET", "HEAD")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """The application, with neither an engine nor a lifespan, which refused requests do not reach."""
    studio: Studio = make_studio(tmp_path_factory.mktemp("studio"))
    return TestClient(make_app(studio, ACCESS), raise_server_exceptions=False)


def paths() -> list[str]:
    found = [one.path for one in routes_of(make_app(None, ACCESS)) if isinstance(one, Route)]
    assert {"/", "/assets/{name}", "/api/catalogue", "/api/uploads", "/api/files/{id}"} == set(found)
    return [path.format(name="studio.js", id="00") for path in [*found, "/nowhere", "/api/socket"]]


def one_wrong() -> list[tuple[str, str, str]]:
    """Return host, cookie and origin of requests in which one of them is wrong."""
    found = [(host, "own", "own") for host in HOSTS] + [("own", cookie, "own") for cookie in COOKIES]
    return [one for one in [*found, *(("own", "own", origin) for origin in ORIGINS)] if set(one) != {"own"}]


def headers_of(host: str, cookie: str, origin: str) -> dict[str, str]:
    return {**HOSTS[host], **COOKIES[cookie], **ORIGINS[origin]}


@pytest.mark.parametrize("writes", [True, False])
def test_nothing_but_the_right_three_is_allowed(writes: bool) -> None:
    for host, cookie, origin in itertools.product(HOSTS, COOKIES, ORIGINS):
        allowed = host == cookie == "own" and (origin == "own" or not writes)
        refusal = ACCESS.refusal(Headers(headers_of(host, cookie, origin)), writes=writes)
        assert (refusal is None) == allowed, (host, cookie, origin)


@pytest.mark.parametrize("path", paths())
def test_every_route_refuses_requests_with_a_wrong_header(app: TestClient, path: str) -> None:
    for names, method in itertools.product(one_wrong(), METHODS):
        if names[2] != "own" and method in SAFE:
            continue
        answer = app.request(method, path, headers=headers_of(*names), follow_redirects=False)
        assert answer.status_code in (401, 403), (method, names)
        assert "set-cookie" not in answer.headers
        assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/nowhere", "/assets/nothing.js", "/api/files/00"])
def test_an_allowed_request_is_answered_under_the_policy(app: TestClient, path: str) -> None:
    answer = app.get(path, headers={**HOSTS["own"], **COOKIES["own"]})
    assert answer.status_code in (200, 404)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_sockets_need_all_three(app: TestClient) -> None:
    found = [one.path for one in routes_of(make_app(None, ACCESS)) if isinstance(one, WebSocketRoute)]
    assert found == ["/api/socket"]
    for names in one_wrong():
        with (
            pytest.raises(WebSocketDisconnect) as refused,
            app.websocket_connect(found[0], headers=headers_of(*names)),
        ):
            pass
        assert refused.value.code == 1008, names


@pytest.mark.parametrize("path", ["/", "/api/catalogue", "/api/socket"])
@pytest.mark.parametrize("token", ["", "wrong", ACCESS.cookie], ids=["none", "wrong", "the cookie"])
def test_a_wrong_token_gives_no_cookie(app: TestClient, path: str, token: str) -> None:
    answer = app.get(f"{path}?token={token}", headers=HOSTS["own"], follow_redirects=False)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_the_token_works_on_the_page_only_and_under_a_name_of_the_studio_only(app: TestClient) -> None:
    for path, headers in (("/api/catalogue", HOSTS["own"]), ("/", HOSTS["other"])):
        answer = app.get(f"{path}?token={ACCESS.token}", headers=headers, follow_redirects=False)
        assert answer.status_code in (401, 403)
        assert "set-cookie" not in answer.headers


def test_the_token_is_exchanged_for_a_cookie_that_scripts_cannot_read(app: TestClient) -> None:
    answer = app.get(f"/?token={ACCESS.token}", headers=HOSTS["own"], follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert ACCESS.token not in cookie
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/"))


def test_the_cookie_of_a_connection_with_tls_is_for_tls_only() -> None:
    access = Access.at([HOST], 443, "https")
    client = TestClient(make_app(None, access), base_url=f"https://{HOST}")
    answer = client.get(f"/?token={access.token}", headers=HOSTS["own"], follow_redirects=False)
    assert "Secure" in answer.headers["set-cookie"]
    assert access.refusal(
        Headers({**HOSTS["own"], "cookie": f"{access.name}={access.cookie}", "origin": ORIGIN}), writes=True
    )


@pytest.mark.parametrize("name", ["..%2f..%2fapp.py", "%2e%2e/app.py", "../app.py", "index.html", "%00", "C:\\x"])
def test_an_asset_is_a_built_file_by_its_name(app: TestClient, name: str) -> None:
    answer = app.get(f"/assets/{name}", headers={**HOSTS["own"], **COOKIES["own"]})
    assert answer.status_code == 404


def test_each_launch_has_its_own_secrets() -> None:
    made = [Access.at([HOST], 80) for _ in range(3)]
    assert len({one.token for one in made} | {one.cookie for one in made}) == 6
    assert ACCESS.token not in repr(ACCESS)
    assert ACCESS.cookie not in repr(ACCESS)


def test_messages_that_wait_for_a_page_that_reads_nothing_are_bounded() -> None:
    """Of messages that replace each other, only one is queued; a page with too many unread answers is disconnected."""
    outbox, state = Outbox(), HistoryEvent(states=[], current="0", seeds={})
    assert all(outbox.put(state) for _ in range(5_000))
    assert all(outbox.put(Answer(re=number, ok=True)) for number in range(1_999))
    assert not outbox.put(Answer(re=2_000, ok=True))


def test_a_page_that_reads_too_slowly_is_disconnected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fgraph.studio.socket._MOST_WAITING", 0)
    client = client_of(make_studio(tmp_path))
    with client as browser, browser.websocket_connect("/api/socket", headers={"origin": ORIGIN}) as socket:
        socket.send_text("{")
        while (received := socket.receive())["type"] != "websocket.close":
            pass
        assert received["code"] == 1008
