"""Ranges of bytes of a file, and sequential readers of them."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fgraph._cached import cached_property
from fgraph._files import open_file
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused

_CHUNK = 1 << 18  # bytes that are decoded at once


@dataclass(frozen=True)
class Span:
    """A range of bytes of a file, read on demand.

    With `utf8`, the range is UTF-8 text whose characters, as Latin-1, are the bytes it represents: protocol 2 of pickle
    has no bytes type and writes them this way.
    """

    path: Path
    start: int
    length: int
    utf8: bool = False

    def read(self, start: int = 0, length: int | None = None) -> bytes:
        """Return the represented bytes, or `length` of them from `start` on.

        Raises:
            PickleRefused: the file has changed, or a character of the text is not in Latin-1.
        """
        if self.utf8:
            return b"".join(self._decoded(start, None if length is None else start + length))
        wanted = self.length - start if length is None else min(length, self.length - start)
        with open_file(self.path) as file:
            file.seek(self.start + start)
            found = file.read(max(0, wanted))
        if len(found) != max(0, wanted):
            raise PickleRefused("the file is cut short")
        return found

    def read_into(self, buffer: memoryview, start: int) -> None:
        """Fill `buffer` with the bytes from `start` on."""
        done = 0
        if self.utf8:
            for part in self._decoded(start, start + len(buffer)):
                buffer[done : done + len(part)] = part
                done += len(part)
            if done != len(buffer):
                raise PickleRefused("the file is cut short")
            return
        with open_file(self.path) as file:
            file.seek(self.start + start)
            while done < len(buffer):
                count = file.readinto(buffer[done:])
                if not count:
                    raise PickleRefused("the file is cut short")
                done += count

    @cached_property
    def size(self) -> int:
        """The number of represented bytes."""
        if not self.utf8:
            return self.length
        import numpy as np

        # In UTF-8, each byte except -128 to -65 starts a character.
        return sum(int(np.count_nonzero(np.frombuffer(raw, np.int8) >= -64)) for raw in self._raw())

    def part(self, start: int, length: int) -> Span:
        """Return a part of a span that is not `utf8`."""
        assert not self.utf8
        return Span(self.path, self.start + start, length)

    def _raw(self) -> Iterator[bytes]:
        remaining = self.length
        with open_file(self.path) as file:
            file.seek(self.start)
            while remaining:
                found = file.read(min(remaining, _CHUNK))
                if not found:
                    raise PickleRefused("the file is cut short")
                remaining -= len(found)
                yield found

    def _decoded(self, start: int, stop: int | None) -> Iterator[bytes]:
        """Yield the represented bytes from `start` to `stop`, in chunks."""
        decoder = codecs.getincrementaldecoder("utf-8")("surrogatepass")
        position, remaining = 0, self.length
        try:
            for raw in self._raw():
                remaining -= len(raw)
                chunk = decoder.decode(raw, final=not remaining).encode("latin-1")
                yield chunk[max(0, start - position) : None if stop is None else max(0, stop - position)]
                position += len(chunk)
                if stop is not None and position >= stop:
                    return
        except UnicodeError as error:
            raise PickleRefused("its text for bytes has characters that are not in Latin-1") from error


class FileSource:
    """A sequential reader of a range of a file."""

    def __init__(self, file: BinaryIO, path: Path, start: int, length: int) -> None:
        self._file, self._path = file, path
        self._end = start + length
        self.position = start
        file.seek(start)

    def read(self, length: int) -> bytes:
        """Return exactly the next `length` bytes.

        Raises:
            PickleRefused: fewer bytes are left.
        """
        position = self.position + length
        if position > self._end:
            self._advance(length)
        self.position = position
        found = self._file.read(length)
        if len(found) != length:
            raise PickleRefused("it is cut short")
        return found

    def skip_expected(self, expected: bytes) -> bool:
        """Skip the next bytes if they are the expected ones; return whether they are."""
        here = self.position
        found = self._file.read(len(expected)) if len(expected) <= self._end - here else b""
        self.position = here + len(expected) if found == expected else here
        self._file.seek(self.position)
        return found == expected

    def line(self, longest: int) -> bytes:
        """Return the next line with its end, or its first `longest` bytes if it is longer.

        Raises:
            PickleRefused: the range ends before the line.
        """
        found = self._file.readline(longest)
        self._advance(len(found))
        if len(found) < longest and not found.endswith(b"\n"):
            raise PickleRefused("it is cut short")
        return found

    def skip_span(self, length: int) -> Span | bytes:
        """Skip the next `length` bytes, and return a span of them."""
        start = self.position
        self.skip(length)
        return Span(self._path, start, length)

    def skip(self, length: int) -> None:
        """Skip the next `length` bytes.

        Raises:
            PickleRefused: fewer bytes are left.
        """
        self._advance(length)
        self._file.seek(length, 1)

    def _advance(self, length: int) -> None:
        if not 0 <= length <= self._end - self.position:
            raise PickleRefused(f"it is cut short: expected {length} more bytes, found {self._end - self.position}")
        self.position += length


class BytesSource(FileSource):
    """A sequential reader of bytes in memory; with `length`, of the first bytes of a longer range."""

    def __init__(self, data: bytes, length: int | None = None) -> None:
        super().__init__(io.BytesIO(data), Path(), 0, len(data) if length is None else length)

    def skip_span(self, length: int) -> Span | bytes:
        """Refuse to skip.

        Raises:
            PickleRefused: always, because only small values are expected here.
        """
        raise PickleRefused(f"it has a value of {length} bytes, larger than any expected here")


class MemorySource(BytesSource):
    """A sequential reader of bytes in memory, which returns large values too."""

    def skip_span(self, length: int) -> bytes:
        """Return the next `length` bytes, because there is no file for a span."""
        return self.read(length)
