"""A device to measure: synchronised times, the memory in use, and TF32."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from bench.harness.machine import processor


class Accelerator:
    """A CUDA device, another one of torch, or the CPU."""

    def __init__(self, name: str) -> None:
        self.name, self.device = name, torch.device(name)
        self._is_cuda = self.device.type == "cuda"

    @property
    def words(self) -> str:
        """The name of the device for people."""
        return torch.cuda.get_device_name(self.device) if self._is_cuda else processor()

    @property
    def compiler(self) -> str:
        """The backend of torch.compile; on a CPU one that only traces, since times on a CPU don't matter here."""
        return "inductor" if self._is_cuda else "eager"

    def measure(self, call: Callable[[], object], repeats: int) -> tuple[float, str]:
        """Return the median seconds of a call after a first one, and the most MiB it takes on CUDA, otherwise ""."""
        call()
        self._wait()
        if self._is_cuda:
            torch.cuda.reset_peak_memory_stats(self.device)
            before = torch.cuda.memory_allocated(self.device)
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            call()
            self._wait()
            seconds.append(time.perf_counter() - start)
        used = f"{(torch.cuda.max_memory_allocated(self.device) - before) / 2**20:.0f}" if self._is_cuda else ""
        return statistics.median(seconds), used

    @contextmanager
    def tf32(self, allowed: bool) -> Iterator[None]:
        """Let products and convolutions of float32 round to TF32, or not."""
        matmul, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
        before = matmul.allow_tf32, convolutions.allow_tf32
        matmul.allow_tf32 = convolutions.allow_tf32 = allowed
        try:
            yield
        finally:
            matmul.allow_tf32, convolutions.allow_tf32 = before

    def _wait(self) -> None:
        if self.device.type != "cpu":
            torch.get_device_module(self.device).synchronize(self.device)
