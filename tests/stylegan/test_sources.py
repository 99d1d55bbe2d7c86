"""Models by address, from a server on this machine: fetched once, resumed, pinned, found offline."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import fgraph
from fgraph._errors import ModelError
from fgraph.stylegan import inspect
from fgraph.stylegan.header import read_header
from fgraph.stylegan.sources import default_folder, downloads, is_address


class Server(ThreadingHTTPServer):
    """Serves one file; `breaks` lists after how many bytes the next answers are cut off."""

    def __init__(self, content):
        self.content, self.breaks, self.asked, self.tagged, self.status = content, [], [], True, 200
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}/models/small%20one.pt?download=1"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, content = self.server, self.server.content
        server.asked.append(self.headers.get("Range"))
        tag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        start = 0
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
        self.wfile.write(content[start : start + stop])

    def log_message(self, *arguments):
        pass


@contextmanager
def serving(content):
    server = Server(content)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def content(goldens):
    return (goldens / "soat64_a.pt").read_bytes()


@pytest.fixture
def server(content):
    with serving(content) as one:
        yield one


@pytest.fixture
def folder(tmp_path):
    with downloads(tmp_path / "kept"):
        yield tmp_path / "kept"


def test_fetched_once_and_kept_by_its_content(server, folder, content):
    header = read_header(server.address)
    assert header.path.read_bytes() == content
    assert header.path == folder / "models" / hashlib.sha256(content).hexdigest()[:32] / "small_one.pt"
    assert (header.name, header.source) == ("small_one", server.address)
    assert read_header(server.address).path == header.path
    assert len(server.asked) == 1
    (note,) = (folder / "addresses").iterdir()
    assert json.loads(note.read_text())["sha256"] == hashlib.sha256(content).hexdigest()
    assert sorted(path.name for path in folder.iterdir()) == ["addresses", "models"]


def test_a_graph_names_an_address(server, folder):
    graph = fgraph.Graph(models={"main": server.address})
    assert fgraph.run(graph, outputs={"image": graph.decode(graph.sample(seed=1))})["image"].array.shape[0] == 1
    assert inspect(server.address).format == "rosinality"


def test_a_broken_line_goes_on_where_it_stopped(server, folder, content):
    server.breaks = [200_000, 100_000]
    assert read_header(server.address).path.read_bytes() == content
    assert server.asked == [None, "bytes=196608-", "bytes=262144-"]  # whole chunks of 64 KiB


def test_a_later_try_goes_on_too(server, folder, content):
    server.breaks = [70_000, 0, 0]
    with pytest.raises(ModelError, match=r"cannot be fetched: .*run again to go on"):
        read_header(server.address)
    assert read_header(server.address).path.read_bytes() == content
    assert server.asked[-1] == "bytes=65536-"


def test_without_tags_it_starts_anew(server, folder, content):
    server.tagged, server.breaks = False, [70_000]
    assert read_header(server.address).path.read_bytes() == content
    assert server.asked == [None, None]


def test_a_file_that_changes_on_the_way_is_fetched_whole(server, folder, content):
    server.breaks = [70_000, 0, 0]
    with pytest.raises(ModelError):
        read_header(server.address)
    server.content = content + b" "
    assert len(inspect_bytes(read_header, server)) == len(content) + 1


def inspect_bytes(read, server):
    return read(server.address).path.read_bytes()


def test_pins(server, folder, content):
    digest = hashlib.sha256(content).hexdigest()
    with pytest.raises(ModelError, match=f"has SHA-256 {digest}, not 0000.* as pinned"):
        read_header(f"{server.address}#sha256={'0' * 64}")
    assert not (folder / "models").exists()
    assert read_header(f"{server.address}#sha256={digest.upper()}").path.is_file()


def test_a_file_that_was_changed_there_is_not_taken(server, folder, content):
    path = read_header(server.address).path
    path.unlink()
    server.content = content + b"x"
    with pytest.raises(ModelError, match="as it was when first fetched: it was changed there"):
        read_header(server.address)


def test_a_kept_file_that_is_damaged(server, folder):
    path = read_header(server.address).path
    path.write_bytes(b"x" + path.read_bytes()[1:])
    with pytest.raises(ModelError, match="is damaged; delete it, and it is fetched again"):
        read_header(server.address)


def test_offline(server, folder):
    with downloads(folder, offline=True), pytest.raises(ModelError, match="is not kept here, and offline forbids"):
        read_header(server.address)
    assert server.asked == []
    path = read_header(server.address).path
    with downloads(folder, offline=True):
        assert read_header(server.address).path == path


def test_no_server_and_no_such_file(server, folder):
    server.status = 404
    with pytest.raises(ModelError, match="cannot be fetched: 404"):
        read_header(server.address)
    with serving(b"") as gone:
        pass
    with pytest.raises(ModelError, match="cannot be fetched"):
        read_header(gone.address)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://example.org/model.pkl", "would come over an open line; use https"),
        ("https://example.org/", "names no file"),
        ("https://example.org/a.pkl#sha256=12", "a pin is #sha256="),
        ("hf://organisation", "is no file of the hub"),
        ("hf://a/b/../../c.pkl", "is no file of the hub"),
    ],
)
def test_addresses_that_are_none(address, says, folder):
    with pytest.raises(ModelError, match=says):
        read_header(address)
    assert not folder.exists()


def test_the_hub_needs_its_library(folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(ModelError, match=r"needs: pip install 'fgraph-gan\[hub\]'"):
        read_header("hf://organisation/repository/model.pkl")


def test_the_hub_by_its_library(folder, content, monkeypatch, tmp_path):
    asked = []

    def hf_hub_download(repository, file, revision, cache_dir):
        asked.append((repository, file, revision))
        (tmp_path / "model.pt").write_bytes(content)
        return str(tmp_path / "model.pt")

    library = type("Library", (), {"hf_hub_download": staticmethod(hf_hub_download)})
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", library)
    assert read_header("hf://org/repo@v1/sub/model.pt").path.name == "model.pt"
    assert read_header("hf://org/repo@v1/sub/model.pt").path.read_bytes() == content
    assert asked == [("org/repo", "sub/model.pt", "v1")]


def test_what_is_an_address():
    assert is_address("https://example.org/a.pkl")
    assert is_address("hf://a/b/c.pkl")
    assert not is_address("models/a.pkl")
    assert not is_address("C://a.pkl")
    assert default_folder().name == "fgraph"
