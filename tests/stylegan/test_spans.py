"""Spans of files: bytes that are stored as text are read in parts; tensors share numbers."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest
import torch

from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.contents import Weight
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused
from fgraph.stylegan.checkpoints.pickles.span import Span
from fgraph.stylegan.checkpoints.pickles.stored import Storage, view
from fgraph.stylegan.checkpoints.weights import load_weights

ORIGINAL = random.Random(0).randbytes(700_001)  # longer than two chunks of the decoder


@pytest.fixture
def span(tmp_path: Path) -> Any:
    text = ORIGINAL.decode("latin-1").encode()
    (tmp_path / "file").write_bytes(b"before" + text + b"\x80after")
    return Span(tmp_path / "file", 6, len(text), utf8=True)


def test_text_that_represents_bytes(span: Any) -> None:
    assert span.size == len(ORIGINAL)
    assert span.read() == ORIGINAL
    assert span.read(300_000) == ORIGINAL[300_000:]
    for start, length in [(0, 0), (0, 1), (5, 100), (262_100, 200), (174_000, 400_000), (700_000, 1)]:
        assert span.read(start, length) == ORIGINAL[start : start + length]
        buffer = bytearray(length)
        span.read_into(memoryview(buffer), start)
        assert buffer == ORIGINAL[start : start + length]


def test_text_that_represents_no_bytes(span: Any, tmp_path: Path) -> None:
    with pytest.raises(PickleRefused, match="cut short"):
        span.read_into(memoryview(bytearray(2)), len(ORIGINAL) - 1)
    (tmp_path / "wide").write_bytes("a\u0100".encode())
    with pytest.raises(PickleRefused, match="not in Latin-1"):
        Span(tmp_path / "wide", 0, 3, utf8=True).read()
    with pytest.raises(PickleRefused, match="not in Latin-1"):
        Span(tmp_path / "wide", 0, 2, utf8=True).read()  # ends inside a character
    os.truncate(tmp_path / "file", 1000)
    with pytest.raises(PickleRefused, match="cut short"):
        span.read()


def test_tensors_of_the_same_numbers(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(4000))
    storage = Storage(Span(tmp_path / "file", 0, 4000), "float32", 1000)
    for rows, fits in [(500, True), (501, False)]:
        weights = {name: Weight(view(storage, 0, (rows,), (1,)), (rows,)) for name in ("a", "b")}
        if fits:
            assert load_weights(weights, {}, "file", ("cpu", torch.float32), {})[0]["b"].shape == (500,)
        else:
            with pytest.raises(ModelError, match="share their numbers and are larger than the file"):
                load_weights(weights, {}, "file", ("cpu", torch.float32), {})
