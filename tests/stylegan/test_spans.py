"""Bytes that a pickle of protocol 2 writes as text: read in parts, whatever stands at the parts' borders."""

import os
import random

import pytest

from fgraph.stylegan.pickles.refusal import Refused
from fgraph.stylegan.pickles.span import Span

MEANT = random.Random(0).randbytes(700_001)  # more than two of the chunks that are decoded at once


@pytest.fixture
def span(tmp_path):
    text = MEANT.decode("latin-1").encode()
    (tmp_path / "file").write_bytes(b"before" + text + b"\x80after")
    return Span(tmp_path / "file", 6, len(text), utf8=True)


def test_text_that_stands_for_bytes(span):
    assert span.size == len(MEANT)
    assert span.read() == MEANT
    assert span.read(300_000) == MEANT[300_000:]
    for start, length in [(0, 0), (0, 1), (5, 100), (262_100, 200), (174_000, 400_000), (700_000, 1)]:
        assert span.read(start, length) == MEANT[start : start + length]
        buffer = bytearray(length)
        span.read_into(memoryview(buffer), start)
        assert buffer == MEANT[start : start + length]


def test_text_that_stands_for_none(span, tmp_path):
    with pytest.raises(Refused, match="cut short"):
        span.read_into(memoryview(bytearray(2)), len(MEANT) - 1)
    (tmp_path / "wide").write_bytes("a\u0100".encode())
    with pytest.raises(Refused, match="other characters"):
        Span(tmp_path / "wide", 0, 3, utf8=True).read()
    with pytest.raises(Refused, match="other characters"):
        Span(tmp_path / "wide", 0, 2, utf8=True).read()  # ends inside a character
    os.truncate(tmp_path / "file", 1000)
    with pytest.raises(Refused, match="cut short"):
        span.read()
