"""Models from the Hugging Face hub, fetched by its library from a local server that answers like the hub."""

from __future__ import annotations

import hashlib
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import fgraph
from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints import fetching
from fgraph.stylegan.checkpoints.header import read_header
from fgraph.stylegan.checkpoints.sources import fetch_model

COMMITS = {"main": "a" * 40, "v1": "b" * 40}
_FILE = re.compile(r"/org/repo/resolve/([^/]+)/sub/model\.pt")


class Hub(ThreadingHTTPServer):
    """A server of `sub/model.pt` in `org/repo`, by revision; `breaks` lists after how many bytes answers break off."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.breaks: list[int] = []
        self.states_size = True  # False: HEAD states 1 byte, and GET no length
        self.requests: list[tuple[str, str, str | None]] = []  # method, path and range of each
        super().__init__(("127.0.0.1", 0), Answer)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(with_content=False)

    def do_GET(self) -> None:
        self._answer(with_content=True)

    def _answer(self, with_content: bool) -> None:
        match, server = _FILE.fullmatch(self.path), self.server
        revision = {commit: name for name, commit in COMMITS.items()}.get(match[1], match[1]) if match else None
        server.requests.append((self.command, self.path, self.headers.get("Range")))
        if revision is None or revision not in server.files:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound" if match is None else "RevisionNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = server.files[revision]
        wanted = self.headers.get("Range") if with_content else None
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMITS[revision])
        if server.states_size or not with_content:
            self.send_header("Content-Length", str(len(content) - start if server.states_size else 1))
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if with_content:
            stop = server.breaks.pop(0) if server.breaks else len(content)
            self.wfile.write(content[start : start + stop])
            self.close_connection = stop < len(content) - start or not server.states_size

    def log_message(self, *arguments: Any) -> None:
        pass


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Any]:
    server = Hub(files)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def files(goldens: Path) -> Any:
    return {"main": (goldens / "soat64_a.pt").read_bytes(), "v1": (goldens / "soat64_b.pt").read_bytes()}


@pytest.fixture
def hub(files: dict[str, bytes], tmp_path: Path) -> Iterator[Any]:
    pytest.importorskip("huggingface_hub")
    with serving(files) as server, fgraph.downloads(tmp_path / "kept", hub=server.address):
        yield server


def test_a_revision_is_fetched_once(hub: Any, files: dict[str, bytes], tmp_path: Path) -> None:
    for source, revision in [("hf://org/repo/sub/model.pt", "main"), ("hf://org/repo@v1/sub/model.pt", "v1")]:
        header = read_header(source)
        digest = hashlib.sha256(files[revision]).hexdigest()
        assert header.path == tmp_path / "kept" / "models" / digest[:32] / "model.pt"
        assert header.path.read_bytes() == files[revision]
        before = len(hub.requests)
        with fgraph.downloads(offline=True):
            assert read_header(source).path == header.path
        assert read_header(f"{source}#sha256={digest}").path == header.path
        assert len(hub.requests) == before
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["addresses", "locks", "models"]


def test_a_graph_runs_on_a_model_of_the_hub(hub: Any) -> None:
    graph = fgraph.Graph(models="hf://org/repo/sub/model.pt")
    assert fgraph.run(graph, outputs={"image": graph.decode(graph.sample(seed=1))})["image"].array.shape[0] == 1


def test_an_interrupted_download_continues_where_it_stopped(hub: Any, files: dict[str, bytes]) -> None:
    content = bytes(range(256)) * (12 << 12)  # 12 MiB: the library continues after a multiple of 10 MiB
    hub.files["main"] = content
    hub.breaks = [11 << 20]
    assert fetch_model("hf://org/repo/sub/model.pt").read_bytes() == content
    ranges = [wanted for method, _, wanted in hub.requests if method == "GET"]
    assert ranges == [None, f"bytes={10 << 20}-"]


def test_files_that_the_hub_does_not_have(hub: Any, tmp_path: Path) -> None:
    for source in ("hf://org/repo@v9/sub/model.pt", "hf://org/repo/other.pt"):
        with pytest.raises(ModelError, match=f"model '{source}' cannot be fetched: .*404"):
            read_header(source)
    assert not (tmp_path / "kept" / "models").exists()


@pytest.mark.parametrize("stated", [True, False])
def test_a_file_that_is_too_large(
    hub: Any, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stated: bool
) -> None:
    size = len(files["main"])
    monkeypatch.setattr(fetching, "DOWNLOAD", size - 1)
    hub.states_size = stated
    with pytest.raises(ModelError, match=r"cannot be fetched: the file has .* or more; at most .* are allowed"):
        fetch_model("hf://org/repo/sub/model.pt")
    assert not (tmp_path / "kept" / "models").exists()


def test_a_pin_that_differs(hub: Any, files: dict[str, bytes]) -> None:
    with pytest.raises(ModelError, match=r"has SHA-256 .*, not 0000.* as pinned"):
        read_header(f"hf://org/repo/sub/model.pt#sha256={'0' * 64}")


def test_an_unencrypted_connection_is_refused(tmp_path: Path) -> None:
    with (
        fgraph.downloads(tmp_path, hub="http://mirror.example.org"),
        pytest.raises(ModelError, match=r"'http://mirror\.example\.org' would be contacted over an unencrypted"),
    ):
        read_header("hf://org/repo/sub/model.pt")


def test_the_hub_needs_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with fgraph.downloads(tmp_path), pytest.raises(ModelError, match=r"needs: pip install 'fgraph-gan\[hub\]'"):
        read_header("hf://organisation/repository/model.pkl")
