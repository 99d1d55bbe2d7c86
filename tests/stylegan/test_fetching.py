"""Downloads from servers that do not send a whole file, or send it in an unusual way."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

import fgraph
from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints import fetching, sources
from fgraph.stylegan.checkpoints.sources import fetch_model

CONTENT = bytes(range(256)) * 40
TAG = b'ETag: "one"\r\n'


class Replies:
    """A server that sends given bytes, one reply for each connection; `requests` holds what clients sent."""

    def __init__(self, *replies: bytes) -> None:
        self._replies, self.requests = list(replies), list[str]()
        self._socket = socket.create_server(("127.0.0.1", 0))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/model.pt"

    def run(self) -> None:
        while self._replies:
            connection, _ = self._socket.accept()
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    if not (part := connection.recv(4096)):
                        break
                    request += part
                if request:
                    self.requests.append(request.decode())
                    connection.sendall(self._replies.pop(0))

    def close(self) -> None:
        self._replies.clear()
        socket.create_connection(self._socket.getsockname()).close()  # wakes `accept`


@contextmanager
def replying(*replies: bytes) -> Iterator[Replies]:
    server = Replies(*replies)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(timeout=30)
        server._socket.close()


def reply(body: bytes, head: bytes = b"", status: bytes = b"200 OK", length: int | None = None) -> bytes:
    stated = b"Content-Length: %d\r\n" % (len(body) if length is None else length)
    return b"HTTP/1.1 " + status + b"\r\nConnection: close\r\n" + stated + head + b"\r\n" + body


def unstated(body: bytes, head: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + head + b"\r\n" + body


def chunked(body: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return unstated(b"%x\r\n" % len(body) + body + b"\r\n" + end, b"Transfer-Encoding: chunked\r\n")


CUT = reply(CONTENT[:4000], TAG, length=len(CONTENT))
WHOLE = reply(CONTENT, TAG)
FAULTS = {
    "a wrong Content-Range": reply(CONTENT[100:], TAG + b"Content-Range: bytes 100-/10240\r\n", b"206 Partial Content"),
    "no Content-Range": reply(CONTENT[4000:], TAG, b"206 Partial Content"),
    "a range that does not exist": reply(b"", TAG, b"416 Range Not Satisfiable"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with fgraph.downloads(tmp_path / "cache"):
        yield tmp_path / "cache"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_download_that_cannot_be_resumed_starts_again(folder: Path, fault: str) -> None:
    with replying(CUT, FAULTS[fault], WHOLE) as server:
        assert fetch_model(server.address).read_bytes() == CONTENT
    assert "Range: bytes=4000-" in server.requests[1]
    assert "Range:" not in server.requests[2].replace("If-Range", "")
    assert sorted(path.name for path in folder.iterdir()) == ["addresses", "locks", "models"]


@pytest.mark.parametrize("tag", [b"", b"no tag", b'"two\nlines"', b"\xff\xfe", b'"' + bytes(5000)])
def test_a_damaged_note_of_a_version_starts_again(folder: Path, tag: bytes) -> None:
    with replying(CUT, CUT, CUT, WHOLE) as server:
        with pytest.raises(ModelError, match="run again to resume"):
            fetch_model(server.address)
        (note,) = folder.glob("*.tag")
        note.write_bytes(tag)
        assert fetch_model(server.address).read_bytes() == CONTENT
    assert "Range:" not in server.requests[-1].replace("If-Range", "")


def test_a_body_of_unknown_length_is_taken_only_with_a_pin(folder: Path) -> None:
    with replying(unstated(CONTENT[:4000])) as server, pytest.raises(ModelError, match="does not state its size"):
        fetch_model(server.address)
    pin = f"#sha256={hashlib.sha256(CONTENT).hexdigest()}"
    with replying(unstated(CONTENT)) as server:
        assert fetch_model(server.address + pin).read_bytes() == CONTENT
    with replying(unstated(CONTENT[:4000])) as server, pytest.raises(ModelError, match="as pinned"):
        fetch_model(f"{server.address}#sha256={'0' * 64}")


def test_a_chunked_body_that_is_cut_is_requested_again(folder: Path) -> None:
    with replying(chunked(CONTENT[:4000], b""), chunked(CONTENT)) as server:
        assert fetch_model(server.address).read_bytes() == CONTENT


def test_a_server_that_compresses_unasked(folder: Path) -> None:
    packed = reply(gzip.compress(CONTENT), TAG + b"Content-Encoding: gzip\r\n")
    with replying(packed[:-10], packed) as server:
        assert fetch_model(server.address).read_bytes() == CONTENT
    assert "Range:" not in server.requests[1].replace("If-Range", "")  # a range of the file is no range of its archive


@pytest.mark.parametrize("encoding", [b"br", b"gzip, gzip", b"zstd", b"deflate"])
def test_other_compression_is_refused(folder: Path, encoding: bytes) -> None:
    packed = gzip.compress(gzip.compress(CONTENT))
    sent = reply(packed, b"Content-Encoding: " + encoding + b"\r\n")
    with replying(sent) as server, pytest.raises(ModelError, match="compresses it unasked, by"):
        fetch_model(server.address)


@pytest.mark.parametrize("damage", [b"no gzip at all", gzip.compress(b"x") + b"more"], ids=["none", "more after it"])
def test_damaged_compression_is_refused(folder: Path, damage: bytes) -> None:
    with replying(reply(damage, b"Content-Encoding: gzip\r\n")) as server, pytest.raises(ModelError, match="wrongly"):
        fetch_model(server.address)


@pytest.mark.parametrize("cut", [0, 1, 12])
def test_a_compressed_body_of_several_members_is_decompressed_whole(folder: Path, cut: int) -> None:
    members = gzip.compress(CONTENT[:5000]) + gzip.compress(b"") + gzip.compress(CONTENT[5000:])
    sent = [reply(members[: len(members) - cut], b"Content-Encoding: gzip\r\n")] * 3
    with replying(*sent) as server:
        if cut:
            with pytest.raises(ModelError, match="the compressed body is cut"):
                fetch_model(server.address)
        else:
            assert fetch_model(server.address).read_bytes() == CONTENT


def compressed(raw: Iterator[bytes]) -> Any:
    """An answer with a compressed body, in the given packets."""
    source = SimpleNamespace(read1=lambda count, decode_content: next(raw, b""))
    return SimpleNamespace(headers={"Content-Encoding": "gzip"}, raw=source)


def test_data_after_the_end_of_a_compressed_body_is_refused_at_once() -> None:
    packets = itertools.chain([gzip.compress(CONTENT)], itertools.repeat(bytes(64 << 10), 50))
    with pytest.raises(ValueError, match="wrongly"):
        list(fetching._body(compressed(packets)))
    assert len(list(packets)) == 49  # one was read, the others are not


def test_members_that_hold_nothing_do_not_arrive_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_WINDOW", 0)
    download = fetching._Download("https://example.org", tmp_path / "part", pinned=True)
    with pytest.raises(requests.Timeout, match="too slow"):
        download._receive(compressed(itertools.repeat(gzip.compress(b""))), 0, None)


def test_a_compressed_bomb_is_decompressed_in_small_pieces() -> None:
    """Whatever the version of urllib3 does: a packet of 64 KiB can hold 64 MiB."""
    sizes = [len(piece) for piece in fetching._body(compressed(iter([gzip.compress(bytes(50 << 20))])))]
    assert sum(sizes) == 50 << 20
    assert max(sizes) <= 64 << 10


@pytest.mark.parametrize(
    "body", [reply(CONTENT), chunked(CONTENT), reply(gzip.compress(CONTENT * 9), b"Content-Encoding: gzip\r\n")]
)
def test_a_file_that_is_too_large(folder: Path, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    monkeypatch.setattr(fetching, "DOWNLOAD", len(CONTENT) - 1)
    with replying(body) as server, pytest.raises(ModelError, match=r"or more; at most 10\.0 KiB are allowed"):
        fetch_model(server.address)


@pytest.mark.parametrize("target", [b"http://192.0.2.1/a.pt", b"ftp://127.0.0.2/a.pt", b"file:///etc/passwd"])
def test_a_redirect_is_checked_before_it_is_followed(folder: Path, target: bytes) -> None:
    moved = reply(b"", b"Location: " + target + b"\r\n", b"302 Found")
    with replying(moved) as server, pytest.raises(ModelError, match=r"redirects to .* which is not allowed"):
        fetch_model(server.address)


def test_a_redirect_on_this_machine_is_followed(folder: Path) -> None:
    with replying(reply(b"", b"Location: /other.pt\r\n", b"302 Found"), WHOLE) as server:
        assert fetch_model(server.address).read_bytes() == CONTENT
    loop = [reply(b"", b"Location: /a.pt\r\n", b"302 Found")] * 11
    with replying(*loop) as server, pytest.raises(ModelError, match="redirects more than 10 times"):
        fetch_model(server.address.replace("model", "another"))


def test_a_download_from_a_slow_server_is_cancelled() -> None:
    now = 0.0
    pace = fetching.Pace(lambda: now)
    for _ in range(100):  # enough within each window
        now += 59
        pace.note(512 << 10)
    for _ in range(60):
        now += 1
        pace.note(1)
    now += 1
    with pytest.raises(requests.Timeout, match="too slow"):
        pace.note(1)


def test_a_file_that_is_evicted_meanwhile_is_downloaded_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with replying(WHOLE, WHOLE) as server:
        path = fetch_model(server.address)
        found = Path.is_file

        def evict(self: Path) -> bool:
            there = found(self)
            if self == path and there:
                self.unlink()
            return there

        with monkeypatch.context() as patch:
            patch.setattr(Path, "is_file", evict)
            again = fetch_model(server.address)
        assert again.parent == path.parent
        assert again.read_bytes() == CONTENT


def test_a_download_that_is_evicted_before_its_final_rename_is_repeated(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evicted: list[Path] = []
    real = sources.file_digest

    def evict(path: Path) -> str:
        if len(evicted) < 4:
            evicted.append(path)
            path.unlink()
        return real(path)

    monkeypatch.setattr(sources, "file_digest", evict)
    with replying(*[WHOLE] * 5) as server:
        assert fetch_model(server.address).read_bytes() == CONTENT
    assert len(evicted) == 4
