"""Pickles put together by hand, opcode by opcode, of values that no pickler would write."""

from __future__ import annotations

import struct

START, STOP = b"\x80\x04", b"."
EMPTY_DICT, EMPTY_LIST, EMPTY_TUPLE, MARK, NONE = b"}", b"]", b")", b"(", b"N"


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def whole(value: int) -> bytes:
    """Return an int of any size up to 255 bytes."""
    if -(1 << 31) <= value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    data = value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def data(value: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(value)) + value


def value(item: object) -> bytes:  # noqa: PLR0911 - a line for each kind
    """Return plain data as opcodes; the bytes of a `Raw` are copied unchanged."""
    if isinstance(item, Raw):
        return item.code
    if isinstance(item, bool):
        return b"\x88" if item else b"\x89"
    if item is None:
        return NONE
    if isinstance(item, int):
        return whole(item)
    if isinstance(item, float):
        return b"G" + struct.pack(">d", item)
    if isinstance(item, str):
        return text(item)
    if isinstance(item, bytes):
        return data(item)
    if isinstance(item, tuple):
        return MARK + b"".join(map(value, item)) + b"t"
    if isinstance(item, list):
        return EMPTY_LIST + MARK + b"".join(map(value, item)) + b"e"
    assert isinstance(item, dict), item
    return EMPTY_DICT + MARK + b"".join(value(key) + value(one) for key, one in item.items()) + b"u"


class Raw:
    """Opcodes that leave one value on the stack."""

    def __init__(self, code: bytes) -> None:
        self.code = code


def named(module: str, name: str) -> Raw:
    return Raw(f"c{module}\n{name}\n".encode())


def stacked(module: str, name: str) -> Raw:
    return Raw(text(module) + text(name) + b"\x93")


def call(function: Raw, *arguments: object) -> Raw:
    return Raw(function.code + value(arguments) + b"R")


def built(target: Raw, state: object) -> Raw:
    return Raw(target.code + value(state) + b"b")


def module(class_name: str, state: object) -> Raw:
    meta = {"type": "class", "version": 6, "module_src": "raise 1", "class_name": class_name, "state": state}
    return call(named("torch_utils.persistence", "_reconstruct_persistent_obj"), meta)


def pickled(item: object) -> bytes:
    return START + value(item) + STOP
