"""A description of the machine that a benchmark runs on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

_CPU_FACTS = Path("/proc/cpuinfo")


def processor() -> str:
    """Return the name of the processor and the number of its cores."""
    lines = _CPU_FACTS.read_text(encoding="utf-8").splitlines() if _CPU_FACTS.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return f"{next(names, platform.machine())}, {os.cpu_count()} cores"


def features() -> set[str]:
    """Return the instruction sets of the processor, as Linux names them."""
    lines = _CPU_FACTS.read_text(encoding="utf-8").splitlines() if _CPU_FACTS.exists() else []
    return next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), set())


def load(others: float) -> str:
    """Describe the other work: the average number of cores that others used, as `timing.MachineLoad` measures it."""
    return f"other processes used {others:.2f} cores on average; load average {os.getloadavg()[0]:.1f} at the end"


def versions() -> str:
    """Return the versions of the programs without importing torch."""
    return f"Python {platform.python_version()}, torch {version('torch')}, fgraph {version('fgraph-gan')}"
