"""Results leave a device by one copy each, on a stream that waits for them alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch

from fgraph.runtime import host_copies
from fgraph.runtime.host_copies import begin_copy, begin_copy_by_stream


class Streams:
    """A stand-in for the functions of `torch.cuda` that are used; it records the order of their calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def Stream(self, device: torch.device) -> Any:
        return Recorded(self.calls, "stream")

    def Event(self) -> Any:
        return Recorded(self.calls, "event")

    def current_stream(self, device: torch.device) -> str:
        return "current"

    @contextmanager
    def stream(self, stream: Any) -> Iterator[None]:
        self.calls.append("enter")
        yield
        self.calls.append("leave")


class Recorded:
    """A stream or an event that records the calls of its methods."""

    def __init__(self, calls: list[str], name: str) -> None:
        self._calls, self._name = calls, name

    def __getattr__(self, method: str) -> Any:
        return lambda *_: self._calls.append(f"{self._name}.{method}")


def test_a_copy_waits_for_the_result_and_the_host_for_the_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = Streams()
    monkeypatch.setattr(host_copies, "_STREAMS", {})
    monkeypatch.setattr(torch.Tensor, "record_stream", lambda *_: streams.calls.append("record_stream"))
    wait = begin_copy_by_stream(torch.arange(6, dtype=torch.float64).view(2, 3).t(), streams)
    assert streams.calls == ["stream.wait_stream", "enter", "event.record", "leave", "record_stream"]
    found = wait()
    assert streams.calls[-1] == "event.synchronize"
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    assert found.tolist() == [[0, 3], [1, 4], [2, 5]]


def test_on_a_cpu_nothing_waits() -> None:
    found = begin_copy(torch.arange(3, dtype=torch.float64))()
    assert found.dtype == np.float32
    assert found.tolist() == [0, 1, 2]
