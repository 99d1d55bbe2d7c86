"""Files that are written whole or not at all: leftovers of killed processes, two processes in one directory."""

from __future__ import annotations

import errno
import multiprocessing
import os
import stat
import subprocess
import sys
import textwrap
import time
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from fgraph import _temporary
from fgraph._atomic import Staging, write_atomic
from fgraph._errors import SaveError

ROOT = Path(__file__).resolve().parents[1]


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def run_child(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from fgraph._atomic import Staging
    with Staging(Path(sys.argv[1])) as staging:
        staging.stage("a.txt", b"half")
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_next_writer_removes_leftovers_of_a_killed_one(tmp_path: Path) -> None:
    assert run_child(KILLED, str(tmp_path)).returncode == -9
    (left,) = names(tmp_path)
    assert left.startswith(".fgraph.")
    write_atomic(tmp_path / "b.txt", b"whole")
    assert names(tmp_path) == ["b.txt"]


def test_an_empty_folder_is_removed_without_a_free_file_descriptor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patch, _temporary.temporary_folder(tmp_path, "label") as folder:
        patch.setattr(os, "open", refuse)
        patch.setattr(os, "scandir", refuse)
    assert not folder.exists()


@pytest.mark.parametrize("system", ["without locks", "with a file system without locks"])
def test_without_locks_a_leftover_is_removed_after_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    if system == "without locks":
        monkeypatch.setattr(_temporary, "fcntl", None)
    else:
        monkeypatch.setattr("fcntl.flock", _no_locks)
    now = time.time()
    for name, changed in {".old.0123abcd.part": 90_000, ".busy.0123abcd.part": 60, ".new.0123abcd.part": 60}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "piece").write_text("half")
        os.utime(tmp_path / name / "piece", (now - changed, now - changed))
        os.utime(tmp_path / name, (now - 90_000, now - 90_000))
    os.utime(tmp_path / ".new.0123abcd.part", (now, now))
    write_atomic(tmp_path / "b.txt", b"")
    assert names(tmp_path) == [".busy.0123abcd.part", ".new.0123abcd.part", "b.txt"]


def _no_locks(handle: int, operation: int) -> None:
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_a_fifo_with_the_name_of_a_leftover_blocks_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".a.0123abcd.part")
    write_atomic(tmp_path / "b.txt", b"")
    assert names(tmp_path) == [".a.0123abcd.part", "b.txt"]


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    code = """
        import sys
        from pathlib import Path
        from fgraph._atomic import write_atomic
        write_atomic(Path(sys.argv[1]) / "other.txt", b"")
    """
    with Staging(tmp_path) as staging:
        staging.stage("a.txt", b"whole")
        assert run_child(code, str(tmp_path)).returncode == 0
        staging.commit()
    assert names(tmp_path) == ["a.txt", "other.txt"]


def test_a_placed_folder_is_synced_where_the_system_cannot_sync_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, file by file."""
    monkeypatch.delattr(os, "sync")
    synced: list[str] = []
    monkeypatch.setattr("fgraph._atomic.sync_file", lambda path: synced.append(path.name))
    with Staging(tmp_path) as staging:
        folder = staging.place("tiles")
        (folder / "0").mkdir(parents=True)
        (folder / "0" / "a.png").write_bytes(b"a")
        (folder / "b.png").write_bytes(b"b")
        staging.commit()
    assert sorted(synced) == ["a.png", "b.png"]
    assert names(tmp_path) == ["tiles"]


def test_files_with_similar_names_stay(tmp_path: Path) -> None:
    for name in (".a.part", "a.0123abcd.part", ".a.0123abcd.part.txt"):
        (tmp_path / name).mkdir()
    write_atomic(tmp_path / "b.txt", b"")
    assert names(tmp_path) == [".a.0123abcd.part.txt", ".a.part", "a.0123abcd.part", "b.txt"]


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("earlier")
    with suppress(KeyboardInterrupt), Staging(tmp_path) as staging:
        staging.stage("a.txt", b"new")
        raise KeyboardInterrupt
    assert names(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "earlier"


def test_folders_in_use_can_be_removed_at_once(tmp_path: Path) -> None:
    with Staging(tmp_path) as staging:
        staging.stage("a.txt", b"new")
        _temporary.remove_folders_in_use()
        assert names(tmp_path) == []


def test_a_directory_that_vanishes_meanwhile_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, before = tmp_path / "cache", os.replace

    def evict(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "replace", before)
        for path in sorted(folder.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        folder.rmdir()
        before(source, target)

    monkeypatch.setattr(os, "replace", evict)
    write_atomic(folder / "a.txt", b"whole")
    assert (folder / "a.txt").read_bytes() == b"whole"


def test_names_and_content_are_flushed_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    with Staging(tmp_path) as staging:
        staging.stage("a.txt", b"whole")
        assert synced == [(staging.folder / "a.txt").stat().st_ino]
        staging.commit()
    assert tmp_path.stat().st_ino in synced
    synced.clear()
    write_atomic(tmp_path / "b.txt", b"whole")
    assert synced == [(tmp_path / "b.txt").stat().st_ino, tmp_path.stat().st_ino]


@pytest.mark.parametrize(("number", "fails"), [(errno.EIO, True), (errno.EINVAL, False)])
def test_a_directory_that_cannot_be_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, fails: bool
) -> None:
    real = os.fsync

    def sync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(number, os.strerror(number))
        real(handle)

    monkeypatch.setattr(os, "fsync", sync)
    with pytest.raises(SaveError, match="Input/output error") if fails else nullcontext():
        write_atomic(tmp_path / "a.txt", b"whole")
    assert (tmp_path / "a.txt").read_bytes() == b"whole"


def test_a_folder_replaces_a_folder_and_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.txt").write_text("mine")
    out = tmp_path / "out"
    for link in (False, True):
        if link:
            (out / "tiles").rename(tmp_path / "earlier")
            (out / "tiles").symlink_to(elsewhere)
        with Staging(out) as staging:
            tiles = staging.place("tiles")
            tiles.mkdir()
            (tiles / "new.txt").write_text("new")
            staging.commit()
        assert names(out) == ["tiles"]
        assert names(out / "tiles") == ["new.txt"]
        assert not (out / "tiles").is_symlink()
    assert names(elsewhere) == ["mine.txt"]


def _commit(directory: str, text: str) -> None:
    for _ in range(20):
        with Staging(Path(directory)) as staging:
            for name in ("a.txt", "b.txt", "list.txt"):
                staging.stage(name, text.encode())
            staging.commit(obsolete=["list.txt"])


def test_sets_of_two_processes_are_not_mixed(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_commit, args=(str(tmp_path), text)) for text in ("one", "two")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    assert len({path.read_text() for path in tmp_path.iterdir()}) == 1
    assert names(tmp_path) == ["a.txt", "b.txt", "list.txt"]


def test_the_error_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    (tmp_path / "a.txt" / "inner").write_text("")
    with pytest.raises(SaveError, match=r"a\.txt: there is a directory of this name"):
        write_atomic(tmp_path / "a.txt", b"")
    with pytest.raises(SaveError, match="too long"):
        write_atomic(tmp_path / ("x" * 300), b"")
    assert names(tmp_path) == ["a.txt"]


def test_leftovers_are_removed_from_a_directory_that_is_not_written_again(tmp_path: Path) -> None:
    assert run_child(KILLED, str(tmp_path)).returncode == -9
    _temporary.clean(tmp_path / "missing")
    _temporary.clean(tmp_path)
    assert names(tmp_path) == []
