"""Amounts of memory as text, and text as amounts of memory."""

from __future__ import annotations

import re
from numbers import Integral

from fgraph._errors import FgraphError

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def in_words(count: float) -> str:
    """Format a number of bytes in MiB, or in KiB or bytes below 0.1 MiB.

    >>> in_words(3 << 20), in_words(2048), in_words(100)
    ('3.0 MiB', '2.0 KiB', '100 bytes')
    """
    if count >= 2**20 / 10:
        return f"{count / 2**20:,.1f} MiB"
    return f"{count / 2**10:.1f} KiB" if count >= 2**10 else f"{count:.0f} bytes"


def parse_bytes(amount: int | str, name: str) -> int:
    """Read an amount of memory, such as "512MiB", as a number of bytes.

    Args:
        amount: bytes, or a number with a unit: B, kB, MB, GB, KiB, MiB or GiB, in any case.
        name: the setting, for the error.

    Raises:
        FgraphError: the amount can't be read, or is less than 1 byte.

    >>> parse_bytes("1.5 GiB", "memory")
    1610612736
    """
    count: object = amount
    if isinstance(amount, str):
        match = re.fullmatch(r"\s*([0-9]{1,18}(?:\.[0-9]{0,18})?)\s*([a-zA-Z]*)\s*", amount)
        count = int(float(match[1]) * _UNITS[match[2].lower()]) if match and match[2].lower() in _UNITS else 0
    if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
        raise FgraphError(
            f"{name} {amount!r} is not understood: write a number of bytes, or a size such as 512MiB or 2GiB"
        )
    return int(count)
