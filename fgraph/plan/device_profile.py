"""Device profiles in the user's cache: `fgraph.runtime.calibrate` measures a device once, plans read its profile.

A profile is found without loading torch, by the name of the device, the precision, the versions of torch and fgraph,
the machine, its number of processors and the number of threads.
"""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from contextlib import suppress
from dataclasses import asdict, astuple
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from fgraph._atomic import write_atomic
from fgraph._cache import cache_folder
from fgraph._files import read_file
from fgraph._limits import CACHED_PROFILE
from fgraph._version import __version__
from fgraph.ir.costs import DeviceProfile

MEASURED = ("float32", "float64")  # precisions; half precision has no forecast, because only some layers run in it
_LEAST, _MOST = 1e-12, 1e18  # seconds of a call, FLOPs a second, and numbers between
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


def find_profile(device: str, precision: str) -> DeviceProfile | None:
    """Return the latest profile of a device under the present conditions, or None if there is no readable one."""
    found = []
    for path in (cache_folder() / "profile").glob(f"{_stem(device, precision)}-*.json"):
        # a damaged file is treated as missing
        with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
            document = json.loads(read_file(path, CACHED_PROFILE))
            profile = _read(document["profile"])
            if document["where"] == _circumstances() and profile.threads == (_loaded_threads() or profile.threads):
                found.append((path.stat().st_mtime, profile))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def save_profile(profile: DeviceProfile) -> Path:
    """Write a profile to the cache, and return its file.

    Raises:
        SaveError: the cache cannot be written.
    """
    name = f"{_stem(profile.device, profile.precision)}-{profile.threads}.json"
    path = cache_folder() / "profile" / name
    document = {"where": _circumstances(), "profile": asdict(profile)}
    write_atomic(path, (json.dumps(document, indent=1) + "\n").encode())
    return path


def _read(values: dict[str, Any]) -> DeviceProfile:
    """Return the profile of a file.

    Raises:
        ValueError: a value has another type, there are no rates, or no device is as slow or as fast.
    """
    found = _adapter().validate_python(values)
    rates = [number for rate in (*found.plain, *found.doubling) for number in astuple(rate)]
    positive = [found.overhead, found.bandwidth, found.rgb, *rates]
    possible = found.drawn == 0 or _LEAST <= found.drawn <= _MOST
    if not (found.plain and found.doubling and possible and all(_LEAST <= one <= _MOST for one in positive)):
        raise ValueError("a measurement is impossible")
    return found


@cache
def _adapter() -> TypeAdapter[DeviceProfile]:
    return TypeAdapter(DeviceProfile)


def _stem(device: str, precision: str) -> str:
    parts = [re.sub(r"\W", "_", part) for part in (platform.node(), device, precision)]
    return "-".join(parts)


def _circumstances() -> dict[str, str]:
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = next((os.environ[name] for name in _THREADS if os.environ.get(name)), "")
    return {"fgraph": __version__, "torch": _torch_version(), "cpus": str(cpus), "threads": threads}


@cache
def _torch_version() -> str:
    try:
        return version("torch")
    except PackageNotFoundError:
        return ""


def _loaded_threads() -> int | None:
    """Return the number of threads of torch, or None if torch is not loaded."""
    torch = sys.modules.get("torch")
    return torch.get_num_threads() if torch is not None and hasattr(torch, "get_num_threads") else None
