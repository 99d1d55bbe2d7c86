"""Hostile values in a pickle: whole files in which one value is not what a reader expects."""

from __future__ import annotations

import io
import pickletools
import random
import struct
import zipfile
from collections.abc import Iterator
from functools import cache

_PLAIN = ("BININT", "BININT1", "BININT2", "LONG1", "NONE", "NEWTRUE", "NEWFALSE", "BINFLOAT", "BINUNICODE",
          "SHORT_BINUNICODE", "EMPTY_LIST", "EMPTY_DICT", "EMPTY_TUPLE")  # fmt: skip
_LEVELS, _FREE = 60, 50_000  # levels of sharing; the first entry of the memo that no file uses


def _memo(opcode: bytes, level: int) -> bytes:
    return opcode + struct.pack("<I", _FREE + level)


def _shared_tuples() -> bytes:
    """Return the opcodes of a tuple that holds 2**60 tuples, in a few hundred bytes."""
    return b")" + b"".join(_memo(b"r", level) + _memo(b"j", level) + b"\x86" for level in range(_LEVELS))


def _shared_lists() -> bytes:
    code = b"]" + _memo(b"r", 0)
    for level in range(1, _LEVELS):
        code += b"0]" + _memo(b"r", level) + 2 * (_memo(b"j", level - 1) + b"a")
    return code


HOSTILE = (
    _shared_tuples(),
    _shared_lists(),
    b"\x8a\xff" + b"\x7f" * 255,  # an int of 255 bytes
    *(b"G" + struct.pack(">d", value) for value in (float("nan"), float("inf"), 1e308)),
    *(b"J" + struct.pack("<i", value) for value in (-1, 0, 2**31 - 1)),
    b"X" + struct.pack("<I", 100_000) + b"a" * 100_000,
    b"X\x06\x00\x00\x00\x1b[2J\n\x07",
    b"N",
    b"}",
)


def replace_value(content: bytes, draw: random.Random) -> bytes | None:
    """Return a file with one of its values replaced; None if it is neither a pickle nor a zip with one."""
    if not content.startswith(b"PK"):
        return _replace(content, draw) if content[:1] == b"\x80" else None
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            stored = old.read(name)
            new.writestr(name, (_replace(stored, draw) or stored) if name.endswith("data.pkl") else stored)
    return made.getvalue()


def _replace(stream: bytes, draw: random.Random) -> bytes | None:
    places = _places(stream)
    if not places:
        return None
    start, end = draw.choice(places)
    return stream[:start] + draw.choice(HOSTILE) + stream[end:]


@cache
def _places(stream: bytes) -> tuple[tuple[int, int], ...]:
    """Return the bytes of each plain value of the first pickle; none in a framed one, whose lengths would be wrong."""
    return tuple(_plain_values(stream))


def _plain_values(stream: bytes) -> Iterator[tuple[int, int]]:
    plain = None
    try:
        for opcode, _, position in pickletools.genops(stream):
            assert position is not None
            if plain is not None:
                yield plain, position
            plain = position if opcode.name in _PLAIN else None
            if opcode.name == "FRAME":
                return
    except ValueError:
        return
