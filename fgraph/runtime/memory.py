"""How much memory a device has to give, kept rather than asked for again."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch

from fgraph.ir.costs import WORKING_SET

_MOST = 0.8  # of what is free: the estimate of a plan is not exact, and others want some too
_UNKNOWN = 1 << 62
_GROUPS = (
    ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
_KEPT = WORKING_SET  # bytes of freed memory that this process may keep
_RETURNED = 2 << 20  # bytes: larger buffers go back to the system as soon as they are freed
_WORTHWHILE = 1 << 20  # bytes freed: to look for gaps takes half a millisecond
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt, in glibc's malloc.h


@cache
def keep_freed_memory(keep: bool = True) -> None:
    """Let glibc hand freed memory out again, rather than back to the system, which must clear each page anew.

    Or not, where a budget is to be kept: between freed buffers of many sizes there are gaps. It holds for the whole
    process; on other systems nothing happens. `Plan.bounded` needs no more than is kept.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = _of_libc("mallopt")
    if mallopt is not None:
        keep_freed_memory.cache_clear()  # the other way is no longer what holds
        mallopt(_MMAP_THRESHOLD, _KEPT if keep else _RETURNED)
        mallopt(_TRIM_THRESHOLD, _KEPT if keep else _RETURNED)


def give_back(freed: int = _UNKNOWN) -> None:
    """Let glibc hand back what lies free between buffers that are in use, if at least a MiB was `freed`.

    Earlier runs that kept what they freed leave gaps, which buffers of this one touch and leave in turn.
    """
    trim = _of_libc("malloc_trim") if freed >= _WORTHWHILE and sys.platform.startswith("linux") else None
    if trim is not None:
        trim(0)


def _of_libc(name: str) -> Callable[..., int] | None:
    return getattr(ctypes.CDLL(None), name, None)


def free_bytes(device: torch.device) -> int:
    """Most of the bytes that are free on a device; practically no limit where that cannot be known."""
    if device.type == "cuda":
        return int(_MOST * torch.cuda.mem_get_info(device)[0])
    if device.type == "cpu":
        return int(_MOST * _free_host_bytes())
    return _UNKNOWN


def _free_host_bytes() -> int:
    return min(_free_in_machine(), _free_in_group())


def _free_in_group() -> int:
    """What the control group of a container leaves of its limit, of Linux's second and first version.

    Cached files that nobody reads count as used there, but would be given up.
    """
    for folder, limit, used, cached in _GROUPS:
        try:
            most, taken = (int(Path(folder, name).read_text(encoding="ascii")) for name in (limit, used))
            lines = Path(folder, "memory.stat").read_text(encoding="ascii").splitlines()
        except (OSError, ValueError):  # there is none, or it is "max"
            continue
        idle = sum(int(line.split()[1]) for line in lines if line.split()[0] == cached)
        return max(0, most - taken + idle)
    return _UNKNOWN


def _free_in_machine() -> int:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return _UNKNOWN
