"""Models by URL, from a server on this machine: fetched once, resumed, pinned, used offline."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest

import fgraph
from fgraph._cache import cache_folder
from fgraph._downloads import Downloads, current_downloads, is_url
from fgraph._errors import ModelError
from fgraph.stylegan import inspect, loading
from fgraph.stylegan.checkpoints.header import read_contents, read_header, read_model
from fgraph.stylegan.checkpoints.sources import fetch_model
from fgraph.stylegan.loading import load_generator
from tests.serving import serving


@pytest.fixture
def content(goldens: Path) -> Any:
    return (goldens / "soat64_a.pt").read_bytes()


@pytest.fixture
def server(content: Any) -> Iterator[Any]:
    with serving(content) as one:
        yield one


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Any]:
    with fgraph.downloads(tmp_path / "kept"):
        yield tmp_path / "kept"


def test_a_file_is_fetched_once_and_stored_by_its_content(server: Any, folder: Path, content: Any) -> None:
    header = read_header(server.address)
    assert header.path.read_bytes() == content
    assert header.path == folder / "models" / hashlib.sha256(content).hexdigest()[:32] / "small_one.pt"
    assert (header.name, header.source) == ("small_one", server.address)
    assert read_header(server.address).path == header.path
    assert len(server.requests) == 1
    (note,) = (folder / "addresses").iterdir()
    assert json.loads(note.read_text())["sha256"] == hashlib.sha256(content).hexdigest()
    assert sorted(path.name for path in folder.iterdir()) == ["addresses", "locks", "models"]


def test_a_graph_names_a_url(server: Any, folder: Path) -> None:
    graph = fgraph.Graph(models={"main": server.address})
    assert fgraph.run(graph, outputs={"image": graph.decode(graph.sample(seed=1))})["image"].array.shape[0] == 1
    assert inspect(server.address).format == "rosinality"


def test_an_interrupted_download_continues_where_it_stopped(server: Any, folder: Path, content: Any) -> None:
    server.breaks = [200_000, 100_000]
    assert read_header(server.address).path.read_bytes() == content
    assert server.requests == [None, "bytes=200000-", "bytes=300000-"]


def test_a_later_attempt_also_continues(server: Any, folder: Path, content: Any) -> None:
    server.breaks = [70_000, 0, 0]
    with pytest.raises(ModelError, match=r"cannot be fetched: .*run again to resume"):
        read_header(server.address)
    assert read_header(server.address).path.read_bytes() == content
    assert server.requests[-1] == "bytes=70000-"


def test_without_tags_a_download_starts_again(server: Any, folder: Path, content: Any) -> None:
    server.tagged, server.breaks = False, [70_000]
    assert read_header(server.address).path.read_bytes() == content
    assert server.requests == [None, None]


def test_a_file_that_changes_on_the_way_is_fetched_whole(server: Any, folder: Path, content: Any) -> None:
    server.breaks = [70_000, 0, 0]
    with pytest.raises(ModelError):
        read_header(server.address)
    server.content = content + b" "
    assert len(inspect_bytes(read_header, server)) == len(content) + 1


def inspect_bytes(read: Any, server: Any) -> Any:
    return read(server.address).path.read_bytes()


def test_pins(server: Any, folder: Path, content: Any) -> None:
    digest = hashlib.sha256(content).hexdigest()
    with pytest.raises(ModelError, match=f"has SHA-256 {digest}, not 0000.* as pinned"):
        read_header(f"{server.address}#sha256={'0' * 64}")
    assert not (folder / "models").exists()
    assert read_header(f"{server.address}#sha256={digest.upper()}").path.is_file()


def test_a_file_that_the_server_has_changed_is_refused(server: Any, folder: Path, content: Any) -> None:
    path = read_header(server.address).path
    path.unlink()
    server.content = content + b"x"
    with pytest.raises(ModelError, match="as it was when first fetched: the server changed it"):
        read_header(server.address)


def test_a_damaged_file_in_the_cache(server: Any, folder: Path) -> None:
    path = read_header(server.address).path
    path.write_bytes(b"x" + path.read_bytes()[1:])
    with pytest.raises(ModelError, match="is damaged; delete that file and run again"):
        read_header(server.address)


def test_offline(server: Any, folder: Path) -> None:
    with (
        fgraph.downloads(folder, offline=True),
        pytest.raises(ModelError, match="is not in the cache, and offline mode forbids"),
    ):
        read_header(server.address)
    assert server.requests == []
    path = read_header(server.address).path
    with fgraph.downloads(folder, offline=True):
        assert read_header(server.address).path == path


def test_no_server_and_no_such_file(server: Any, folder: Path) -> None:
    server.status = 404
    with pytest.raises(ModelError, match="cannot be fetched: 404"):
        read_header(server.address)
    with serving(b"") as gone:
        pass
    with pytest.raises(ModelError, match="cannot be fetched"):
        read_header(gone.address)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://example.org/model.pkl", "would be downloaded over an unencrypted connection; use https"),
        ("https://example.org/", "names no file"),
        ("https://example.org/a.pkl#sha256=12", "a pin is #sha256="),
        ("hf://organisation", "is not a file of the hub"),
        ("hf://a/b/../../c.pkl", "is not a file of the hub"),
    ],
)
def test_invalid_urls(url: str, says: str, folder: Path) -> None:
    with pytest.raises(ModelError, match=says):
        read_header(url)
    assert not folder.exists()


FETCH = """
import sys
import fgraph
from fgraph.stylegan.checkpoints.sources import fetch_model
with fgraph.downloads(sys.argv[2]):
    print(fetch_model(sys.argv[1]))
