"""A range of bytes of a file, read only when it is asked for."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fgraph.stylegan.pickles.refusal import Refused


@dataclass(frozen=True, slots=True)
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
            whole = self._decode()
            return whole[start:] if length is None else whole[start : start + length]
        wanted = self.length - start if length is None else min(length, self.length - start)
        with self.path.open("rb") as file:
            file.seek(self.start + start)
            found = file.read(max(0, wanted))
        if len(found) != max(0, wanted):
            raise Refused("the file is cut short")
        return found

    def read_into(self, buffer: memoryview, start: int) -> None:
        """Fill `buffer` with the bytes from `start` on."""
        if self.utf8:
            buffer[:] = self.read(start, len(buffer))
            return
        with self.path.open("rb", buffering=0) as file:
            file.seek(self.start + start)
            done = 0
            while done < len(buffer):
                count = file.readinto(buffer[done:])
                if not count:
                    raise Refused("the file is cut short")
                done += count

    @property
    def size(self) -> int:
        """How many bytes are meant."""
        return len(self._decode()) if self.utf8 else self.length

    def part(self, start: int, length: int) -> Span:
        """A part of it, as a span of its own; of plain bytes only."""
        assert not self.utf8
        return Span(self.path, self.start + start, length)

    def _decode(self) -> bytes:
        raw = Span(self.path, self.start, self.length).read()
        try:
            return raw.decode("utf-8", "surrogatepass").encode("latin-1")
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

    def skip(self, length: int) -> Span:
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
    """Reads bytes in memory forward."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), Path(), 0, len(data))

    def skip(self, length: int) -> Span:
        """Bytes in memory are never passed over.

        Raises:
            Refused: always; only small values are expected here.
        """
        raise Refused(f"it has a value of {length} bytes where none so large belongs")


def unpack(code: str, data: bytes) -> int:
    """One little-endian number."""
    value: int = struct.unpack("<" + code, data)[0]
    return value
