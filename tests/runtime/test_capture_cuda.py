"""The calls of CUDA that capture a plan, checked without a GPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from fgraph.runtime.capture import Made, capture_cuda


class FakeCuda:
    """A stand-in for `torch.cuda` that records its calls in order."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    @contextmanager
    def within(self, name: str) -> Iterator[None]:
        self.note(f"{name} {{")
        yield
        self.note("}")

    def device(self, device: torch.device) -> Any:
        return self.within(str(device))

    def stream(self, stream: Any) -> Any:
        return self.within("aside")

    def graph(self, graph: Any, stream: Any) -> Any:
        return self.within("capture")

    def current_stream(self) -> Any:
        return FakeStream(self, "main")

    def Stream(self) -> Any:
        return FakeStream(self, "side")

    def CUDAGraph(self) -> Any:
        return self

    def replay(self) -> None:
        self.note("replay")


class FakeStream:
    def __init__(self, cuda: FakeCuda, name: str) -> None:
        self.cuda, self.name = cuda, name

    def wait_stream(self, other: FakeStream) -> None:
        self.cuda.note(f"{self.name} waits for {other.name}")


def test_cuda_warms_up_captures_once_and_replays(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = FakeCuda()
    monkeypatch.setattr(torch, "cuda", cuda)
    made: list[Made] = []

    def run() -> Made:
        cuda.note("run")
        made.append({})
        return made[-1]

    replay = capture_cuda(run, torch.device("cuda:1"))
    assert cuda.notes == [
        *("cuda:1 {", "side waits for main", "aside {", "run", "}", "main waits for side"),
        *("capture {", "run", "}", "}"),
    ]
    cuda.notes.clear()
    assert replay() is made[1]
    assert replay() is made[1]
    assert cuda.notes == ["cuda:1 {", "replay", "}"] * 2
