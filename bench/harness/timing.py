"""Interleaved timing: each way runs once before any runs again, so that other work affects all of them."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Times:
    """The seconds of each run of one way."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The median of the wall-clock seconds."""
        return statistics.median(self.wall)

    @property
    def cpu_seconds(self) -> float:
        """The median of the CPU seconds of the process, which other work affects least."""
        return statistics.median(self.cpu)


Runner = Callable[[], tuple[float, float]]  # runs once; seconds on the clock, of CPU time


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Run a way once; return wall-clock seconds and CPU seconds of this process."""
    clock, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - clock, time.process_time() - cpu


def in_turns(ways: Mapping[str, Runner], repeats: int, warm: bool = True) -> dict[str, Times]:
    """Run all ways `repeats` times in turns, after one round that does not count."""
    found = {name: Times() for name in ways}
    for turn in range(-1 if warm else 0, repeats):
        for name, run in ways.items():
            wall, cpu = run()
            if turn >= 0:
                found[name].wall.append(wall)
                found[name].cpu.append(cpu)
    return found


class MachineLoad:
    """The average number of cores that others use between two moments."""

    def __init__(self) -> None:
        self._clock, self._busy, self._own = time.perf_counter(), _busy_seconds(), _own_seconds()

    def others(self) -> float:
        """Return the average number of cores that others used since the creation of this object."""
        passed = time.perf_counter() - self._clock
        return max(0.0, (_busy_seconds() - self._busy - (_own_seconds() - self._own)) / passed)


def _busy_seconds() -> float:
    user, nice, system, *_ = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    """Return the CPU seconds of this process and of its children, including running ones."""
    total = sum(os.times()[:4])
    for child in _children(os.getpid()):
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def _children(process: int) -> list[str]:
    return Path(f"/proc/{process}/task/{process}/children").read_text().split()
