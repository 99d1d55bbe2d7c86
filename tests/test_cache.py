"""Cache files that carry a digest."""

from __future__ import annotations

from pathlib import Path

import pytest

from fgraph._cache import cache_folder, read_cached, write_cached


def test_the_cache_folder_follows_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if cache_folder() != tmp_path / "fgraph":
        pytest.skip("this platform does not read XDG_CACHE_HOME")


def test_a_written_file_is_read_back(tmp_path: Path) -> None:
    write_cached(tmp_path / "file", b"content")
    assert read_cached(tmp_path / "file", 7) == b"content"
    assert read_cached(tmp_path / "another", 7) is None


def test_a_change_of_any_byte_is_found(tmp_path: Path) -> None:
    write_cached(tmp_path / "file", b"content")
    whole = (tmp_path / "file").read_bytes()
    for place in range(len(whole)):
        (tmp_path / "file").write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ValueError, match="digest"):
            read_cached(tmp_path / "file", 7)
    for length in range(len(whole)):
        (tmp_path / "file").write_bytes(whole[:length])
        with pytest.raises(ValueError, match="digest"):
            read_cached(tmp_path / "file", 7)


def test_a_reader_removes_leftovers_of_a_killed_writer(tmp_path: Path) -> None:
    """If everything is in the cache, nothing is written there again."""
    left = tmp_path / ".two.0123abcd.part"
    left.mkdir()
    assert read_cached(tmp_path / "one", 100) is None
    assert not left.exists()


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    write_cached(tmp_path / "file", b"content")
    with pytest.raises(ValueError, match="larger than 6 bytes"):
        read_cached(tmp_path / "file", 6)