"""


def test_two_processes_fetch_one_url_once(server: Any, tmp_path: Path, content: Any) -> None:
    """The server waits until both have begun; one of them downloads the file, and the other uses the cached one."""
    server.wait = threading.Event()
    command = [sys.executable, "-c", FETCH, server.address, str(tmp_path)]
    ways = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **ways) as first, subprocess.Popen(command, **ways) as second:  # type: ignore[call-overload]
        streams = first.stderr, second.stderr
        readable, _, _ = select.select(streams, [], [], 60)  # the waiting process says so
        assert "another process is fetching" in readable[0].readline()
        server.wait.set()
        printed = {first.communicate(timeout=600)[0], second.communicate(timeout=600)[0]}
        assert (first.returncode, second.returncode) == (0, 0)
    assert len(printed) == 1
    assert Path(printed.pop().strip()).read_bytes() == content
    assert server.requests == [None]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["addresses", "locks", "models"]


def test_a_killed_process_leaves_its_partial_file_to_the_next(server: Any, tmp_path: Path, content: Any) -> None:
    server.wait = threading.Event()
    command = [sys.executable, "-c", FETCH, server.address, str(tmp_path)]
    with subprocess.Popen(command) as process:
        while not server.requests:
            time.sleep(0.01)
        process.kill()
    server.wait.set()
    with fgraph.downloads(tmp_path):
        assert read_header(server.address).path.read_bytes() == content


def test_threads_fetch_one_url_once(server: Any, folder: Path, content: Any) -> None:
    chosen = copy_context()
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: chosen.copy().run(fetch_model, server.address), range(4)))
    assert len(set(paths)) == len(server.requests) == 1


def test_a_pin_finds_the_same_file_of_another_url(server: Any, folder: Path, content: Any) -> None:
    path = read_header(server.address).path
    pin = f"#sha256={hashlib.sha256(content).hexdigest()}"
    with fgraph.downloads(offline=True):
        found = read_header(f"https://elsewhere.example.org/renamed.pt{pin}")
        with pytest.raises(ModelError, match="is not in the cache, and offline mode forbids"):
            read_header("https://elsewhere.example.org/renamed.pt")
    assert found.path == path.with_name("renamed.pt")
    assert found.path.read_bytes() == content


def test_a_file_that_is_evicted_while_it_is_loaded_is_downloaded_again(
    server: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evicted: list[Path] = []
    header = read_header(server.address)

    def evict(path: Path) -> Any:
        contents = read_contents(path)
        if not evicted:
            evicted.append(path)
            path.unlink()
        return contents

    monkeypatch.setattr(loading, "read_contents", evict)
    assert fgraph.load_generator(server.address).digest == load_generator(header).digest
    assert evicted == [header.path]
    assert len(server.requests) == 2


def test_a_run_loads_a_model_evicted_since_its_graph_was_checked(server: Any, folder: Path) -> None:
    nodes = {"code": {"op": "sample", "seed": 1}, "image": {"op": "decode", "of": "code"}}
    plan = fgraph.compile({"models": {"main": server.address}, "nodes": nodes, "outputs": ["image"]})
    read_header(server.address).path.unlink()
    assert fgraph.run(plan)["image"].array.shape[0] == 1


def test_what_a_kill_left_beside_the_note_of_a_download_is_removed(
    server: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_header(server.address)
    (folder / "addresses" / ".note.json.01234567.part").mkdir()
    monkeypatch.setattr("fgraph._temporary._cleaned", set())  # as in another process
    read_header(server.address)
    assert [path.suffix for path in (folder / "addresses").iterdir()] == [".json"]


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EACCES, errno.EIO])
def test_a_note_that_the_system_cannot_read_lets_no_changed_file_pass(
    server: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    fetch_model(server.address)

    def fail(path: Path, most: int) -> bytes:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr("fgraph.stylegan.checkpoints.sources.read_file", fail)
    with pytest.raises(ModelError, match=rf"\.json: cannot be read: .*{os.strerror(number)}"):
        fetch_model(server.address)
    assert len(server.requests) == 1


def test_a_file_that_the_system_cannot_read_is_an_error_of_the_model() -> None:
    def fail(path: Path) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(path))

    with pytest.raises(ModelError, match=r"landscape.safetensors: cannot be read: .*Too many open files"):
        read_model("landscape", fail)


def test_a_folder_that_cannot_be_written(server: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with fgraph.downloads(tmp_path / "file"), pytest.raises(ModelError, match=r"cannot be stored in .*file"):
        read_header(server.address)


def test_settings_inside_others() -> None:
    with fgraph.downloads("one", hub="https://mirror.example.org"), fgraph.downloads(offline=True):
        assert current_downloads() == Downloads("one", True, "https://mirror.example.org")
        with fgraph.downloads("two", offline=False):
            assert current_downloads() == Downloads("two", False, "https://mirror.example.org")
    assert current_downloads() == Downloads()


def test_the_form_of_urls() -> None:
    assert is_url("https://example.org/a.pkl")
    assert is_url("hf://a/b/c.pkl")
    assert not is_url("models/a.pkl")
    assert not is_url("C://a.pkl")
    assert cache_folder().name == "fgraph"


def test_a_very_long_url_is_not_searched(folder: Path) -> None:
    with pytest.raises(ModelError, match="is a URL of 200011 characters; at most 4096 are allowed") as caught:
        fetch_model(f"hf://a/b@{'/' * 200_000}x!")
    assert len(str(caught.value)) < 300
