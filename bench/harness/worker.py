"""A process that runs ways (see `ways.py`) on request, so that published code and fgraph share no memory or settings.

Both ends of the pipe take turns: the parent names a way, and the worker prepares or runs it and answers.
"""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

from bench.harness.timing import timed

Ways = Mapping[str, Callable[[], Any]]


class Worker:
    """A process with a table of ways, each a function without arguments that returns an array or None."""

    def __init__(self, make: Callable[..., Ways], *arguments: Any, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, threads, make, arguments), daemon=True)
        self._process.start()
        other.close()
        self._answer()

    def run(self, way: str) -> tuple[float, float]:
        """Run a way once; return wall-clock and CPU seconds."""
        return self._ask("run", way)

    def result(self, way: str) -> Any:
        """Run a way once and return its result."""
        return self._ask("result", way)

    def close(self) -> None:
        """End the process."""
        self._pipe.send(None)
        self._process.join()

    def _ask(self, *question: str) -> Any:
        self._pipe.send(question)
        return self._answer()

    def _answer(self) -> Any:
        good, value = self._pipe.recv()
        if not good:
            raise RuntimeError(value)
        return value


def _serve(pipe: Connection, threads: int, make: Callable[..., Ways], arguments: tuple[Any, ...]) -> None:
    os.environ["OMP_NUM_THREADS"] = str(threads)  # before torch is loaded
    import torch

    torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            ways = make(*arguments)
            pipe.send((True, None))
            while (question := pipe.recv()) is not None:
                task, way = question
                pipe.send((True, timed(ways[way]) if task == "run" else ways[way]()))
    except Exception:
        pipe.send((False, traceback.format_exc()))
