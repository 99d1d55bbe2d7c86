"""How much memory a device has to give."""

from __future__ import annotations

import os
from pathlib import Path

import torch

_MOST = 0.8  # of what is free: the estimate of a plan is not exact, and others want some too
_UNKNOWN = 1 << 62


def free_bytes(device: torch.device) -> int:
    """Most of the bytes that are free on a device; practically no limit where that cannot be known."""
    if device.type == "cuda":
        return int(_MOST * torch.cuda.mem_get_info(device)[0])
    if device.type == "cpu":
        return int(_MOST * _free_host_bytes())
    return _UNKNOWN


def _free_host_bytes() -> int:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return _UNKNOWN
