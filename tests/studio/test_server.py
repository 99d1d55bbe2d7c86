"""`fgraph studio`: the command serves a page to this machine, and to other machines only with --remote."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
import uvicorn
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from fgraph._errors import FgraphError
from fgraph.cli import main
from fgraph.studio.server import Address, _names, _Server, bind
from fgraph.studio.studio import Studio
from tests.studio.pages import GRAPH

ROOT = Path(__file__).parents[2]


def test_a_studio_is_served_until_a_signal(tmp_path: Path) -> None:
    file = tmp_path / "two.yaml"
    file.write_text(GRAPH)
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "run.py"), "mode=studio", f"graph={file}", "port=0", "--no-open", "device=cpu"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(tmp_path),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", process.stdout.readline())
        assert found is not None
        cookies = CookieJar()
        opener = build_opener(HTTPCookieProcessor(cookies))
        with suppress(HTTPError):  # 404 in a checkout whose page is not built
            assert opener.open(found[0]).geturl() == found[0].partition("?")[0]
        base = found[0].partition("?")[0]
        assert b"panorama" in opener.open(f"{base}api/catalogue").read()
        (cookie,) = cookies
        address, headers = f"{base.replace('http', 'ws')}api/socket", {"Cookie": f"{cookie.name}={cookie.value}"}
        with pytest.raises(InvalidStatus), connect(address, additional_headers=headers):
            pass
        with connect(address, additional_headers={**headers, "Origin": base.rstrip("/")}) as found_socket:
            assert json.loads(found_socket.recv())["title"] == "two"
    finally:
        process.send_signal(signal.SIGTERM)  # a shell can make its background jobs ignore SIGINT
        errors = process.communicate(timeout=600)[1]
    assert process.returncode == 143
    assert "fgraph studio continues" in errors
    assert "Traceback" not in errors


def test_signals_end_the_server_unless_they_are_ignored() -> None:
    """Shells and nohup ignore signals for background jobs."""
    received: list[int] = []
    earlier = {
        signal.SIGHUP: signal.signal(signal.SIGHUP, lambda number, _: received.append(number)),
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
    }
    server = _Server(uvicorn.Config(lambda: None), lambda: None)
    try:
        with server.capture_signals():
            os.kill(os.getpid(), signal.SIGINT)
            assert not server.should_exit
            os.kill(os.getpid(), signal.SIGHUP)
            assert server.should_exit
            assert not received
        assert received == [signal.SIGHUP]
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def test_a_second_studio_of_a_folder_leaves_the_history_of_the_first_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two studios with one history would lose the states of each other."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    graphs: list[str] = []

    def run(studio: Studio, address: Address, ready: object) -> None:
        graphs.append(studio.session.state.title)
        studio.session.history.close()

    monkeypatch.setattr("fgraph.studio.server.run", run)
    assert main(["studio", "panorama", "--no-open"]) == 0
    claim = next(tmp_path.rglob("history.json")).parent / ".studio.01234567.part"
    claim.mkdir()
    handle = os.open(claim, os.O_RDONLY)  # as another process does
    fcntl.flock(handle, fcntl.LOCK_EX)
    assert main(["studio", "walk", "--no-open"]) == 0
    assert "another studio keeps the history of" in capsys.readouterr().err
    os.close(handle)
    assert main(["studio", "--no-open"]) == 0
    assert graphs == ["panorama", "walk", "panorama"]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "XDG_DATA_HOME": str(folder / "data"), "LOCALAPPDATA": str(folder / "data")}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["host=0.0.0.0"], "add --remote"),
        (["host=192.0.2.1", "--remote", "port=0"], "cannot listen"),
        (["port=many"], "port is a number"),
        (["graph=panorama", "from=x.png"], "leave graph= out"),
        (["nowhere"], "no bundled graph"),
        (["nowhere.yaml"], "no graph file"),
        (["colour=red"], "no setting 'colour'"),
        (["models=nowhere"], "no such folder"),
        (["host=127.0.0.1", "host=127.0.0.1"], "given twice"),
    ],
    ids=["remote", "address", "port", "both", "graph", "file", "setting", "models", "twice"],
)
def test_wrong_arguments_are_refused(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert main(["studio", "--no-open", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_an_unencrypted_connection_for_others_gives_a_warning(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    served: list[Address] = []
    monkeypatch.setattr("fgraph.studio.server.run", lambda studio, address, ready: served.append(address))
    arguments = ["studio", "panorama", "host=0.0.0.0", "--remote", "--no-open"]
    assert main(arguments) == 0
    assert "not encrypted" in capsys.readouterr().err
    assert main([*arguments, "certificate=a.pem", "key=b.pem"]) == 0
    assert "not encrypted" not in capsys.readouterr().err
    assert [one.scheme for one in served] == ["http", "https"]


def test_only_this_machine_reaches_the_studio_by_default() -> None:
    address = Address(port=0)
    assert address.is_local
    with bind(address) as found:
        assert found.getsockname()[0] == "127.0.0.1"
        port = found.getsockname()[1]
        found.listen()
        with pytest.raises(FgraphError, match="cannot listen"):
            bind(Address(port=port))
    assert set(_names(address)) == {"localhost", "127.0.0.1", "[::1]"}
    assert not Address("0.0.0.0").is_local
    assert socket.gethostname() in _names(Address("0.0.0.0"))


def test_importing_fgraph_does_not_import_the_server() -> None:
    code = "import sys, fgraph, fgraph.cli; print({'starlette', 'uvicorn', 'websockets'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
