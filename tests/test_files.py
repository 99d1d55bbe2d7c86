"""Opening files whose names come from outside."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from fgraph._files import is_system_failure, open_file, read_file


def test_a_regular_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    with open_file(tmp_path / "file", most=7) as file:
        assert file.read() == b"content"
    assert read_file(tmp_path / "file", 7) == b"content"


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    with pytest.raises(OSError, match="larger than 6 bytes"):
        open_file(tmp_path / "file", most=6)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no FIFOs")
def test_a_fifo_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match="not a regular file"):
        open_file(tmp_path / "fifo")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/random", "/dev/null"])
def test_a_device_is_refused(device: str) -> None:
    if not Path(device).exists():
        pytest.skip("this platform has no such device")
    with pytest.raises(OSError, match="not a regular file"):
        open_file(device)


def test_files_that_cannot_be_opened_raise_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        open_file(tmp_path)
    with pytest.raises(FileNotFoundError):
        open_file(tmp_path / "missing")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        with pytest.raises(OSError):  # noqa: PT011 - its text is the platform's
            open_file(tmp_path / "s")


SYSTEM_FAILURES = ("EMFILE", "ENFILE", "EIO", "ENOMEM", "EINTR", "ESTALE", "EACCES", "EPERM", "ETIMEDOUT")


@pytest.mark.parametrize("name", SYSTEM_FAILURES)
def test_failures_of_the_system_say_nothing_about_a_file(name: str) -> None:
    number = getattr(errno, name)
    assert is_system_failure(OSError(number, os.strerror(number), "a.png"))


@pytest.mark.parametrize("name", ["ENOENT", "EISDIR", "EINVAL", "EFBIG", "ELOOP", "ENOTDIR"])
def test_other_failures_are_those_of_the_file(name: str) -> None:
    number = getattr(errno, name)
    assert not is_system_failure(OSError(number, os.strerror(number), "a.png"))


def test_an_error_without_a_number_is_no_failure_of_the_system() -> None:
    assert not is_system_failure(OSError("image file is truncated"))  # as Pillow raises it
    assert not is_system_failure(ValueError(errno.EIO))
