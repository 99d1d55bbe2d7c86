"""A range of bytes of a file, read only when it is asked for."""

from __future__ import annotations

import codecs
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from fgraph._files import open_file
from fgraph.stylegan.checkpoints.pickles.refusal import Refused

_CHUNK = 1 << 18  # bytes that are decoded at once


@dataclass(frozen=True)
class Span:
    """`length` bytes of `path` from `start`. With `utf8` they are text whose characters are the bytes meant.

    Protocol 2 has no bytes: it writes them as text of Latin-1 characters, which is stored as UTF-8.
    """

    path: Path
    start: int
    length: int
    utf8: bool = False

    def read(self, start: int = 0, length: int | None = None) -> bytes:
        """The bytes meant, or those of a part.

        Raises:
            Refused: the file has changed, or the text holds other characters than bytes.
        """
        if self.utf8:
            return b"".join(self._decoded(start, None if length is None else start + length))
        wanted = self.length - start if length is None else min(length, self.length - start)
        with open_file(self.path) as file:
            file.seek(self.start + start)
            found = file.read(max(0, wanted))
        if len(found) != max(0, wanted):
            raise Refused("the file is cut short")
        return found

    def read_into(self, buffer: memoryview, start: int) -> None:
        """Fill `buffer` with the bytes from `start` on."""
        done = 0
        if self.utf8:
            for part in self._decoded(start, start + len(buffer)):
                buffer[done : done + len(part)] = part
                done += len(part)
            if done != len(buffer):
                raise Refused("the file is cut short")
            return
        with open_file(self.path) as file:
            file.seek(self.start + start)
            while done < len(buffer):
                count = file.readinto(buffer[done:])
                if not count:
                    raise Refused("the file is cut short")
                done += count

    @cached_property
    def size(self) -> int:
        """How many bytes are meant."""
        if not self.utf8:
            return self.length
        import numpy as np

        # All bytes of UTF-8 but those that go on a character, which are -128 to -65, begin one.
        return sum(int(np.count_nonzero(np.frombuffer(raw, np.int8) >= -64)) for raw in self._raw())

    def part(self, start: int, length: int) -> Span:
        """A part of it, as a span of its own; of plain bytes only."""
        assert not self.utf8
        return Span(self.path, self.start + start, length)

    def _raw(self) -> Iterator[bytes]:
        left = self.length
        with open_file(self.path) as file:
            file.seek(self.start)
            while left:
                found = file.read(min(left, _CHUNK))
                if not found:
                    raise Refused("the file is cut short")
                left -= len(found)
                yield found

    def _decoded(self, start: int, stop: int | None) -> Iterator[bytes]:
        """The bytes that text stands for, from one place to another, a chunk after the other."""
        decoder = codecs.getincrementaldecoder("utf-8")("surrogatepass")
        place, left = 0, self.length
        try:
            for raw in self._raw():
                left -= len(raw)
                chunk = decoder.decode(raw, final=not left).encode("latin-1")
                yield chunk[max(0, start - place) : None if stop is None else max(0, stop - place)]
                place += len(chunk)
                if stop is not None and place >= stop:
                    return
        except UnicodeError as error:
            raise Refused("text that stands for bytes has other characters") from error


class FileSource:
    """Reads a span of a file forward."""

    def __init__(self, file: BinaryIO, path: Path, start: int, length: int) -> None:
        self._file, self._path = file, path
        self._end = start + length
        self.position = start
        file.seek(start)

    def read(self, length: int) -> bytes:
        """The next bytes, exactly so many.

        Raises:
            Refused: there are not that many.
        """
        self._advance(length)
        found = self._file.read(length)
        if len(found) != length:
            raise Refused("it is cut short")
        return found

    def skip(self, length: int) -> Span | bytes:
        """Pass over so many bytes, which the span returned stands for."""
        start = self.position
        self.pass_over(length)
        return Span(self._path, start, length)

    def pass_over(self, length: int) -> None:
        """Go on so many bytes further.

        Raises:
            Refused: there are not that many.
        """
        self._advance(length)
        self._file.seek(length, 1)

    def _advance(self, length: int) -> None:
        if not 0 <= length <= self._end - self.position:
            raise Refused(f"it is cut short: {length} bytes were to follow, {self._end - self.position} do")
        self.position += length


class BytesSource(FileSource):
    """Reads bytes in memory forward; with `length`, they are only the first of so many, which can be passed over."""

    def __init__(self, data: bytes, length: int | None = None) -> None:
        super().__init__(io.BytesIO(data), Path(), 0, len(data) if length is None else length)

    def skip(self, length: int) -> Span | bytes:
        """Bytes in memory are never passed over.

        Raises:
            Refused: always; only small values are expected here.
        """
        raise Refused(f"it has a value of {length} bytes where none so large belongs")


class MemorySource(BytesSource):
    """Reads bytes in memory forward, large values too."""

    def skip(self, length: int) -> bytes:
        """The next bytes themselves: there is no file that they could be found in later."""
        return self.read(length)


def unpack(code: str, data: bytes) -> int:
    """One little-endian number."""
    value: int = struct.unpack("<" + code, data)[0]
    return value
