"""Free memory of a device, and the memory that the allocator of the host keeps."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch

from fgraph.ir.costs import WORKING_SET

_MOST = 0.8  # share of the free memory: the estimate of a plan is not exact, and other processes need some
_UNKNOWN = 1 << 62
_GROUPS = (
    ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
_KEPT = WORKING_SET  # bytes of freed memory that this process may keep
_RETURNED = 2 << 20  # bytes: larger buffers return to the system as soon as they are freed
_WORTHWHILE = 1 << 20  # bytes freed: a search for gaps takes half a millisecond
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # parameters of mallopt, from malloc.h of glibc


@cache
def keep_freed_memory(keep: bool = True) -> None:
    """Let glibc keep freed memory for later buffers, rather than return it to the system, which clears each page again.

    Pass False under a memory budget, because kept buffers of many sizes leave gaps. The setting affects the whole
    process; on systems other than Linux, nothing happens. A plan from `Plan.bounded` needs no more memory than is kept.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = _of_libc("mallopt")
    if mallopt is not None:
        keep_freed_memory.cache_clear()  # so that a later call with the other setting has an effect
        mallopt(_MMAP_THRESHOLD, _KEPT if keep else _RETURNED)
        mallopt(_TRIM_THRESHOLD, _KEPT if keep else _RETURNED)


def trim_memory(freed: int = _UNKNOWN) -> None:
    """Let glibc return the free memory between buffers in use to the system, if at least a MiB was `freed`.

    Such gaps remain from earlier runs, which let glibc keep freed memory.
    """
    trim = _of_libc("malloc_trim") if freed >= _WORTHWHILE and sys.platform.startswith("linux") else None
    if trim is not None:
        trim(0)


def _of_libc(name: str) -> Callable[..., int] | None:
    return getattr(ctypes.CDLL(None), name, None)


def free_bytes(device: torch.device) -> int:
    """Return most of the free bytes of a device; a huge number where that is unknown."""
    if device.type == "cuda":
        return int(_MOST * torch.cuda.mem_get_info(device)[0])
    if device.type == "cpu":
        return int(_MOST * _free_host_bytes())
    return _UNKNOWN


def _free_host_bytes() -> int:
    return min(_free_in_machine(), _free_in_group())


def _free_in_group() -> int:
    """Return the free bytes within the limit of a Linux control group, version 2 or 1.

    Inactive cached files count as used there, but the system drops them on demand.
    """
    for folder, limit, used, cached in _GROUPS:
        try:
            most, taken = (int(Path(folder, name).read_text(encoding="ascii")) for name in (limit, used))
            lines = Path(folder, "memory.stat").read_text(encoding="ascii").splitlines()
        except (OSError, ValueError):  # no such file, or "max"
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
