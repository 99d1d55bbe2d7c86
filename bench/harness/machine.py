"""The machine that something was measured on, in words."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

_CPU_FACTS = Path("/proc/cpuinfo")


def processor() -> str:
    """The processor's name, and how many cores there are."""
    lines = _CPU_FACTS.read_text(encoding="utf-8").splitlines() if _CPU_FACTS.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return f"{next(names, platform.machine())}, {os.cpu_count()} cores"


def load(others: float) -> str:
    """What else ran there: cores in use by others, on average, as `timing.MachineLoad` has it."""
    return f"others used {others:.2f} cores on average meanwhile; load average {os.getloadavg()[0]:.1f} at the end"


def versions() -> str:
    """Those of the programs; torch is not imported for it."""
    return f"Python {platform.python_version()}, torch {version('torch')}, fgraph {version('fgraph-gan')}"
